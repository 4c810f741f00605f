//! Packs the linker's output into PSP modules (kernel plugins and programs), and checks them.
//!
//! A PSP module (PRX) is an ELF file of a special type with a single segment, which the kernel loads at any
//! address, and relocations of a few kinds. Without a console to test what its loader refuses, every known
//! rule of the loader is checked here.
//!
//! - [`pack`] makes a PRX from a program that was linked at address 0 with its relocations kept.
//! - [`check`] examines a plugin as the loader does and reports everything that is wrong with it;
//!   [`check_for`] can also examine a program.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod check;
mod elf;
mod finding;
mod instruction;
mod pack;
mod purpose;
mod tables;

pub use check::{Facts, check, check_for};
pub use elf::ElfError;
pub use finding::Finding;
pub use pack::{PackError, pack};
pub use purpose::{MAX_FILE_LEN, MAX_MEMORY_LEN, MAX_PROGRAM_FILE_LEN, MAX_PROGRAM_MEMORY_LEN, Purpose};
pub use tables::Export;
