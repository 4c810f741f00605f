//! The buttons.

use console_app::Button;
use psp_module::sys::{
    ButtonLatch, ButtonSample, sceCtrlPeekBufferPositive, sceCtrlReadLatch, sceCtrlSetSamplingCycle,
    sceCtrlSetSamplingMode, sceDisplayWaitVblankStart, sceKernelCreateCallback,
    sceKernelRegisterExitCallback, sceKernelSleepThreadCB,
};

use crate::system;

unsafe extern "C" {
    /// `home_pressed`, as the kernel calls it.
    fn cisor_home_pressed(count: i32, argument: i32, common: *mut u8) -> i32;
}

const BUTTONS: [(u32, Button); 8] = [
    (0x0010, Button::Up),
    (0x0020, Button::Right),
    (0x0040, Button::Down),
    (0x0080, Button::Left),
    (0x1000, Button::Triangle),
    (CIRCLE, Button::Circle),
    (0x4000, Button::Cross),
    (0x8000, Button::Square),
];
const CIRCLE: u32 = 0x2000;
/// The d-pad repeats when it is held.
const REPEATING: u32 = 0x00F0;

/// Frames until a held button repeats, and between repetitions; there are 60 a second.
const FIRST_REPEAT: u32 = 24;
const NEXT_REPEAT: u32 = 5;

/// Sets the buttons up.
pub(crate) fn start() {
    // Once a frame, without the stick.
    sceCtrlSetSamplingCycle(0);
    sceCtrlSetSamplingMode(0);
    pressed();
}

/// Buttons pressed since the last call, so that short presses are not missed.
fn pressed() -> u32 {
    let mut latch = ButtonLatch::default();
    // SAFETY: The firmware fills the structure.
    if unsafe { sceCtrlReadLatch(&raw mut latch) } < 0 { 0 } else { latch.pressed }
}

fn held() -> u32 {
    let mut sample = ButtonSample::default();
    // SAFETY: The firmware fills one structure.
    if unsafe { sceCtrlPeekBufferPositive(&raw mut sample, 1) } < 0 { 0 } else { sample.buttons }
}

/// Whether Circle was pressed since the last query, or the user is leaving the program.
pub(crate) fn wants_to_stop() -> bool {
    pressed() & CIRCLE != 0 || system::is_leaving()
}

/// Waits for a button.
pub(crate) fn wait() -> Button {
    loop {
        if let Some(button) = wait_for(u64::MAX) {
            return button;
        }
    }
}

/// Waits for a button for this many microseconds.
pub(crate) fn wait_for(micros: u64) -> Option<Button> {
    let begun = system::micros();
    let mut frames = 0;
    loop {
        if system::is_leaving() {
            return Some(Button::Home);
        }
        let mut buttons = pressed();
        if held() & REPEATING == 0 {
            frames = 0;
        } else {
            frames += 1;
            if frames >= FIRST_REPEAT {
                frames -= NEXT_REPEAT;
                buttons |= held() & REPEATING;
            }
        }
        if let Some((_, button)) = BUTTONS.iter().find(|(bit, _)| buttons & bit != 0) {
            return Some(*button);
        }
        if system::micros().saturating_sub(begun) >= micros {
            return None;
        }
        sceDisplayWaitVblankStart();
    }
}

/// The thread that the kernel notifies when the user leaves with the Home button.
pub(crate) unsafe extern "C" fn home_thread(_len: u32, _argument: *const u8) -> i32 {
    let name = c"CisorHome".as_ptr().cast();
    // SAFETY: The function has the signature that the kernel expects, and touches one flag.
    let callback = unsafe { sceKernelCreateCallback(name, cisor_home_pressed, core::ptr::null_mut()) };
    sceKernelRegisterExitCallback(callback);
    sceKernelSleepThreadCB();
    0
}

/// Requests that the program end. It does so by itself once it has finished its current step.
pub(crate) unsafe extern "C" fn home_pressed(_count: i32, _argument: i32, _common: *mut u8) -> i32 {
    system::leave();
    0
}
