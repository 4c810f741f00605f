//! What happens when the system gives no more memory: a function of the program's own, instead of an abort that
//! leaves files half-written.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// An allocator that never fails: when the one it is made of does, the program ends by [`on_failure`].
#[derive(Debug)]
pub struct Guard<A>(pub A);

static ON_FAILURE: OnceLock<fn() -> !> = OnceLock::new();
/// The thread that ends the program, by the address of its [`ME`].
static ENDING: AtomicUsize = AtomicUsize::new(0);
/// How long other threads that get no memory wait for that. It may itself wait for something that they hold.
const PATIENCE: Duration = Duration::from_secs(2);

thread_local! {
    static ME: u8 = const { 0 };
}

/// Sets what ends the program when there is no memory. It must get along with little. Only the first call counts.
pub fn on_failure(end: fn() -> !) {
    let _ = ON_FAILURE.set(end);
}

/// Ends the program as a failed allocation does. For what asks the system for memory by itself, past this allocator.
/// It comes back only where no end is set, or the end itself gets no memory.
pub fn fail() {
    checked(std::ptr::null_mut());
}

/// Passes an allocation on, or ends the program.
fn checked(memory: *mut u8) -> *mut u8 {
    if memory.is_null()
        && let Some(end) = ON_FAILURE.get()
    {
        let me = ME.with(|me| std::ptr::from_ref(me).addr());
        match ENDING.compare_exchange(0, me, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => end(),
            // What is needed for ending gets its failure as it would without a guard.
            Err(ending) if ending == me => {}
            // A failure here would be a second message, and an abort before the part file is removed.
            Err(_) => std::thread::sleep(PATIENCE),
        }
    }
    memory
}

// SAFETY: every call goes to an allocator that keeps the contract, and its result comes back unchanged.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Guard<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of this very method.
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
