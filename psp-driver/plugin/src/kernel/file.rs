//! Small files next to the image: the settings and the log.

use psp_module::sys::{cisor_io_lseek_call, sceIoClose, sceIoOpen, sceIoRead, sceIoWrite};

use crate::kernel::card::Path;

/// What a file is opened for.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Read,
    /// Writing at any position; the file is created if it does not exist.
    Write,
    /// Writing from the beginning; the old content is discarded.
    Rewrite,
}

/// An open file, closed when dropped.
pub(crate) struct File {
    descriptor: i32,
}

impl File {
    #[inline(never)]
    pub(crate) fn open(path: &Path, mode: Mode) -> Option<Self> {
        const READ: i32 = 0x1;
        const WRITE: i32 = 0x2;
        const CREATE: i32 = 0x200;
        const TRUNCATE: i32 = 0x400;
        let flags = match mode {
            Mode::Read => READ,
            Mode::Write => WRITE | CREATE,
            Mode::Rewrite => WRITE | CREATE | TRUNCATE,
        };
        // SAFETY: The path ends with a NUL.
        let descriptor = unsafe { sceIoOpen(path.as_ptr(), flags, 0o777) };
        (descriptor >= 0).then(|| Self { descriptor })
    }

    /// Reads from the current position to the end of the file or of the buffer; returns the number of
    /// bytes. A short read is continued where it stopped.
    pub(crate) fn read(&self, buf: &mut [u8]) -> usize {
        let mut got = 0;
        while let Some(rest) = buf.get_mut(got..).filter(|rest| !rest.is_empty()) {
            #[expect(clippy::cast_possible_truncation, reason = "addresses have 32 bits")]
            let len = rest.len() as u32;
            // SAFETY: The kernel writes at most `len` bytes, which `rest` has.
            let part = unsafe { sceIoRead(self.descriptor, rest.as_mut_ptr(), len) };
            match usize::try_from(part) {
                Ok(part) if part > 0 => got += part,
                _ => break,
            }
        }
        got.min(buf.len())
    }

    /// Writes at the current position. Data that cannot be written is lost: nothing depends on it.
    pub(crate) fn write(&self, bytes: &[u8]) {
        #[expect(clippy::cast_possible_truncation, reason = "addresses have 32 bits")]
        let len = bytes.len() as u32;
        // SAFETY: The kernel reads `len` bytes, which `bytes` has.
        unsafe { sceIoWrite(self.descriptor, bytes.as_ptr(), len) };
    }

    /// Moves the position to `offset` and returns it. `None` when that cannot be done.
    pub(crate) fn seek(&self, offset: u32) -> Option<u32> {
        u32::try_from(cisor_io_lseek_call(self.descriptor, offset.into(), 0)).ok()
    }

    /// Moves the position to the end and returns it.
    pub(crate) fn seek_to_end(&self) -> Option<u32> {
        u32::try_from(cisor_io_lseek_call(self.descriptor, 0, 2)).ok()
    }
}

impl Drop for File {
    #[inline(never)]
    fn drop(&mut self) {
        sceIoClose(self.descriptor);
    }
}
