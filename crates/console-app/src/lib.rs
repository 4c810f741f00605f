//! The program for the PSP as plain Rust: what it does and what it shows, independent of a console.
//!
//! Everything that needs a console is abstracted by the trait [`Platform`]: files, the disc in the drive,
//! time, buttons, the screen. The program for the PSP implements it with the firmware's functions; the tests
//! implement it with files in memory, a disc that fails on demand, and a list of buttons.
//!
//! # From a button to a result
//!
//! 1. [`run`] looks for a file with [`commands`]. Without one, [`screens`] ask what to do.
//! 2. The work is done by [`images`], [`check`], [`speed`], [`dump`] and [`driver`]. Each is a function that
//!    returns a report or a [`Failure`]. Long work reports its progress to a [`Watch`], which can cancel it.
//! 3. The report is shown as a page of text, or written as a line of JSON ([`unattended`]). [`report`]
//!    collects everything in one file for people who read it elsewhere.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod check;
mod code;
pub mod commands;
mod digest;
pub mod disc_files;
pub mod driver;
pub mod dump;
mod facts;
mod failure;
mod files;
mod frame;
pub mod images;
mod json;
mod paths;
mod platform;
pub mod report;
pub mod screens;
pub mod speed;
pub mod text;
pub mod unattended;
mod watch;

#[cfg(test)]
mod fake;

pub use code::Code;
pub use digest::Digests;
pub use facts::{Answer, Facts};
pub use failure::Failure;
pub use platform::{Button, DiscState, Entry, Handle, LiveDriver, Mode, Platform};
pub use watch::{Question, Unit, Watch};

/// Version of the program, as displayed.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the program until the user closes it or a command ends it.
pub fn run(console: &dyn Platform) {
    match unattended::commands(console) {
        Some(text) => unattended::run(console, &text),
        None => screens::run(console),
    }
}
