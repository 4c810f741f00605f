//! What is so only on Windows. `cargo xtask test` runs these with the program for Windows under Wine; natively they
//! would test nothing, so they are ignored there.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod consoles;
mod dropping;
mod paths;
mod scripts;
