//! Where the bytes of an image come from.

use crate::error::ReadError;
use crate::units::FileOffset;

/// A source of bytes that can be read at any position: a file, a slice, a descriptor on a Memory Stick.
///
/// Positions are absolute and in bytes, so a reader never depends on a cursor that somebody else moved.
pub trait ReadAt {
    /// What can go wrong in the source itself (a card pulled out, an unreadable disk sector).
    type Error;

    /// Fills all of `buf` with the bytes from `offset` on, or fails.
    ///
    /// # Errors
    ///
    /// Anything less than the whole of `buf` is an error, also when the source ends inside it. What
    /// `buf` holds then is unspecified.
    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Self::Error>;

    /// Returns the length of the source in bytes.
    ///
    /// # Errors
    ///
    /// When the source cannot tell.
    fn byte_len(&mut self) -> Result<u64, Self::Error>;
}

/// Fills `buf` with the bytes of the file from `at` on. Once in a program, since it is called from many places.
#[inline(never)]
pub(crate) fn fetch<S: ReadAt>(
    source: &mut S,
    buf: &mut [u8],
    at: FileOffset,
) -> Result<(), ReadError<S::Error>> {
    source.read_exact_at(buf, at.0).map_err(|error| ReadError::Source { offset: at, error })
}

/// The source ended before the wanted range did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndOfSlice {
    /// First byte that was wanted.
    pub offset: u64,
    /// How many bytes were wanted.
    pub wanted: usize,
    /// Length of the slice in bytes.
    pub len: usize,
}

impl core::fmt::Display for EndOfSlice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { offset, wanted, len } = self;
        write!(f, "wanted {wanted} bytes at {offset:#X}, but there are only {len} bytes")
    }
}

impl core::error::Error for EndOfSlice {}

impl ReadAt for &[u8] {
    type Error = EndOfSlice;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), EndOfSlice> {
        let range =
            usize::try_from(offset).ok().and_then(|start| self.get(start..start.checked_add(buf.len())?));
        match range {
            Some(bytes) => {
                buf.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(EndOfSlice { offset, wanted: buf.len(), len: self.len() }),
        }
    }

    fn byte_len(&mut self) -> Result<u64, EndOfSlice> {
        Ok(self.len() as u64)
    }
}

impl<R: ReadAt + ?Sized> ReadAt for &mut R {
    type Error = R::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), R::Error> {
        (**self).read_exact_at(buf, offset)
    }

    fn byte_len(&mut self) -> Result<u64, R::Error> {
        (**self).byte_len()
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn a_borrowed_source_is_read_like_its_owner() {
        fn read<R: ReadAt>(mut source: R) -> ([u8; 3], u64) {
            let mut out = [0; 3];
            assert!(source.read_exact_at(&mut out, 2).is_ok());
            (out, source.byte_len().unwrap_or(0))
        }
        let mut bytes: &[u8] = &[1, 2, 3, 4, 5, 6];
        assert_eq!(read(&mut bytes), ([3, 4, 5], 6));
        assert_eq!(read(bytes), ([3, 4, 5], 6));
    }

    #[test]
    fn a_read_past_the_end_says_what_is_there() {
        let error = (&[0; 20][..]).read_exact_at(&mut [0; 8], 0x10).unwrap_err();
        assert_eq!(error.to_string(), "wanted 8 bytes at 0x10, but there are only 20 bytes");
    }
}
