//! A value that one thread at a time can use, guarded by a kernel semaphore.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use psp_module::sys::{cisor_create_sema, sceKernelDeleteSema, sceKernelSignalSema, sceKernelWaitSema};
use umd_device::ErrorCode;

/// Timeout for the value in microseconds: longer than any attempt that ends at all.
const LIMIT_MICROS: u32 = 5_000_000;
/// Timeout after a wait has failed once.
const LOST_LIMIT_MICROS: u32 = 1_000;

/// A value and the semaphore that guards it.
///
/// The owner of the value may never release it: a game can end one of its own threads while that thread is
/// in here. So every wait has a timeout, and after one long wait the following ones are short. The
/// semaphore exists from [`create`](Self::create) to [`destroy`](Self::destroy); at any other time every
/// [`lock`](Self::lock) fails.
pub(crate) struct Lock<T> {
    /// The semaphore id, stored bit-inverted, so that "none" is zero: statics that start as zero do not
    /// take space in the file.
    turned_sema: UnsafeCell<i32>,
    /// Whether the last wait failed.
    lost: AtomicBool,
    value: UnsafeCell<T>,
}

/// Kernel objects never have this number.
const NO_SEMA: i32 = -1;

// SAFETY: `value` is only reached through a `Guard`, of which the semaphore allows only one at a time, or
// through `&mut`; it moves between threads, so it has to be `Send`. `turned_sema` is only written by
// `create` and `destroy`, which their callers run while other threads do not know of the lock.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self {
            turned_sema: UnsafeCell::new(!NO_SEMA),
            lost: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Gives access to the value before there is a semaphore: it is built in its final place.
    ///
    /// # Safety
    ///
    /// The lock must not be used while the reference is in use.
    #[expect(clippy::mut_from_ref, reason = "there is only one such reference")]
    pub(crate) unsafe fn alone(&self) -> &mut T {
        // SAFETY: By this function's contract.
        unsafe { &mut *self.value.get() }
    }

    /// Creates the semaphore.
    ///
    /// # Safety
    ///
    /// Other threads must not use the lock until this has returned, and the semaphore must not exist yet.
    pub(crate) unsafe fn create(&self) -> Result<(), ErrorCode> {
        // SAFETY: The name ends with a NUL; no options are passed.
        let sema = unsafe { cisor_create_sema(c"CisorImage".as_ptr().cast(), 0, 1, 1, core::ptr::null()) };
        if sema < 0 {
            return Err(ErrorCode::NoMemory);
        }
        // SAFETY: By this function's contract, other threads are not here.
        unsafe { *self.turned_sema.get() = !sema };
        Ok(())
    }

    /// Deletes the semaphore.
    ///
    /// # Safety
    ///
    /// From now on, other threads must not use the lock or be waiting for it.
    pub(crate) unsafe fn destroy(&self) {
        // SAFETY: By this function's contract, other threads are not here.
        let sema = !unsafe { core::mem::replace(&mut *self.turned_sema.get(), !NO_SEMA) };
        if sema != NO_SEMA {
            sceKernelDeleteSema(sema);
        }
    }

    /// Waits until other threads have released the value, and gives access to it.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotReady`] if another thread does not release it in time.
    #[inline(never)]
    pub(crate) fn lock(&self) -> Result<Guard<'_, T>, ErrorCode> {
        self.lock_quickly()
    }

    /// The same, without a call, for requests.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    #[inline(always)]
    pub(crate) fn lock_quickly(&self) -> Result<Guard<'_, T>, ErrorCode> {
        // SAFETY: Written only while no other thread is here (`create`, `destroy`).
        let sema = !unsafe { *self.turned_sema.get() };
        let mut micros = if self.lost.load(Relaxed) { LOST_LIMIT_MICROS } else { LIMIT_MICROS };
        // SAFETY: The kernel reads and writes the limit before it returns.
        let result = unsafe { sceKernelWaitSema(sema, 1, &raw mut micros) };
        self.lost.store(result < 0, Relaxed);
        // Do not enter without the semaphore, for whatever reason it was refused.
        if result < 0 { Err(ErrorCode::NotReady) } else { Ok(Guard { lock: self, sema }) }
    }
}

/// The right to use the value; released when dropped.
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
        // The value is not used after this.
        sceKernelSignalSema(self.sema, 1);
    }
}
