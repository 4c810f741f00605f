//! The built driver on the emulated console. Every test loads the real PRX.

#![allow(clippy::cast_possible_truncation, reason = "the numbers of tests are small")]

mod cfw;
mod changing;
mod commands;
mod copies;
mod cost;
mod damage;
mod edges;
mod ended_threads;
mod every_call;
mod every_file;
mod faults;
mod forwarding;
mod hostile;
mod imports;
mod large_image;
mod library;
mod log;
mod memory;
mod played;
mod random_reads;
mod raw_device;
mod reasons;
mod rounded_end;
mod settings;
mod start_retries;
mod starting;
mod support;
mod swap;
mod timing;
mod two_readers;
