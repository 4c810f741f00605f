//! A value that one thread at a time can use, behind a kernel semaphore.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use psp_module::sys::{cisor_create_sema, sceKernelDeleteSema, sceKernelSignalSema, sceKernelWaitSema};
use umd_device::ErrorCode;

/// How long the value is waited for, in microseconds: longer than any attempt that ends.
const LIMIT_MICROS: u32 = 5_000_000;
/// And how long after that was in vain once.
const LOST_LIMIT_MICROS: u32 = 1_000;

/// A value and the semaphore that guards it.
///
/// Who has the value may never give it back: a game can end a thread of its own while that is in here. So nobody waits
/// for ever, and nobody waits long twice. The semaphore exists from [`create`](Self::create) to
/// [`destroy`](Self::destroy); outside of that every [`lock`](Self::lock) fails.
pub(crate) struct Lock<T> {
    /// The semaphore's number with all bits turned round, so that "none" is zero: what is zero at the start takes no room
    /// in the file.
    turned_sema: UnsafeCell<i32>,
    /// Whether the last wait was in vain.
    lost: AtomicBool,
    value: UnsafeCell<T>,
}

/// No kernel object has this number.
const NO_SEMA: i32 = -1;

// SAFETY: `value` is only reached through a `Guard`, of which the semaphore lets one exist at a time, or
// through `&mut`; threads pass it on to each other, so it has to be `Send`. `turned_sema` is only written by `create`
// and `destroy`, which their callers run while no other thread knows of the lock.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self {
            turned_sema: UnsafeCell::new(!NO_SEMA),
            lost: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Gives out the value while there is no semaphore yet: it is made where it stays.
    ///
    /// # Safety
    ///
    /// Nobody may use the lock for as long as the reference is used.
    #[expect(clippy::mut_from_ref, reason = "there is only one such reference")]
    pub(crate) unsafe fn alone(&self) -> &mut T {
        // SAFETY: By this function's contract.
        unsafe { &mut *self.value.get() }
    }

    /// Makes the semaphore.
    ///
    /// # Safety
    ///
    /// No other thread may use the lock until this has returned, and there is no semaphore yet.
    pub(crate) unsafe fn create(&self) -> Result<(), ErrorCode> {
        // SAFETY: The name ends with a NUL; no options are passed.
        let sema = unsafe { cisor_create_sema(c"CisorImage".as_ptr().cast(), 0, 1, 1, core::ptr::null()) };
        if sema < 0 {
            return Err(ErrorCode::NoMemory);
        }
        // SAFETY: By this function's contract nobody else is here.
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
            sceKernelDeleteSema(sema);
        }
    }

    /// Waits until no other thread uses the value, and gives it out.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotReady`] when another thread does not stop using it.
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
        // The value is not used after this.
        sceKernelSignalSema(self.sema, 1);
    }
}
