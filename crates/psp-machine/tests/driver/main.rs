//! The built driver on the emulated console. Every test loads the real PRX.

mod commands;
mod edges;
mod every_file;
mod faults;
mod forwarding;
mod hostile;
mod large_image;
mod memory;
mod random_reads;
mod raw_device;
mod starting;
mod support;
mod two_readers;
