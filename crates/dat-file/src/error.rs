//! Why a DAT cannot be used.

use std::io;

use crate::limits;

/// Why a DAT cannot be used. Positions are bytes from the beginning of the XML.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read it: {0}")]
    Io(io::Error),
    /// It is not a Logiqx XML file.
    #[error("it is not a DAT in Logiqx XML")]
    NotADat,
    /// The XML is malformed.
    #[error("its XML is broken at byte {position}: {reason}")]
    Xml {
        /// Where.
        position: u64,
        /// What is wrong.
        reason: String,
    },
    /// It is not encoded as UTF-8.
    #[error("it is not UTF-8 at byte {0}")]
    Encoding(u64),
    /// It declares entities.
    #[error("it declares XML entities, which no DAT needs")]
    Entities,
    /// It ends before its last tag.
    #[error("it ends in the middle, after {0} bytes")]
    CutOff(u64),
    /// A field has a value that it cannot have.
    #[error("{field} is {value:?} at byte {position}")]
    Value {
        /// The name of the field.
        field: &'static str,
        /// Its value, truncated.
        value: String,
        /// Where.
        position: u64,
    },
    /// It is larger than any real DAT.
    #[error("{0}")]
    TooMany(TooMany),
    /// The ZIP around it is damaged.
    #[error("the ZIP is damaged: {0}")]
    Zip(String),
    /// The ZIP or folder does not contain a DAT.
    #[error("there is no DAT in it")]
    NoDat,
    /// A DAT in a ZIP.
    #[error("{name}: {error}")]
    Member {
        /// Its name in the ZIP.
        name: String,
        /// What is wrong with it.
        error: Box<Error>,
    },
}

impl Error {
    /// Returns whether the file is something else than a DAT, rather than a broken one.
    #[must_use]
    pub const fn is_other_file(&self) -> bool {
        matches!(self, Self::NotADat | Self::NoDat)
    }
}

/// A limit that a DAT exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// Bytes in total.
    #[error("it has more than {} MiB", limits::BYTES >> 20)]
    Bytes,
    /// Bytes in one tag.
    #[error("a tag has more than {} bytes", limits::TAG)]
    Tag,
    /// Bytes in one name.
    #[error("a name has more than {} bytes", limits::NAME)]
    Name,
    /// Attributes of one tag.
    #[error("a tag has more than {} attributes", limits::ATTRIBUTES)]
    Attributes,
    /// Tags inside each other.
    #[error("it has more than {} tags inside each other", limits::DEPTH)]
    Depth,
    /// Games.
    #[error("it has more than {} games", limits::GAMES)]
    Games,
    /// Files.
    #[error("it has more than {} files", limits::ROMS)]
    Roms,
    /// Files in a ZIP.
    #[error("the ZIP has more than {} files", limits::MEMBERS)]
    Members,
}

impl From<TooMany> for Error {
    fn from(what: TooMany) -> Self {
        Self::TooMany(what)
    }
}
