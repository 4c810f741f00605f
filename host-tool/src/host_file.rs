//! An open file of this machine, read at any position by any number of threads.

use std::fs::File;
use std::io;
use std::sync::Arc;

use sector_decode::ReadAt;

/// An open file. Clones share it; none of them has a cursor, so each thread can have its own.
#[derive(Clone, Debug)]
pub struct HostFile {
    file: Arc<File>,
    len: u64,
}

impl HostFile {
    /// Wraps an open file and notes its current length.
    ///
    /// # Errors
    ///
    /// When the system does not report the length.
    pub fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), len })
    }

    /// Returns the length in bytes that the file had when it was opened.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether the file was empty when it was opened.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the file itself. Its cursor is not used.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl ReadAt for HostFile {
    type Error = io::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        ReadAt::read_exact_at(&mut &*self.file, buf, offset)
    }

    fn byte_len(&mut self) -> io::Result<u64> {
        Ok(self.len)
    }
}

#[cfg(test)]
impl HostFile {
    /// An unnamed file with these bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        Self::new(file).unwrap()
    }
}
