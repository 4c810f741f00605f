//! Files as sources, and images as files.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crate::bytes::ReadAt;

impl ReadAt for File {
    type Error = io::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        read_exact_at(self, buf, offset)
    }

    fn byte_len(&mut self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl ReadAt for &File {
    type Error = io::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        read_exact_at(self, buf, offset)
    }

    fn byte_len(&mut self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buf, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buf, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buf = &mut buf[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(not(any(unix, windows)))]
fn read_exact_at(mut file: &File, buf: &mut [u8], offset: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buf)
}

/// Reads an image, or any other [`ReadAt`], from a position that moves: [`Read`] and [`Seek`].
///
/// ```
/// use std::io::{Read, Seek, SeekFrom};
///
/// use sector_decode::{ImageCursor, ImageReader, ReaderOptions};
///
/// let file: &[u8] = &[0x5A; 4096]; // no magic: a plain image of two sectors
/// let mut image = ImageCursor::new(ImageReader::open(file, &ReaderOptions::default())?);
/// image.seek(SeekFrom::End(-10))?;
/// let mut end = Vec::new();
/// image.read_to_end(&mut end)?;
/// assert_eq!(end, [0x5A; 10]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageCursor<R> {
    image: R,
    position: u64,
}

impl<R: ReadAt> ImageCursor<R> {
    /// Reads from the beginning.
    pub const fn new(image: R) -> Self {
        Self { image, position: 0 }
    }

    /// Gives the image back.
    pub fn into_inner(self) -> R {
        self.image
    }
}

impl<R: ReadAt<Error: Error + Send + Sync + 'static>> Read for ImageCursor<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.image.byte_len().map_err(io::Error::other)?.saturating_sub(self.position);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        if count > 0 {
            self.image.read_exact_at(&mut buf[..count], self.position).map_err(io::Error::other)?;
            self.position += count as u64;
        }
        Ok(count)
    }
}

impl<R: ReadAt<Error: Error + Send + Sync + 'static>> Seek for ImageCursor<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.image.byte_len().map_err(io::Error::other)?.checked_add_signed(by),
        };
        self.position = position.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "the position is before the beginning or too large")
        })?;
        Ok(self.position)
    }
}
