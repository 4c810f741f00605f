//! What the tests share: images, encoders, files laid out byte by byte, sources and readers.
//!
//! Blocks come from stock encoders; headers and index entries from `sector_decode::container`, as everywhere. A mistake
//! made there on both sides would cancel out here, and is found elsewhere: by the files of other tools (made_by_others.rs),
//! those that are laid out byte by byte (golden.rs, documented_examples.rs), and the judges in tests/support of the workspace.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses a part of its own")]

pub mod bits;
pub mod bytes;
pub mod ciso;
pub mod dax;
#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
mod edges;
pub mod image;
pub mod jso;
pub mod kinds;
#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
pub mod mapped;
pub mod pack;
pub mod read;
pub mod source;
