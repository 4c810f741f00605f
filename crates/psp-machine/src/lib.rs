//! An emulated PSP for the tests of the driver: it runs the built PRX, instruction by instruction.
//!
//! This project's tests do not use a real console. What is known about the kernel was written down as a
//! contract, and this machine enforces the contract: calls by the kernel's convention, with poison wherever a
//! driver must not look; unmapped pages next to every stack and buffer; file reads that fail, return too
//! little or never return; threads that interleave at every kernel call.
//!
//! - [`prx`] reads the module file and relocates it to its address.
//! - [`machine`] is the console: [`Psp`] with its processor ([`mips_cpu`]), its [`memory`] and the state of its
//!   [`kernel`].
//! - [`exports`] has the kernel's functions, which the driver imports; [`run`] runs guest code.
//! - [`cfw`] contains the start-up values of the custom firmwares, with the source of each.
//! - [`inferno`] is the driver that is registered before ours, [`umd`] calls what is in its table, [`isofs`]
//!   is the file system on top.
//! - [`crash`] lists every way in which a run must not end.
//!
//! The processor links Unicorn, which is GPL-2.0. This crate is a test tool, and nothing that is shipped
//! depends on it.
#![forbid(unsafe_code)]

pub mod abi;
pub mod cfw;
pub mod crash;
pub mod exports;
pub mod inferno;
pub mod isofs;
pub mod kernel;
pub mod machine;
pub mod memory;
pub mod prx;
pub mod run;
pub mod umd;

pub use crash::{Cause, Crash};
pub use kernel::disturbance::Disturbance;
pub use machine::{Interleave, Psp};
pub use run::Outcome;
