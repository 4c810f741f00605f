//! The program for the PSP as plain Rust: what it does and what it shows, without a console.
//!
//! Everything that only a console can do is behind the trait [`Console`]: files, the disc in the drive, time,
//! buttons, the screen. The program for the PSP implements it with the firmware's functions; the tests with
//! files in memory, a disc that fails on demand, and a list of buttons.
//!
//! # From a button to a result
//!
//! 1. [`run`] looks for a file with [`commands`]. Without one, [`screens`] ask what to do.
//! 2. The work is done by [`images`], [`check`], [`speed`], [`dump`] and [`driver`], each a function that
//!    returns a report or a [`Failure`]. What takes long tells a [`Watch`] how far it is, which may end it.
//! 3. The report is shown as a page of text, or written as a line of JSON ([`unattended`]). [`report`] gathers all of it in one
//!    file for whoever reads it elsewhere.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod check;
mod code;
pub mod commands;
mod console;
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
pub mod report;
pub mod screens;
pub mod speed;
pub mod text;
pub mod unattended;
mod watch;

#[cfg(test)]
mod fake;

pub use code::Code;
pub use console::{Button, Console, DiscState, Entry, Handle, LiveDriver, Mode};
pub use digest::Digests;
pub use facts::{Answer, Facts};
pub use failure::Failure;
pub use watch::{Question, Unit, Watch};

/// Version of the program, as it is shown.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the program until the user leaves it or, told to by a command, it ends by itself.
pub fn run(console: &dyn Console) {
    match unattended::commands(console) {
        Some(text) => unattended::run(console, &text),
        None => screens::run(console),
    }
}
