//! What disc images come in: CHD, BIN/CUE and raw CD dumps.
//!
//! [`Source::open`] recognises a file by its content and gives the 2048-byte sectors of its data track as
//! [`UserData`], which any number of threads can read at any position. Plain images and the formats of
//! `sector-decode` are not its business: for those it returns `None`.
//!
//! Everything in a file is untrusted: sizes are checked before memory is asked for, and each fault is an
//! [`Error`] that says where it is.
#![forbid(unsafe_code)]

mod bytes;
mod cd;
mod chd;
mod cue;
mod edc;
mod error;
mod other;
mod source;

pub use self::bytes::{Bytes, UserData};
pub use self::cue::{Cue, CueError, CueFile, FileType, Track, TrackMode};
pub use self::edc::edc;
pub use self::error::{Damage, DamageKind, Error};
pub use self::other::Other;
pub use self::source::{ChdFacts, Kind, Loss, Source, TrackInfo};
