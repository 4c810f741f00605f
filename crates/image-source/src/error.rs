//! Errors of sources.

use std::io;

use sector_decode::BlockError;

use crate::archive_error::ArchiveError;
use crate::cue::CueError;
use crate::other::Other;

/// Why a source cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file, or a file that it names, cannot be read.
    #[error("cannot read {what}: {error}")]
    Io {
        /// What was being read.
        what: String,
        /// The system's error.
        error: io::Error,
    },
    /// The file is something that Cisor does not read.
    #[error("this is {0}")]
    Other(Other),
    /// The CHD holds only the differences from a parent CHD.
    #[error("this CHD needs its parent, the CHD with the SHA-1 {parent}")]
    NeedsParent {
        /// SHA-1 of the parent in hexadecimal.
        parent: String,
    },
    /// The CHD's version is older than 5, which is from 2012.
    #[error("this CHD has version {0}, only version 5 is read")]
    ChdVersion(u32),
    /// The CHD's hunks need a codec that is not used for discs.
    #[error("this CHD is packed with the codec {0:?}, which is not for discs")]
    ChdCodec(String),
    /// A number in the CHD's header, map or metadata is impossible.
    #[error("the CHD is damaged: {0}")]
    Chd(&'static str),
    /// The CUE sheet cannot be used.
    #[error("{0}")]
    Cue(#[from] CueError),
    /// The disc in an archive cannot be used.
    #[error("{0}")]
    Archive(#[from] ArchiveError),
    /// There is no data track, or it is not the first one.
    #[error("there is no data track at its beginning")]
    NoDataTrack,
    /// The data track has an unknown kind of sector.
    #[error("tracks of the kind {0:?} are not read")]
    TrackKind(String),
    /// The dump ends inside a sector.
    #[error("the dump ends inside of a sector: {extra} bytes follow {sectors} whole sectors")]
    CutSector {
        /// Whole sectors.
        sectors: u64,
        /// Bytes after them.
        extra: u64,
    },
    /// Part of the content is damaged or is not available as 2048-byte sectors.
    #[error("{0}")]
    Damage(#[from] Damage),
}

/// One place where the content is damaged, or is not data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Damage {
    /// What is wrong.
    pub kind: DamageKind,
}

/// What is wrong with a hunk or a sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamageKind {
    /// A hunk does not decode.
    #[error("hunk {hunk} of the CHD does not decode ({codec})")]
    Hunk {
        /// Its number.
        hunk: u32,
        /// The codec.
        codec: &'static str,
    },
    /// A hunk decodes, but not to the bytes that were packed.
    #[error("hunk {hunk} of the CHD has the CRC {got:#06X}, its map says {expected:#06X}")]
    HunkCrc {
        /// Its number.
        hunk: u32,
        /// CRC in the map.
        expected: u16,
        /// CRC of the decoded bytes.
        got: u16,
    },
    /// The map points outside the file, or to a hunk that it must not refer to.
    #[error("the map of the CHD leads hunk {hunk} nowhere")]
    HunkPlace {
        /// The hunk's number.
        hunk: u32,
    },
    /// A sector's bytes do not match its error detection code.
    #[error("CD sector {sector} has a wrong checksum (EDC)")]
    Edc {
        /// Counted from the beginning of the data track.
        sector: u32,
    },
    /// A block of a compressed image with raw sectors is damaged.
    #[error("block {block} is damaged: {error}")]
    Block {
        /// Its number.
        block: u32,
        /// What is wrong with it.
        error: BlockError,
    },
    /// A sector lacks the sync pattern, or its mode is unknown.
    #[error("CD sector {sector} is no data sector")]
    NoSector {
        /// Counted from the beginning of the data track.
        sector: u32,
    },
    /// A sector of the file system holds 2324 bytes (Form 2).
    #[error("CD sector {sector} is of Form 2: its 2324 bytes do not fit into 2048")]
    Form2 {
        /// Counted from the beginning of the data track.
        sector: u32,
    },
}

impl From<DamageKind> for Error {
    fn from(kind: DamageKind) -> Self {
        Self::Damage(Damage { kind })
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io { error, .. } => error,
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        // An error that travelled inside an `io::Error` is unwrapped.
        |error| match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => Self::Io { what: what.into(), error },
        }
    }

    /// Returns the short, machine-readable name of the kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Io { .. } => "read",
            Self::Other(_) => "not_a_disc_image",
            Self::NeedsParent { .. } => "chd_parent",
            Self::ChdVersion(_) | Self::ChdCodec(_) => "chd_unsupported",
            Self::Chd(_) => "chd_damaged",
            Self::Cue(_) => "cue",
            Self::Archive(error) => error.kind(),
            Self::NoDataTrack => "no_data_track",
            Self::TrackKind(_) => "track_kind",
            Self::CutSector { .. } => "cut_sector",
            Self::Damage(damage) => match damage.kind {
                DamageKind::Hunk { .. } | DamageKind::HunkPlace { .. } => "hunk",
                DamageKind::HunkCrc { .. } => "hunk_crc",
                DamageKind::Edc { .. } => "sector_edc",
                DamageKind::NoSector { .. } => "no_sector",
                DamageKind::Block { .. } => "packed_sectors",
                DamageKind::Form2 { .. } => "form_2",
            },
        }
    }

    /// Returns whether the content is damaged rather than unsupported.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        match self {
            Self::Chd(_) | Self::CutSector { .. } => true,
            Self::Archive(error) => error.is_damage(),
            Self::Damage(damage) => !matches!(damage.kind, DamageKind::Form2 { .. }),
            _ => false,
        }
    }
}
