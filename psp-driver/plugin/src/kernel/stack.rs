//! Work that needs more stack than a driver entry has.
//!
//! A game's thread enters the kernel with about 2 KiB of stack. The kernel lends more for the duration of
//! one call.

use core::mem::MaybeUninit;

use psp_module::sys::sceKernelExtendKernelStack;

/// Requested size in bytes: as much as the firmware's own driver uses, so it is known to be granted. The
/// deepest read needs less than 1.25 KiB of it, and opening an image at the start less than 5.5 KiB. The
/// kernel's file functions run on the rest.
const STACK_BYTES: u32 = 0x2000;

unsafe extern "C" {
    /// `run`, as the kernel calls it (see `abi/incoming.s`), with a [`Call`].
    fn cisor_on_own_stack(call: *mut u8) -> i32;
}

/// A type-erased closure: the function to call, and its state.
#[repr(C)]
pub(crate) struct Call {
    work: unsafe extern "C" fn(*mut ()),
    state: *mut (),
}

/// The closure before it has run, its result after it.
struct State<F, R> {
    work: Option<F>,
    result: Option<R>,
}

/// Runs `work` on a separate stack. `None` if the kernel does not have the memory for one; `work` has not
/// run then.
pub(crate) fn on_own_stack<R>(work: impl FnOnce() -> R) -> Option<R> {
    unsafe extern "C" fn erased<F: FnOnce() -> R, R>(state: *mut ()) {
        // SAFETY: `on_own_stack` below pairs this function with a pointer to a live `State` of the same
        // types, and nothing else refers to it while the kernel is inside the call.
        let state = unsafe { &mut *state.cast::<State<F, R>>() };
        if let Some(work) = state.work.take() {
            state.result = Some(work());
        }
    }
    fn pair<F: FnOnce() -> R, R>(state: &mut State<F, R>) -> Call {
        Call { work: erased::<F, R>, state: core::ptr::from_mut(state).cast() }
    }
    let mut state = State { work: Some(work), result: None };
    let mut call = MaybeUninit::new(pair(&mut state));
    // SAFETY: The kernel calls `cisor_on_own_stack` with the pointer, at most once and before it returns;
    // `call` and `state` live until then. Its result is ignored, as the kernel may not pass it on: `state`
    // shows whether the work was done.
    unsafe { sceKernelExtendKernelStack(STACK_BYTES, cisor_on_own_stack, call.as_mut_ptr().cast()) };
    state.result
}

/// Runs the closure that a [`Call`] stands for, on the stack that the kernel lent.
pub(crate) unsafe extern "C" fn run(call: *mut Call) -> i32 {
    // SAFETY: The kernel passes on the pointer that `on_own_stack` gave it, to a `Call` that is alive.
    let call = unsafe { &*call };
    // SAFETY: `on_own_stack` made the pair, so `state` is what `work` expects.
    unsafe { (call.work)(call.state) };
    0
}
