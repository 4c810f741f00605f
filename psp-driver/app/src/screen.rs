//! The screen: pictures are copied to video memory, and read back from there.

use console_app::screens::{Frame, HEIGHT, WIDTH};
use psp_module::sys::{sceDisplaySetFrameBuf, sceDisplaySetMode};

/// Video memory, bypassing the cache: writes take effect at once.
const VIDEO: *mut u32 = core::ptr::without_provenance_mut(0x4400_0000);
/// Pixels per row, including unused ones.
const STRIDE: usize = 512;
/// Eight bits per colour.
const FORMAT_8888: i32 = 3;

/// Switches the screen on, black.
#[expect(clippy::cast_possible_truncation, reason = "three small numbers")]
pub(crate) fn start() {
    // SAFETY: The program owns video memory: it uses nothing else that draws.
    unsafe { VIDEO.write_bytes(0, STRIDE * HEIGHT) };
    sceDisplaySetMode(0, WIDTH as i32, HEIGHT as i32);
    // SAFETY: The picture stays in video memory.
    unsafe { sceDisplaySetFrameBuf(VIDEO, STRIDE as i32, FORMAT_8888, 1) };
}

/// Shows a picture.
pub(crate) fn show(frame: &Frame) {
    for (number, row) in frame.rows().enumerate().take(HEIGHT) {
        // SAFETY: A row of the screen, which is in video memory; see `start`.
        unsafe { VIDEO.add(number * STRIDE).copy_from_nonoverlapping(row.as_ptr(), row.len().min(WIDTH)) };
    }
}

/// The picture in video memory.
pub(crate) fn picture() -> Frame {
    Frame::from_rows((0..HEIGHT).map(|number| {
        // SAFETY: A row of the screen, which is not written while it is copied.
        unsafe { core::slice::from_raw_parts(VIDEO.add(number * STRIDE), WIDTH) }
    }))
}
