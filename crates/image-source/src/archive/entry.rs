//! A file in an archive.

use std::io;
use std::sync::Arc;

use super::forward::Forward;
use crate::archive_error::ArchiveError;
use crate::bytes::Bytes;

/// Longest name that is shown.
const MOST_NAME: usize = 200;
/// Bytes that are read at once to compute the CRC.
const PIECE: usize = 256 << 10;

/// A file in an archive, as its directory describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Its size in bytes.
    pub(super) len: u64,
    /// Bytes that it occupies in the archive; in a solid archive, those of all files that it is packed with.
    pub(super) packed: u64,
    pub(super) is_encrypted: bool,
}

impl Entry {
    /// Returns the last part of its path.
    pub(super) fn file_name(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name)
    }

    pub(super) fn has_extension(&self, extension: &str) -> bool {
        let (_, found) = self.file_name().rsplit_once('.').unwrap_or_default();
        found.eq_ignore_ascii_case(extension)
    }
}

/// Makes a name from an archive safe to show.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(MOST_NAME).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// An open file in an archive.
pub(crate) enum Unpacked {
    /// It is stored and can be read anywhere.
    Stored(Stored),
    /// It is decoded from its beginning.
    Forward(Forward),
}

/// A stored file.
pub(crate) struct Stored {
    pub(super) archive: Arc<dyn Bytes>,
    pub(super) name: String,
    pub(super) start: u64,
    pub(super) len: u64,
    pub(super) crc: Option<u32>,
}

impl Stored {
    fn check(&self, mut go_on: impl FnMut(u64) -> bool) -> Result<bool, ArchiveError> {
        let Some(expected) = self.crc else { return Ok(true) };
        let mut crc = crc32fast::Hasher::new();
        let mut piece = vec![0; PIECE];
        let mut at = 0;
        while at < self.len {
            let count = usize::try_from(self.len - at).unwrap_or(PIECE).min(PIECE);
            let read = self.archive.read_exact_at(&mut piece[..count], self.start + at);
            read.map_err(|error| ArchiveError::Read(error.to_string()))?;
            crc.update(&piece[..count]);
            at += count as u64;
            if !go_on(count as u64) {
                return Ok(false);
            }
        }
        let got = crc.finalize();
        if got == expected {
            return Ok(true);
        }
        Err(ArchiveError::Crc { name: self.name.clone(), expected, got })
    }
}

impl Unpacked {
    /// Whether it can be read anywhere at no cost.
    pub(crate) const fn is_random(&self) -> bool {
        matches!(self, Self::Stored(_))
    }

    /// Reads to the end and compares the CRC; `false` when `go_on` stopped it. `go_on` is told the number
    /// of newly read bytes.
    pub(crate) fn check(&self, go_on: impl FnMut(u64) -> bool) -> Result<bool, ArchiveError> {
        match self {
            Self::Stored(stored) => stored.check(go_on),
            Self::Forward(forward) => forward.check(go_on),
        }
    }

    /// Keeps this many bytes from the beginning at hand.
    pub(crate) fn keep(&self, len: u64) {
        if let Self::Forward(forward) = self {
            forward.keep(len);
        }
    }

    /// Forgets what was decoded.
    pub(crate) fn forget(&self) {
        if let Self::Forward(forward) = self {
            forward.forget();
        }
    }
}

impl Bytes for Unpacked {
    fn len(&self) -> u64 {
        match self {
            Self::Stored(stored) => stored.len,
            Self::Forward(forward) => forward.len(),
        }
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::Forward(forward) => forward.read_exact_at(buf, offset),
            Self::Stored(stored) => {
                if offset.checked_add(buf.len() as u64).is_none_or(|end| end > stored.len) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                stored.archive.read_exact_at(buf, stored.start + offset)
            }
        }
    }
}
