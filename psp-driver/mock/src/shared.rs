//! State that functions called from outside share, and its address as the kernel knows it.

use core::cell::UnsafeCell;

/// A value that every function of the module can reach.
pub(crate) struct Shared<T>(UnsafeCell<T>);

// SAFETY: The emulator runs one thread of the console at a time and changes to another only inside its own
// functions, none of which is called by anything that `with` runs.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Runs `work` on the value. `work` must not call the emulator or come here again.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: By the contract above, nothing else uses the value until `work` has returned.
        work(unsafe { &mut *self.0.get() })
    }

    /// The address of the value.
    pub(crate) const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }
}

/// The same memory under the address by which the kernel knows it: the emulator gives modules of the kernel
/// addresses that only programs would have.
pub(crate) const fn kernel_address(address: usize) -> usize {
    address | 0x8000_0000
}
