//! Errors of sidecars.

use std::io;

/// Why a sidecar cannot be written, read or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(io::Error),
    /// The file is not a sidecar.
    #[error("it is not a sidecar of a CD dump")]
    NotASidecar,
    /// The version is newer than this program.
    #[error("the sidecar has version {0}, only version 1 is read")]
    Version(u16),
    /// The sidecar is cut off, or its bytes were changed.
    #[error("the sidecar is damaged: {0}")]
    Damaged(&'static str),
    /// A file's name is not simply the name of a file.
    #[error("{0:?} is not a plain file name")]
    Name(String),
    /// Two files have the same name, or names that differ only in case.
    #[error("two files are named {0:?}")]
    SameName(String),
    /// The dump is larger than a CD can be.
    #[error("the dump is larger than a CD")]
    TooLarge,
    /// The sidecar belongs to another image.
    #[error("the sidecar belongs to another image")]
    Foreign,
    /// A regenerated file is not the original one.
    #[error("{name} does not come back as it was: expected SHA-1 {expected}, got {got}")]
    Hash {
        /// The file's name.
        name: String,
        /// SHA-1 in the sidecar, in hexadecimal.
        expected: String,
        /// SHA-1 of the regenerated file.
        got: String,
    },
}

impl Error {
    /// Returns the short, machine-readable name of the kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Io(_) => "read",
            Self::NotASidecar => "not_a_sidecar",
            Self::Version(_) => "sidecar_version",
            Self::Damaged(_) => "sidecar_damaged",
            Self::Name(_) | Self::SameName(_) => "sidecar_name",
            Self::TooLarge => "sidecar_size",
            Self::Foreign => "sidecar_foreign",
            Self::Hash { .. } => "raw_sha1",
        }
    }

    /// As an error of reading: a sidecar that ends too early is damaged.
    pub(crate) fn reading(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged("it is cut off"),
            _ => Self::Io(error),
        }
    }
}
