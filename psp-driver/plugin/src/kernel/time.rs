//! Time and pauses.

use psp_module::sys::{sceKernelDelayThread, sceKernelGetSystemTimeLow};

/// Returns microseconds since the console was switched on; wraps around.
pub(crate) fn now() -> u32 {
    sceKernelGetSystemTimeLow()
}

/// Lets other threads run for this many microseconds.
pub(crate) fn sleep(micros: u32) {
    sceKernelDelayThread(micros);
}
