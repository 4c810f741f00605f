//! A safe interface to the kernel for the rest of the driver.
//!
//! Each file turns a few kernel functions into something with a Rust type: a lock, a block of memory, the
//! image file. The rest of the driver does not need to know any kernel function by name.

pub(crate) mod card;
pub(crate) mod count;
pub(crate) mod file;
pub(crate) mod firmware;
mod imports;
pub(crate) mod interrupts;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod slot;
pub(crate) mod stack;
pub(crate) mod thread;
pub(crate) mod time;
pub(crate) mod user_memory;
