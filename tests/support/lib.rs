//! What the tests on whole discs share: running the converter, and judging its files.
//!
//! The judges read headers, indexes and streams by themselves, byte by byte, with stock zlib and an LZ4
//! decoder of their own. Nothing here uses the project's crates: a mistake that writer and reader share
//! would otherwise go unseen.

pub mod ciso_rules;
pub mod cisor;
pub mod dax_rules;
pub mod deflate;
pub mod disc;
pub mod jso_rules;
pub mod lz4;
pub mod python;
