//! The module as the kernel loads it: its description, exports, and start.

use psp_module::sys::{ThreadEntry, cisor_create_thread, sceKernelStartThread};

psp_module::module!("Cisor", 0, { module_start = 0xD632_ACDB });

unsafe extern "C" {
    /// `crate::program`, as the kernel calls it.
    fn cisor_program(len: u32, argument: *const u8) -> i32;
}

/// The thread belongs to a program, not to the kernel.
const USER: u32 = 0x8000_0000;

/// Starts a thread; lower priorities go first.
pub(crate) fn start_thread(
    name: &core::ffi::CStr,
    entry: ThreadEntry,
    priority: i32,
    stack: u32,
    argument: &[u8],
) {
    // SAFETY: The entry has the signature that the kernel expects; the kernel copies the argument onto the
    // thread's stack.
    unsafe {
        let name = name.as_ptr().cast();
        let thread = cisor_create_thread(name, entry, priority, stack, USER, core::ptr::null());
        if thread >= 0 {
            sceKernelStartThread(thread, u32::try_from(argument.len()).unwrap_or(0), argument.as_ptr());
        }
    }
}

/// Runs once when the program is loaded, on a thread that is gone afterwards.
pub(crate) unsafe extern "C" fn start(len: u32, path: *const u8) -> i32 {
    const PRIORITY: i32 = 32;
    const STACK: u32 = 256 << 10;
    let path = if path.is_null() {
        &[]
    } else {
        // SAFETY: The kernel keeps the argument of `module_start` on its stack.
        unsafe { core::slice::from_raw_parts(path, len as usize) }
    };
    start_thread(c"Cisor", cisor_program, PRIORITY, STACK, path);
    0
}
