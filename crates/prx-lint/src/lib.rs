//! Modules of the PSP, plugins for the kernel and programs: packed from what the linker made, and checked.
//!
//! A PSP module (PRX) is an ELF file of a type of its own with a single segment, which the kernel loads at
//! any address, and relocations of a few kinds. No console is at hand to find out what its loader refuses,
//! so every known rule of it is a check here.
//!
//! - [`pack`] makes a PRX of a program that was linked at address 0 with its relocations kept.
//! - [`check`] looks at a plugin as the loader does and says all that is wrong with it; [`check_for`] at a program too.
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
