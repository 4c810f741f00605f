//! The progress of the work, and a way to stop it: shared with the thread that shows progress.

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

    /// Adds to the number of processed bytes of the image and of the file.
    pub fn advance(&self, bytes_in: u64, bytes_out: u64) {
        self.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
    }

    /// Returns how many bytes of the decoded image have been processed.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of packed data they became.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Ordering::Relaxed)
    }

    /// Asks the work to stop as soon as possible.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Returns whether the work should stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
