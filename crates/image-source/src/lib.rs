//! Containers of disc images: CHD, BIN/CUE, raw CD dumps, and ZIP and 7z archives with any of them.
//!
//! [`Source::open`] recognises a file by its content and provides the 2048-byte sectors of its data track
//! as [`UserData`], which any number of threads can read at any position. It returns `None` for plain
//! images and for the formats of `sector-decode`.
//!
//! Everything in a file is untrusted: sizes are checked before memory is allocated, and each fault is
//! reported as an [`Error`] with its position.
#![forbid(unsafe_code)]

mod archive;
mod archive_error;
mod bytes;
mod cd;
mod chd;
mod cue;
mod dump;
mod edc;
mod error;
mod kind;
mod other;
mod packed_cd;
mod place;
mod sheet;
mod source;

pub use self::archive::{ArchiveFacts, ArchiveKind, ZipFiles};
pub use self::archive_error::ArchiveError;
pub use self::bytes::{Bytes, UserData, is_more_than_zeros};
pub use self::chd::catches_panics;
pub use self::cue::{Cue, CueError, CueFile, FileType, Track, TrackMode};
pub use self::dump::{Area, Content, Dump, DumpFile, DumpTrack, Listed};
pub use self::edc::edc;
pub use self::error::{Damage, DamageKind, Error};
pub use self::kind::{ChdFacts, Kind, Loss, TrackInfo};
pub use self::other::Other;
pub use self::sheet::{Sheet, SheetOrigin};
pub use self::source::Source;
