//! Behaviour that is specific to Windows. `cargo xtask test` runs these tests with the Windows program
//! under Wine; in native runs they would not test anything, so they are ignored there.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod consoles;
mod dropping;
mod paths;
mod scripts;
