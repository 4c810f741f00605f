//! A library of disc images: an SQLite database with what each file is, what it decodes to, and when it was last
//! verified. The caller finds and reads the files; this crate remembers.
//!
//! # On a NAS
//!
//! The database keeps a rollback journal, which is beside it only while something is written. A write-ahead log would
//! need memory that all machines share, which network drives do not have. Each transaction is on the disk when it
//! ends, and each is short, so several runs can use a library at once.
//!
//! # Where paths lead
//!
//! Paths of files in the library's folder and below are kept relative to that folder, all others as they are. So a tree
//! with its library in it can be moved, and mounted elsewhere on each machine.
#![forbid(unsafe_code)]

mod entry;
mod error;
mod join;
mod path;
mod query;
mod row;
mod schema;
mod store;

pub use entry::{Digests, Disc, Entry, Layout, Outcome, Part, Stamp};
pub use error::Error;
pub use join::Joined;
pub use query::{Query, Sort};
pub use store::{Known, Library, Options, Rebuilt};
