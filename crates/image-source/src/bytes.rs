//! Bytes at any position, read by any number of threads.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;

use sector_decode::ReadAt;

/// Bytes that can be read at any offset, without a cursor.
pub trait Bytes: Send + Sync {
    /// Returns the length in bytes.
    fn len(&self) -> u64;

    /// Returns whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buf` with the bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when there are not enough of them, or the system's error. Damaged content is
    /// reported as an [`Error`](crate::Error) inside the `io::Error`.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;
}

/// Returns whether anything but zeros is between two offsets. `read` fills a buffer from an offset on; what it cannot read
/// counts as more than zeros.
pub fn is_more_than_zeros<E>(
    range: core::ops::Range<u64>,
    mut read: impl FnMut(&mut [u8], u64) -> Result<(), E>,
) -> bool {
    let mut buf = vec![0; 256 << 10];
    let mut at = range.start;
    while at < range.end {
        let len = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(buf.len());
        let piece = &mut buf[..len];
        if read(piece, at).is_err() || piece.iter().any(|&byte| byte != 0) {
            return true;
        }
        at += len as u64;
    }
    false
}

impl Bytes for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let bytes = usize::try_from(offset).ok().and_then(|start| self.get(start..)?.get(..buf.len()));
        buf.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// An open file, with the length that it had when it was opened.
#[derive(Debug)]
pub(crate) struct FileBytes {
    file: File,
    len: u64,
}

impl FileBytes {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, len })
    }
}

impl Bytes for FileBytes {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        ReadAt::read_exact_at(&mut &self.file, buf, offset)
    }
}

/// The 2048-byte sectors of a source, or a file of its dump, as one run of bytes. Clones share the source.
#[derive(Clone)]
pub struct UserData {
    bytes: Arc<dyn Bytes>,
    threads: NonZeroUsize,
}

impl UserData {
    /// The fewest bytes that are worth a thread.
    const SHARE: usize = 256 << 10;

    pub(crate) fn new(bytes: Arc<dyn Bytes>) -> Self {
        Self { bytes, threads: NonZeroUsize::MIN }
    }

    /// Splits large reads among up to this many threads: for a single reader that reads forward.
    #[must_use]
    pub fn with_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }

    /// Returns the length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.bytes.len()
    }

    /// Returns whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for UserData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserData").field("len", &self.len()).field("threads", &self.threads).finish()
    }
}

impl ReadAt for UserData {
    type Error = io::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let share = buf.len().div_ceil(self.threads.get()).max(Self::SHARE);
        if buf.len() <= share {
            return self.bytes.read_exact_at(buf, offset);
        }
        let bytes = &*self.bytes;
        std::thread::scope(|scope| {
            let mut parts = Vec::new();
            let mut at = offset;
            for part in buf.chunks_mut(share) {
                let start = at;
                at += part.len() as u64;
                parts.push(
                    std::thread::Builder::new().spawn_scoped(scope, move || bytes.read_exact_at(part, start)),
                );
            }
            let results = parts.into_iter().map(|part| match part {
                Ok(thread) => {
                    thread.join().unwrap_or_else(|_| Err(io::Error::other("a decoding thread panicked")))
                }
                Err(error) => Err(error),
            });
            results.fold(Ok(()), Result::and)
        })
    }

    fn byte_len(&mut self) -> io::Result<u64> {
        Ok(self.bytes.len())
    }
}
