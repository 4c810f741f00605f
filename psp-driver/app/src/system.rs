//! Time, power, standard output, and leaving.

use core::fmt;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use psp_module::sys::{
    sceIoWrite, sceKernelDelayThread, sceKernelExitGame, sceKernelGetSystemTimeWide, sceKernelStdout,
    scePowerSetClockFrequency, scePowerTick,
};

use crate::module::start_thread;

unsafe extern "C" {
    fn cisor_home_thread(len: u32, argument: *const u8) -> i32;
}

/// Lets other threads run for a while.
pub(crate) fn sleep(micros: u32) {
    sceKernelDelayThread(micros);
}

/// Microseconds since the console was switched on.
pub(crate) fn micros() -> u64 {
    sceKernelGetSystemTimeWide()
}

/// Sets the processor to 333 MHz, since packing and hashing are limited by it. The firmware resets it by
/// itself.
pub(crate) fn full_speed() {
    scePowerSetClockFrequency(333, 333, 166);
}

/// Keeps the console awake and its screen on for a while.
pub(crate) fn stay_awake() {
    const BOTH: i32 = 0;
    scePowerTick(BOTH);
}

/// Starts the thread that is notified when the user leaves with the Home button. It has priority over the
/// program's own.
pub(crate) fn watch_home_button() {
    start_thread(c"CisorHome", cisor_home_thread, 16, 4 << 10, &[]);
}

static LEAVING: AtomicBool = AtomicBool::new(false);

/// Whether the user has left the program with the Home button.
pub(crate) fn is_leaving() -> bool {
    LEAVING.load(Relaxed)
}

/// Notes that the program ends.
pub(crate) fn leave() {
    LEAVING.store(true, Relaxed);
}

/// Ends the program.
pub(crate) fn exit() -> ! {
    leave();
    // Ends this thread soon after.
    sceKernelExitGame();
    loop {
        sleep(1_000_000);
    }
}

/// Where programs write their output.
pub(crate) struct Output;

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: The bytes stay where they are during the call.
        unsafe { sceIoWrite(sceKernelStdout(), text.as_ptr(), u32::try_from(text.len()).unwrap_or(0)) };
        Ok(())
    }
}
