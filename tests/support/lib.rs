//! Code shared by the tests on whole discs: running the converter, and judging its files.
//!
//! The judges read headers, indexes and streams byte by byte, with stock zlib and their own LZ4 decoder.
//! Nothing here uses the project's crates: a mistake shared by writer and reader would otherwise go
//! unnoticed.

pub mod ciso_rules;
pub mod cisor;
pub mod dax_rules;
pub mod deflate;
pub mod disc;
pub mod jso_rules;
pub mod lz4;
pub mod python;
