//! The boundaries between the kernel's calling convention and Rust's, and the memory functions that
//! compiled code calls by name, which are the driver's.

use core::arch::global_asm;

use crate::{input, module, program};

global_asm!(
    include_str!("calls.s"),
    module_start = sym module::start,
    program = sym program,
    home_thread = sym input::home_thread,
    home_pressed = sym input::home_pressed,
);

global_asm!(include_str!("../../../plugin/src/abi/memory.s"));
