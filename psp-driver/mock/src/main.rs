//! A custom firmware around the driver, for tests in PPSSPP, which is a PSP without one.
//!
//! The module starts as a program would, or as a plugin before another program. It loads `cisor.prx` with
//! the emulator's own module loader, substitutes its own functions for those that the driver imports and
//! the emulator lacks (`firmware`, `loader`), and then, following a script (`script`), calls the driver as
//! the console's I/O manager does (`call`, `abi.s`). The driver's answers go to a file, and the tests
//! compare them with the disc. This module does not judge them.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

mod arena;
mod call;
mod device;
mod file;
mod firmware;
mod loader;
mod module;
mod script;
mod shared;

use core::arch::global_asm;

use psp_module::sys::sceKernelExitGame;

global_asm!(include_str!("abi.s"), start = sym start, noted = sym device::NOTED);
// The driver's own memory functions.
global_asm!(include_str!("../../plugin/src/abi/memory.s"));

/// Paths of the script and of the answers.
const SCRIPT: &core::ffi::CStr = c"ms0:/PSP/GAME/MOCK/script.bin";
const ANSWERS: &core::ffi::CStr = c"ms0:/PSP/GAME/MOCK/answers.bin";

/// The module's start: runs the script and ends the program, unless another one follows.
unsafe extern "C" fn start(_len: u32, _argument: *const u8) -> i32 {
    match script::run(SCRIPT, ANSWERS) {
        Ok(script::Next::Stay) => {
            file::print(b"mock: staying\n");
            return 0;
        }
        Ok(script::Next::Exit) => file::print(b"mock: done\n"),
        Err(script::Broken) => file::print(b"mock: the script is broken\n"),
    }
    sceKernelExitGame();
    0
}

/// A panic is a bug of this module, never of the driver: the test ends at its time limit and shows the
/// line.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    file::print(b"mock: panicked");
    if let Some(location) = info.location() {
        file::print(b" in ");
        file::print(location.file().as_bytes());
    }
    file::print(b"\n");
    loop {
        core::hint::spin_loop();
    }
}
