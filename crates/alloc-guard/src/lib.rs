//! Handles running out of memory: calls a function of the program instead of an abort that would leave files
//! half-written.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// An allocator that never returns a failure: when the underlying one fails, the program ends by
/// [`on_failure`].
#[derive(Debug)]
pub struct Guard<A>(pub A);

static ON_FAILURE: OnceLock<fn() -> !> = OnceLock::new();
/// The thread that is ending the program, as the address of its [`ME`].
static ENDING: AtomicUsize = AtomicUsize::new(0);
/// How long other threads that fail to allocate wait for that. The ending thread may itself be waiting for
/// something that they hold.
const PATIENCE: Duration = Duration::from_secs(2);

thread_local! {
    static ME: u8 = const { 0 };
}

/// Sets the function that ends the program when memory runs out. It must need little memory. Only the first
/// call counts.
pub fn on_failure(end: fn() -> !) {
    let _ = ON_FAILURE.set(end);
}

/// Ends the program as a failed allocation does. For code that requests memory directly from the system,
/// bypassing this allocator. Returns only if no end is set, or if the end itself runs out of memory.
pub fn fail() {
    checked(std::ptr::null_mut());
}

/// Passes on an allocation, or ends the program.
fn checked(memory: *mut u8) -> *mut u8 {
    if memory.is_null()
        && let Some(end) = ON_FAILURE.get()
    {
        let me = ME.with(|me| std::ptr::from_ref(me).addr());
        match ENDING.compare_exchange(0, me, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => end(),
            // Allocations during the ending fail as they would without a guard.
            Err(ending) if ending == me => {}
            // A failure here would mean a second message, and an abort before the partial file is removed.
            Err(_) => std::thread::sleep(PATIENCE),
        }
    }
    memory
}

// SAFETY: every call goes to an allocator that upholds the contract, and its result is returned unchanged.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Guard<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract of this same method.
        checked(unsafe { self.0.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        checked(unsafe { self.0.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as in `alloc`.
        checked(unsafe { self.0.realloc(memory, layout, size) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        unsafe { self.0.dealloc(memory, layout) }
    }
}
