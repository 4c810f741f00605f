//! How far the work is, and a way to stop it: shared with the thread that shows progress.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters of bytes and a flag to stop the work, safe to share between threads.
#[derive(Debug, Default)]
pub struct Monitor {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    cancelled: AtomicBool,
}

impl Monitor {
    /// Returns counters at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to the bytes of the image and of the file that are done.
    pub fn advance(&self, bytes_in: u64, bytes_out: u64) {
        self.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
    }

    /// Returns how many bytes of the decoded image are done.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of packed data these have become.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Ordering::Relaxed)
    }

    /// Asks the work to stop as soon as possible.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Returns whether the work is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
