//! A value that one thread at a time can use, behind a kernel semaphore.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

use umd_device::ErrorCode;

unsafe extern "C" {
    fn cisor_create_sema(
        name: *const u8,
        attributes: u32,
        initial: i32,
        most: i32,
        options: *const u8,
    ) -> i32;
    fn sceKernelDeleteSema(sema: i32) -> i32;
    fn sceKernelWaitSema(sema: i32, count: i32, timeout: *mut u32) -> i32;
    fn sceKernelSignalSema(sema: i32, count: i32) -> i32;
}

/// A value and the semaphore that guards it. The semaphore exists from [`create`](Self::create) to
/// [`destroy`](Self::destroy); outside of that every [`lock`](Self::lock) fails.
pub(crate) struct Lock<T> {
    /// The semaphore's number with all bits turned round, so that "none" is zero: what is zero at the start takes no room
    /// in the file.
    turned_sema: UnsafeCell<i32>,
    value: UnsafeCell<T>,
}

/// No kernel object has this number.
const NO_SEMA: i32 = -1;

// SAFETY: `value` is only reached through a `Guard`, of which the semaphore lets one exist at a time, or
// through `&mut`. `turned_sema` is only written by `create` and `destroy`, which their callers run while no other
// thread knows of the lock.
unsafe impl<T> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { turned_sema: UnsafeCell::new(!NO_SEMA), value: UnsafeCell::new(value) }
    }

    /// Makes the semaphore.
    ///
    /// # Safety
    ///
    /// No other thread may use the lock until this has returned.
    pub(crate) unsafe fn create(&self) -> Result<(), ErrorCode> {
        // SAFETY: The name ends with a NUL; no options are passed.
        let sema = unsafe { cisor_create_sema(c"CisorImage".as_ptr().cast(), 0, 1, 1, core::ptr::null()) };
        if sema < 0 {
            return Err(ErrorCode::NoMemory);
        }
        // SAFETY: By this function's contract nobody reads it now.
        unsafe { *self.turned_sema.get() = !sema };
        Ok(())
    }

    /// Deletes the semaphore.
    ///
    /// # Safety
    ///
    /// No other thread may use the lock from now on, or be waiting for it.
    pub(crate) unsafe fn destroy(&self) {
        // SAFETY: By this function's contract nobody else is here.
        let sema = !unsafe { core::mem::replace(&mut *self.turned_sema.get(), !NO_SEMA) };
        if sema != NO_SEMA {
            // SAFETY: A number that the kernel gave out, deleted once.
            unsafe { sceKernelDeleteSema(sema) };
        }
    }

    /// Waits until no other thread uses the value, and gives it out.
    pub(crate) fn lock(&self) -> Result<Guard<'_, T>, ErrorCode> {
        // SAFETY: Written only while no other thread is here (`create`, `destroy`).
        let sema = !unsafe { *self.turned_sema.get() };
        // SAFETY: Takes numbers only; without a time limit.
        let result = unsafe { sceKernelWaitSema(sema, 1, core::ptr::null_mut()) };
        // Not to be entered without the semaphore, whatever the reason is that it was refused.
        if result < 0 { Err(ErrorCode::NotReady) } else { Ok(Guard { lock: self, sema }) }
    }
}

/// The right to use the value; given back when dropped.
pub(crate) struct Guard<'a, T> {
    lock: &'a Lock<T>,
    sema: i32,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: The semaphore has a count of one, and this guard has it.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: The semaphore has a count of one, and this guard has it.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: Takes numbers only. The value is not used after this.
        unsafe { sceKernelSignalSema(self.sema, 1) };
    }
}
