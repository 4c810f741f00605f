//! Files on the card and the console's output.

use core::ffi::CStr;

use psp_module::sys::{sceIoClose, sceIoOpen, sceIoRead, sceIoWrite};

/// An open file, closed when dropped.
pub(crate) struct File(i32);

impl File {
    pub(crate) fn open(path: &CStr) -> Option<Self> {
        Self::with_flags(path, 1)
    }

    pub(crate) fn create(path: &CStr) -> Option<Self> {
        Self::with_flags(path, 0x602)
    }

    fn with_flags(path: &CStr, flags: i32) -> Option<Self> {
        // SAFETY: The path ends with a NUL.
        let descriptor = unsafe { sceIoOpen(path.as_ptr().cast(), flags, 0o777) };
        (descriptor >= 0).then(|| Self(descriptor))
    }

    /// Fills `out` from the current position. Returns whether there was enough data.
    pub(crate) fn read(&self, out: &mut [u8]) -> bool {
        let Ok(len) = u32::try_from(out.len()) else { return false };
        // SAFETY: At most `len` bytes are written, which `out` has.
        let read = unsafe { sceIoRead(self.0, out.as_mut_ptr(), len) };
        u32::try_from(read) == Ok(len)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> bool {
        let Ok(len) = u32::try_from(bytes.len()) else { return false };
        // SAFETY: `len` bytes are read, which `bytes` has.
        let written = unsafe { sceIoWrite(self.0, bytes.as_ptr(), len) };
        u32::try_from(written) == Ok(len)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        sceIoClose(self.0);
    }
}

/// Prints to the console's output, which is in the emulator's log.
pub(crate) fn print(text: &[u8]) {
    const STDOUT: i32 = 1;
    let len = u32::try_from(text.len()).unwrap_or(0);
    // SAFETY: `len` bytes are read, which `text` has.
    unsafe { sceIoWrite(STDOUT, text.as_ptr(), len) };
}
