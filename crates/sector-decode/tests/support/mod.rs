//! What the tests share: images, encoders, files laid out byte by byte, sources and readers.
//!
//! The files come from the facts in docs/formats/ and from stock encoders, never from this project's
//! own writers: a mistake made on both sides would cancel out.
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
