//! Containers of disc images: CHD, BIN/CUE and raw CD dumps.
//!
//! [`Source::open`] recognises a file by its content and provides the 2048-byte sectors of its data track
//! as [`UserData`], which any number of threads can read at any position. It returns `None` for plain
//! images and for the formats of `sector-decode`.
//!
//! Everything in a file is untrusted: sizes are checked before memory is allocated, and each fault is
//! reported as an [`Error`] with its position.
#![forbid(unsafe_code)]

mod bytes;
mod cd;
mod chd;
mod cue;
mod dump;
mod edc;
mod error;
mod other;
mod source;

pub use self::bytes::{Bytes, UserData};
pub use self::cue::{Cue, CueError, CueFile, FileType, Track, TrackMode};
pub use self::dump::{Area, Content, Dump, DumpFile, DumpTrack};
pub use self::edc::edc;
pub use self::error::{Damage, DamageKind, Error};
pub use self::other::Other;
pub use self::source::{ChdFacts, Kind, Loss, Source, TrackInfo};
