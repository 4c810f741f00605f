//! The sidecar of a CD dump.
//!
//! An image of 2048-byte sectors holds the user data of one track. The rest of a raw CD dump is either
//! arithmetic (sync pattern, address, EDC, ECC: [`Header`]) or is kept in a sidecar: irregular sectors,
//! Form 2 sectors, audio tracks, the CUE sheet. [`Writer`] makes a sidecar while the dump is read once, and
//! [`Reader`] regenerates the dump from the image and the sidecar. docs/formats/raw-sidecar.md describes the
//! format.
//!
//! Both work in one forward pass with bounded memory. Everything in a sidecar is untrusted: each length has
//! a limit, and each section a checksum.
#![forbid(unsafe_code)]

mod code;
mod disc;
mod error;
mod flac;
mod pack;
mod reader;
mod section;
mod sector;
mod sums;
mod writer;

pub use self::disc::{Disc, FileEntry, Sheet, TrackEntry};
pub use self::error::Error;
pub use self::reader::Reader;
pub use self::sector::{Header, Mode};
pub use self::sums::Sums;
pub use self::writer::Writer;
