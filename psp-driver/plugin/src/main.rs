//! Cisor's driver for the PSP: a kernel plugin that serves a game's disc reads from a compressed image.
//!
//! The logic is in `crates/umd-device` and `crates/sector-decode`, without unsafe code. Here are the parts
//! that only a console can run: how the module is loaded (`module`), how it takes over the device
//! (`takeover`), what the kernel calls (`entries`, `abi`), how a request is served (`serving`), what can be
//! learned of it (`log`, `library`), and the kernel functions it uses (`kernel`).
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

mod abi;
mod entries;
mod kernel;
mod library;
mod log;
mod module;
mod serving;
mod takeover;

/// Nothing here is meant to panic. If it does, the thread that did stays where it is: it may hold the lock,
/// and a kernel that has lost a thread is better off than one that runs on with broken data.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        kernel::time::sleep(1_000_000);
    }
}
