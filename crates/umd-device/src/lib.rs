//! The UMD block device of a PSP, as plain Rust over a compressed image.
//!
//! The driver (`psp-driver/`) is a thin layer of entry points round this crate: it turns the kernel's
//! pointers into slices and hands them over. Everything that can be decided without a console is decided
//! here and tested on any machine.
//!
//! # One request
//!
//! 1. [`Devctl::parse`] or [`Ioctl::parse`] checks the command and its input, and says which commands are
//!    for somebody else.
//! 2. [`UmdDevice`] answers it: sector counts, positions of descriptors, or bytes of the [`Disc`].
//! 3. The disc reads through [`CardFile`], which makes one attempt at the card and no more.
//! 4. [`persist`] repeats a request that failed because of the card, with pauses and an end. No lock is
//!    held while it waits, so requests that need no card go on.
//!
//! The settings file ([`Config`]) and the lines of the log ([`Line`]) are here too, for the same reason.
//!
//! Every number that goes back to the kernel is either complete or a negative [`ErrorCode`]: the file
//! system above takes any positive result of a read for the whole of it.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod card_file;
mod command;
mod config;
mod counters;
mod descriptors;
mod device;
mod disc;
mod error;
mod lba_params;
mod patience;
mod text;

pub use card_file::{Card, CardError, CardFile, Seek};
pub use command::{Devctl, Ioctl};
pub use config::{Config, MAX_CONFIG_LEN};
pub use counters::Counters;
pub use descriptors::{DescriptorId, MAX_DESCRIPTORS, Whence};
pub use device::{RawSpan, Timing, UmdDevice};
pub use disc::{Disc, MAX_DRIVER_BLOCK_SIZE, command_pause, disc_id};
pub use error::{Check, ErrorCode, Failure, OpenFailure};
pub use lba_params::LbaParams;
pub use patience::{Host, MAX_RETRIES, PATIENCE_MICROS, Patience, START_PATIENCE_MICROS, persist};
pub use text::Line;
