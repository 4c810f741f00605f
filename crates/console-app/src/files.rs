//! Reading and writing whole files, or files at any position.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use sector_decode::ReadAt;

use crate::code::Code;
use crate::failure::Failure;
use crate::platform::{Handle, Mode, Platform};

/// An open file, closed when it is dropped.
pub(crate) struct File<'c> {
    console: &'c dyn Platform,
    path: String,
    handle: Handle,
    is_open: bool,
}

impl<'c> File<'c> {
    /// Opens a file.
    pub(crate) fn open(console: &'c dyn Platform, path: &str, mode: Mode) -> Result<Self, Failure> {
        let handle = console.open(path, mode).map_err(|code| Failure::of_open(console, path, code))?;
        Ok(Self { console, path: path.to_owned(), handle, is_open: true })
    }

    /// Writes all of `bytes` at the file's position.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() {
            match self.console.write(self.handle, bytes) {
                // A card that is full says so, or accepts less than it was given.
                Ok(0) => return Err(Failure::CardFull),
                Ok(written) => bytes = &bytes[written.min(bytes.len())..],
                Err(code) => return Err(Failure::of_write(self.console, &self.path, code)),
            }
        }
        Ok(())
    }

    /// Sets the position, counted from the beginning.
    pub(crate) fn seek(&mut self, position: u64) -> Result<(), Failure> {
        let sought = self.console.seek(self.handle, position);
        sought.map_err(|code| Failure::of_write(self.console, &self.path, code))
    }

    /// Closes the file, which writes the last bytes.
    pub(crate) fn close(mut self) -> Result<(), Failure> {
        self.is_open = false;
        let closed = self.console.close(self.handle);
        closed.map_err(|code| Failure::of_write(self.console, &self.path, code))
    }

    /// Reads from the current position until `buf` is full or the file ends; returns how many bytes.
    pub(crate) fn read(&mut self, buf: &mut [u8]) -> Result<usize, Code> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.console.read(self.handle, &mut buf[filled..])? {
                0 => break,
                read => filled += read.min(buf.len() - filled),
            }
        }
        Ok(filled)
    }
}

impl Drop for File<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // There is nowhere to report an error.
            let _ = self.console.close(self.handle);
        }
    }
}

impl ReadAt for File<'_> {
    type Error = Code;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Code> {
        // Positions are never trusted: after a brief removal of the card, they start again at 0.
        self.console.seek(self.handle, offset)?;
        if self.read(buf)? == buf.len() { Ok(()) } else { Err(Code::IO) }
    }

    fn byte_len(&mut self) -> Result<u64, Code> {
        self.console.file_len(self.handle)
    }
}

/// Reads a whole file. `None` when it does not exist.
pub(crate) fn read_all(console: &dyn Platform, path: &str, max: usize) -> Result<Option<Vec<u8>>, Failure> {
    let mut file = match File::open(console, path, Mode::Read) {
        Ok(file) => file,
        Err(Failure::Open { code: Code::NO_ENTRY, .. } | Failure::NoCard { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let failed = |code| Failure::of_read(console, path, 0, code);
    let len = file.byte_len().map_err(failed)?;
    if len > max as u64 {
        return Err(Failure::TooLong { path: path.to_owned(), len });
    }
    let mut bytes = Buffer::new(usize::try_from(len).unwrap_or(max))?;
    file.read_exact_at(&mut bytes, 0).map_err(failed)?;
    Ok(Some(bytes.to_vec()))
}

/// Writes a whole file, replacing any existing one.
pub(crate) fn write_all(console: &dyn Platform, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = File::open(console, path, Mode::Create)?;
    file.write(bytes)?;
    file.close()
}

/// Writes a file and reads it back. If the contents differ, it is deleted.
pub(crate) fn write_and_read_back(console: &dyn Platform, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let written = write_all(console, path, bytes).and_then(|()| read_all(console, path, bytes.len()));
    match written {
        Ok(Some(read)) if read == bytes => Ok(()),
        wrong => {
            let _ = console.remove(path);
            Err(wrong.err().unwrap_or(Failure::Write(Code::IO)))
        }
    }
}

/// Replaces a file. The new one is first written next to it and read back: if anything goes wrong before that
/// is done, the old file is unchanged and nothing is left next to it.
pub(crate) fn replace(console: &dyn Platform, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let fresh = format!("{path}.new");
    write_and_read_back(console, &fresh, bytes)?;
    // Cards cannot rename a file onto an existing one.
    if exists(console, path)
        && let Err(code) = console.remove(path)
    {
        let _ = console.remove(&fresh);
        return Err(Failure::of_write(console, path, code));
    }
    console.rename(&fresh, path).map_err(|code| Failure::Rename { path: fresh, code })
}

/// Whether a file of that name exists.
pub(crate) fn exists(console: &dyn Platform, path: &str) -> bool {
    File::open(console, path, Mode::Read).is_ok()
}

/// The console's cache line. Its drivers read directly into memory aligned to this, but through a copy into
/// other memory.
const LINE: usize = 64;

/// Zeroed memory for the console's drivers to read into.
pub(crate) struct Buffer {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// Allocates memory, or returns an error where an aborting allocation would lose the work done so far.
    pub(crate) fn new(len: usize) -> Result<Self, Failure> {
        let bytes = len + LINE - 1;
        let mut memory = Vec::new();
        memory.try_reserve_exact(bytes).map_err(|_| Failure::OutOfMemory { bytes })?;
        memory.resize(bytes, 0);
        let start = memory.as_ptr().align_offset(LINE).min(LINE - 1);
        Ok(Self { memory, start, len })
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_for_drivers_begins_at_a_cache_line() {
        for len in [0, 1, 63, 64, 100_000] {
            let buffer = Buffer::new(len).unwrap();
            assert_eq!((buffer.len(), buffer.as_ptr().addr() % LINE), (len, 0));
            assert!(buffer.iter().all(|&byte| byte == 0));
        }
        assert!(matches!(Buffer::new(usize::MAX / 2), Err(Failure::OutOfMemory { .. })));
    }
}
