//! The machine itself, with guest programs of a few instructions: it must detect every mistake that the
//! driver must not make.

#![allow(clippy::cast_possible_truncation, reason = "the numbers of tests are small")]

mod assembler;
mod calls;
mod endings;
mod mistakes;
mod module_files;
mod stubs;
mod surroundings;
mod waiting;
