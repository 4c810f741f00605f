//! Cisor's program for the PSP. Its behaviour and display are in `crates/console-app`, without unsafe code.
//! This crate is the console that it runs on: files, the drive, buttons, the screen, memory.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

extern crate alloc;

mod abi;
mod disc;
mod driver;
mod facts;
mod files;
mod heap;
mod imports;
mod input;
mod module;
mod platform;
mod screen;
mod system;

use core::fmt::Write;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

/// The entry of the program's thread, started by `module`. `argument` is the program's own path, `len`
/// bytes with its NUL.
pub(crate) unsafe extern "C" fn program(len: u32, argument: *const u8) -> i32 {
    system::watch_home_button();
    system::full_speed();
    // SAFETY: This is the only thread that allocates, and it has not done so yet.
    unsafe { heap::start() };
    let path = if argument.is_null() {
        &[]
    } else {
        // SAFETY: The kernel keeps a thread's argument on its stack.
        unsafe { core::slice::from_raw_parts(argument, len as usize) }
    };
    console_app::run(&platform::Psp::new(path));
    system::exit()
}

/// Nothing should ever panic. If something does, the message is logged, and shown until the user leaves.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    static PANICKED: AtomicBool = AtomicBool::new(false);
    if PANICKED.load(Relaxed) {
        // Reporting the first panic caused a second one.
        system::exit();
    }
    PANICKED.store(true, Relaxed);
    let _ = writeln!(system::Output, "PANIC: {info}");
    screen::show(&console_app::screens::panic_frame(info));
    while !system::is_leaving() {
        system::sleep(100_000);
    }
    system::exit()
}
