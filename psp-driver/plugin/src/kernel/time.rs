//! Time and pauses.

unsafe extern "C" {
    fn sceKernelGetSystemTimeLow() -> u32;
    fn sceKernelDelayThread(micros: u32) -> i32;
}

/// Returns microseconds since the console was switched on; wraps round.
pub(crate) fn now() -> u32 {
    // SAFETY: No arguments.
    unsafe { sceKernelGetSystemTimeLow() }
}

/// Lets other threads run for this many microseconds.
pub(crate) fn sleep(micros: u32) {
    // SAFETY: Takes a number.
    unsafe { sceKernelDelayThread(micros) };
}
