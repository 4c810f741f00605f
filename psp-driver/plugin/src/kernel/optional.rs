//! Kernel functions that the driver can do without: looked up when they are needed, and possibly missing.

use core::ffi::CStr;

use crate::kernel::firmware::is_kernel_memory;

unsafe extern "C" {
    fn sctrlHENFindFunction(module: *const u8, library: *const u8, number: u32) -> usize;
    fn cisor_call_six(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize, function: usize) -> i32;
}

/// The entry of a kernel thread, as `abi/incoming.s` has it.
pub(crate) type ThreadEntry = unsafe extern "C" fn(u32, *const u8) -> i32;

fn find(module: &CStr, library: &CStr, number: u32) -> Option<usize> {
    // SAFETY: The names end with a NUL.
    let function = unsafe { sctrlHENFindFunction(module.as_ptr().cast(), library.as_ptr().cast(), number) };
    is_kernel_memory(function).then_some(function)
}

fn find_thread_function(number: u32) -> Option<usize> {
    find(c"sceThreadManager", c"ThreadManForKernel", number)
}

/// `sceIoWrite`.
pub(crate) fn io_write() -> Option<unsafe extern "C" fn(i32, *const u8, u32) -> i32> {
    let function = find(c"sceIOFileManager", c"IoFileMgrForKernel", 0x42EC_03AC)?;
    // SAFETY: The function by that number has this signature. It takes three words, so both calling
    // conventions are alike.
    Some(unsafe { core::mem::transmute::<usize, unsafe extern "C" fn(i32, *const u8, u32) -> i32>(function) })
}

/// Starts a kernel thread of low priority. Returns whether it runs.
pub(crate) fn start_thread(name: &'static CStr, entry: ThreadEntry) -> bool {
    const LOW_PRIORITY: usize = 0x60;
    const STACK_BYTES: usize = 0x1000;
    let functions = (find_thread_function(0x446D_8DE6), find_thread_function(0xF475_845D));
    let (Some(create), Some(start)) = functions else { return false };
    // SAFETY: `sceKernelCreateThread` takes these six words; name and entry stay as long as the module does.
    let thread = unsafe {
        cisor_call_six(name.as_ptr().addr(), entry as usize, LOW_PRIORITY, STACK_BYTES, 0, 0, create)
    };
    if thread < 0 {
        return false;
    }
    // SAFETY: `sceKernelStartThread` takes three words: the new thread and no argument.
    let start =
        unsafe { core::mem::transmute::<usize, unsafe extern "C" fn(i32, u32, *const u8) -> i32>(start) };
    // SAFETY: As above.
    unsafe { start(thread, 0, core::ptr::null()) >= 0 }
}
