//! Why a library cannot be used.

use std::io;

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_READONLY_CANTINIT, SQLITE_READONLY_RECOVERY, SQLITE_READONLY_ROLLBACK};

/// Why a library cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file, or it cannot be opened or moved.
    #[error("cannot open the library: {0}")]
    Io(io::Error),
    /// Another program has been writing to it for longer than this one waits.
    #[error("the library is locked by another run")]
    Locked,
    /// A run that wrote to it was interrupted, and undoing what it began needs the right to write.
    #[error(
        "a run that wrote to the library was interrupted, and undoing what it began needs the right to write there"
    )]
    Interrupted,
    /// A later version of this program has written it.
    #[error("the library has version {found}, and this program knows versions up to {known}")]
    Newer {
        /// Its version.
        found: u32,
        /// The latest version that this program knows.
        known: u32,
    },
    /// Its structure is damaged.
    #[error("the library is damaged: {0}")]
    Corrupted(String),
    /// It is another kind of file, or another program's database.
    #[error("this file is not a library of disc images")]
    Foreign,
    /// The database does not work for another reason, such as a full disk.
    #[error("the library does not work: {0}")]
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        // What is to be done first: `https://sqlite.org/rescode.html#readonly_rollback` and the next.
        if let Some(SQLITE_READONLY_ROLLBACK | SQLITE_READONLY_RECOVERY | SQLITE_READONLY_CANTINIT) =
            error.sqlite_error().map(|error| error.extended_code)
        {
            return Self::Interrupted;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupted(error.to_string()),
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            _ => match error {
                // A value that the schema does not allow, so it was not written by this program.
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Corrupted(error.to_string()),
                error => Self::Database(error),
            },
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
