//! Time, power, standard output, and leaving.

use core::fmt;

use crate::input;
use crate::module::start_thread;

unsafe extern "C" {
    fn sceKernelDelayThread(micros: u32) -> i32;
    fn sceKernelGetSystemTimeWide() -> u64;
    fn sceKernelExitGame();
    fn sceKernelStdout() -> i32;
    fn sceIoWrite(descriptor: i32, bytes: *const u8, len: u32) -> i32;
    fn scePowerTick(what: i32) -> i32;
    fn scePowerSetClockFrequency(processor: i32, memory: i32, bus: i32) -> i32;
    fn cisor_home_thread(len: u32, argument: *const u8) -> i32;
}

/// Lets other threads run for a while.
pub(crate) fn sleep(micros: u32) {
    // SAFETY: A plain call.
    unsafe { sceKernelDelayThread(micros) };
}

/// Microseconds since the console was switched on.
pub(crate) fn micros() -> u64 {
    // SAFETY: A plain call.
    unsafe { sceKernelGetSystemTimeWide() }
}

/// Sets the processor to 333 MHz: packing and hashing wait for nothing else. The firmware sets it back by itself.
pub(crate) fn full_speed() {
    // SAFETY: A plain call with the numbers that games use.
    unsafe { scePowerSetClockFrequency(333, 333, 166) };
}

/// Keeps the console awake and its screen on for a while.
pub(crate) fn stay_awake() {
    // SAFETY: A plain call; 0 means both.
    unsafe { scePowerTick(0) };
}

/// Starts the thread that hears when the user leaves by the Home button. It goes before the program's own.
pub(crate) fn watch_home_button() {
    start_thread(c"CisorHome", cisor_home_thread, 16, 4 << 10, &[]);
}

/// Ends the program.
pub(crate) fn exit() -> ! {
    input::leave();
    // SAFETY: A plain call; it ends this thread soon after.
    unsafe { sceKernelExitGame() };
    loop {
        sleep(1_000_000);
    }
}

/// Where programs write their lines.
pub(crate) struct Output;

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: The bytes stay where they are during the call.
        unsafe { sceIoWrite(sceKernelStdout(), text.as_ptr(), u32::try_from(text.len()).unwrap_or(0)) };
        Ok(())
    }
}
