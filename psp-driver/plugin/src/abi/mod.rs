//! The two boundaries of the module: entries that the kernel calls, and calls that a plain Rust call cannot
//! make.
//!
//! The PSP's kernel uses the EABI calling convention, Rust's target for it o32. They only agree on the
//! first four words.

use core::arch::global_asm;

use crate::{entries, kernel, library, log, module};

global_asm!(
    include_str!("incoming.s"),
    module_start = sym module::start,
    module_stop = sym module::stop,
    io_open = sym entries::io_open,
    io_close = sym entries::io_close,
    io_read = sym entries::io_read,
    io_lseek = sym entries::io_lseek,
    io_ioctl = sym entries::io_ioctl,
    io_devctl = sym entries::io_devctl,
    on_own_stack = sym kernel::stack::run,
    log_thread = sym log::run,
    status = sym library::status,
    image = sym library::image,
    counters = sym library::counters,
);

global_asm!(include_str!("outgoing.s"));

global_asm!(include_str!("memory.s"));
