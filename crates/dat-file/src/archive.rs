//! A DAT as a file: plain, or in a ZIP as Redump ships it.

use std::io::{self, Read};
#[cfg(feature = "zip")]
use std::io::{BufReader, Seek, SeekFrom};

#[cfg(feature = "zip")]
use zip::{ZipArchive, result::ZipError};

use crate::error::{Error, TooMany};
use crate::limits;
use crate::model::Dat;
use crate::parse::parse;

/// Returns whether a file that begins like this is a ZIP.
#[must_use]
pub fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// Reads a DAT, or all DATs in a ZIP.
///
/// # Errors
///
/// When it cannot be read, is not a DAT, is broken, or exceeds a limit.
#[cfg(feature = "zip")]
pub fn read(mut source: impl Read + Seek) -> Result<Vec<Dat>, Error> {
    let mut start = Vec::new();
    source.by_ref().take(4).read_to_end(&mut start).map_err(Error::Io)?;
    source.seek(SeekFrom::Start(0)).map_err(Error::Io)?;
    if !is_zip(&start) {
        return parse(source).map(|dat| vec![dat]);
    }
    let mut archive = ZipArchive::new(BufReader::new(source)).map_err(damaged)?;
    let mut members = Members::new(archive.len())?;
    for number in 0..archive.len() {
        let member = archive.by_index(number).map_err(damaged)?;
        let name = member.name().map_err(damaged)?.into_owned();
        if member.is_file() {
            members.take(&name, member)?;
        }
    }
    members.finish()
}

/// The DATs among the members of a ZIP, whoever unpacks it.
pub struct Members {
    dats: Vec<Dat>,
    /// How many bytes all further ones may have.
    left: u64,
}

impl Members {
    /// Begins a ZIP with this many members.
    ///
    /// # Errors
    ///
    /// When these are more than the limit.
    pub const fn new(count: usize) -> Result<Self, Error> {
        if count > limits::MEMBERS {
            return Err(Error::TooMany(TooMany::Members));
        }
        Ok(Self { dats: Vec::new(), left: limits::BYTES })
    }

    /// Returns whether a name is one that DATs have.
    #[must_use]
    pub fn is_dat_name(name: &str) -> bool {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        extension.eq_ignore_ascii_case("dat") || extension.eq_ignore_ascii_case("xml")
    }

    /// Checks that a member of this size is within the limit of the whole ZIP.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn check_len(&self, len: u64) -> Result<(), Error> {
        if len > self.left { Err(TooMany::Bytes.into()) } else { Ok(()) }
    }

    /// Reads a member if it has the name of a DAT. Something else under such a name is skipped.
    ///
    /// # Errors
    ///
    /// When it is a DAT and broken, or exceeds a limit.
    pub fn take(&mut self, name: &str, source: impl Read) -> Result<(), Error> {
        if !Self::is_dat_name(name) {
            return Ok(());
        }
        let mut limited = Limited { source, left: &mut self.left };
        match parse(&mut limited) {
            Ok(dat) => self.dats.push(dat),
            // A notice of the publisher, for instance.
            Err(Error::NotADat) => {}
            Err(limit @ Error::TooMany(_)) => return Err(limit),
            Err(error) => return Err(Error::Member { name: name.to_owned(), error: Box::new(error) }),
        }
        Ok(())
    }

    /// Returns the DATs.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn finish(self) -> Result<Vec<Dat>, Error> {
        if self.dats.is_empty() { Err(Error::NoDat) } else { Ok(self.dats) }
    }
}

#[cfg(feature = "zip")]
fn damaged(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::InvalidData => Error::Io(error),
        error => Error::Zip(error.to_string()),
    }
}

/// Unpacked bytes, not more than are left of the limit for the whole ZIP.
struct Limited<'l, R> {
    source: R,
    left: &'l mut u64,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buf)?;
        *self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(TooMany::Bytes))?;
        Ok(count)
    }
}

#[cfg(all(test, feature = "zip"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_is_no_failure_to_read() {
        let of = |kind| damaged(ZipError::Io(io::Error::from(kind)));
        assert!(matches!(of(io::ErrorKind::InvalidData), Error::Zip(_)));
        assert!(matches!(of(io::ErrorKind::PermissionDenied), Error::Io(_)));
    }
}
