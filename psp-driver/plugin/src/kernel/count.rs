//! A number that several threads change.

use core::cell::Cell;

use crate::kernel::interrupts::without_interrupts;

/// A number that starts at 0.
pub(crate) struct Count(Cell<u32>);

// SAFETY: Only used with interrupts suspended, so by one thread at a time.
unsafe impl Sync for Count {}

impl Count {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(0))
    }

    pub(crate) fn add(&self, change: i32) {
        without_interrupts(|| self.0.set(self.0.get().wrapping_add_signed(change)));
    }

    #[inline(never)]
    pub(crate) fn get(&self) -> u32 {
        without_interrupts(|| self.0.get())
    }
}
