//! Time and pauses.

unsafe extern "C" {
    safe fn sceKernelGetSystemTimeLow() -> u32;
    safe fn sceKernelDelayThread(micros: u32) -> i32;
}

/// Returns microseconds since the console was switched on; wraps round.
pub(crate) fn now() -> u32 {
    sceKernelGetSystemTimeLow()
}

/// Lets other threads run for this many microseconds.
pub(crate) fn sleep(micros: u32) {
    sceKernelDelayThread(micros);
}
