//! The disc in the drive, as a raw device: positions and lengths are in sectors.

use core::cell::Cell;

use console_app::{Code, DiscState, Handle, Mode};
use psp_module::sys::{
    sceUmdActivate, sceUmdCheckMedium, sceUmdDeactivate, sceUmdGetDriveStat, sceUmdWaitDriveStatWithTimer,
};

use crate::files;

/// The drive's states.
const READY: i32 = 0x20;
/// How long a disc may take to become ready.
const PATIENCE: u32 = 15_000_000;

/// The raw device while it is open.
#[derive(Default)]
pub(crate) struct RawDisc {
    handle: Cell<Option<Handle>>,
}

/// Whether there is a disc. Consoles without a drive have none.
pub(crate) fn state() -> DiscState {
    if sceUmdCheckMedium() > 0 { DiscState::Present } else { DiscState::None }
}

impl RawDisc {
    /// Makes the disc ready; it may be a different one from last time.
    pub(crate) fn start(&self) -> Result<(), Code> {
        self.close();
        let name = c"disc0:".as_ptr().cast();
        let state = sceUmdGetDriveStat();
        if state >= 0 && state & READY != 0 {
            return Ok(());
        }
        // Deactivates a disc that was taken out; the failure without one is harmless.
        // SAFETY: The name ends with a NUL.
        unsafe { sceUmdDeactivate(1, name) };
        // SAFETY: The name ends with a NUL.
        files::checked(unsafe { sceUmdActivate(1, name) })?;
        files::checked(sceUmdWaitDriveStatWithTimer(READY, PATIENCE))?;
        Ok(())
    }

    fn open(&self) -> Result<Handle, Code> {
        if let Some(handle) = self.handle.get() {
            return Ok(handle);
        }
        let handle = files::open("umd0:", Mode::Read)?;
        self.handle.set(Some(handle));
        Ok(handle)
    }

    /// Closes the device, so that the next read reopens it.
    fn close(&self) {
        if let Some(handle) = self.handle.take() {
            let _ = files::close(handle);
        }
    }

    /// The end that the device reports.
    pub(crate) fn end(&self) -> Result<u32, Code> {
        let end = self.open().and_then(|handle| files::seek(handle, 0, files::FROM_END));
        let end = end.and_then(|end| u32::try_from(end).map_err(|_| Code::IO));
        if end.is_err() {
            self.close();
        }
        end
    }

    /// Reads whole sectors; returns the number read.
    pub(crate) fn read(&self, lba: u32, buf: &mut [u8]) -> Result<u32, Code> {
        let count = u32::try_from(buf.len() / 2048).unwrap_or(0);
        let read = self.open().and_then(|handle| {
            files::seek(handle, lba.into(), files::FROM_START)?;
            files::read_count(handle, buf, count)
        });
        if read.is_err() {
            self.close();
        }
        read.map(|read| read.min(count))
    }
}
