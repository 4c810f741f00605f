//! The converter `cisor`, as a library: everything but the program's entry.
#![forbid(unsafe_code)]

pub mod disc;
pub mod level;
pub mod profile;
pub mod readers;
