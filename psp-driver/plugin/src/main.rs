//! Cisor's driver for the PSP: a kernel plugin that serves a game's disc reads from a compressed image.
//!
//! The logic is in `crates/umd-device` and `crates/sector-decode`, without unsafe code. This crate holds
//! the parts that only a console can run: how the module is loaded (`module`), how it takes over the device
//! (`takeover`), what the kernel calls (`entries`, `abi`), how a request is served (`serving`), how it
//! reports its state (`log`, `library`), and the kernel functions it uses (`kernel`).
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

/// Nothing here should ever panic. If it does, the thread stops where it is: it may hold the lock, and a
/// kernel that has lost a thread is better off than one that continues with corrupt data.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        kernel::time::sleep(1_000_000);
    }
}
