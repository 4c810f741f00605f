//! Threads of the driver's own.

use core::ffi::CStr;

use psp_module::sys::{
    ThreadEntry, cisor_create_thread, sceKernelDeleteThread, sceKernelExitDeleteThread, sceKernelStartThread,
};

/// Starts a kernel thread of low priority. Returns whether it runs.
pub(crate) fn start(name: &'static CStr, entry: ThreadEntry) -> bool {
    const LOW_PRIORITY: i32 = 0x60;
    const STACK_BYTES: u32 = 0x1000;
    // SAFETY: Name and entry live as long as the module; no options are passed.
    let thread = unsafe {
        cisor_create_thread(name.as_ptr().cast(), entry, LOW_PRIORITY, STACK_BYTES, 0, core::ptr::null())
    };
    if thread < 0 {
        return false;
    }
    // SAFETY: The new thread, and no argument.
    let runs = unsafe { sceKernelStartThread(thread, 0, core::ptr::null()) } >= 0;
    if !runs {
        sceKernelDeleteThread(thread);
    }
    runs
}

/// Ends the running thread and frees its stack: the kernel keeps a thread that returns from its function. Comes back only
/// where the firmware lacks the function.
pub(crate) fn exit() {
    sceKernelExitDeleteThread(0);
}
