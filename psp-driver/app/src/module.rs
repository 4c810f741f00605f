//! The module as the kernel loads it: its description, what it exports, its start.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .rodata.sceModuleInfo, "0x102", @progbits
    .p2align 4
cisor_module_info:
    .2byte  0                   # a program
    .byte   0, 1                # version 1.0
    .ascii  "Cisor"
    .space  28 - 5
    .word   0                   # nothing is addressed relative to $gp
    .word   __lib_ent_top, __lib_ent_bottom, __lib_stub_top, __lib_stub_bottom

    .section .lib.ent.top, "a", @progbits
    .p2align 2
    .word   0
__lib_ent_top:
    .section .lib.ent, "a", @progbits
    .p2align 2
    .word   0                   # the module's own entries have no name
    .2byte  0, 0x8000
    .byte   4, 1
    .2byte  1
    .word   cisor_module_exports
    .section .lib.ent.btm, "a", @progbits
    .p2align 2
__lib_ent_bottom:
    .word   0

    .section .lib.stub.top, "a", @progbits
    .p2align 2
__lib_stub_top:
    .section .lib.stub.btm, "a", @progbits
    .p2align 2
__lib_stub_bottom:
    .word   0

    .section .rodata.sceResident, "a", @progbits
    .p2align 2
cisor_module_exports:
    .word   0xD632ACDB, 0xF01D73A7
    .word   module_start, cisor_module_info
"#
);

unsafe extern "C" {
    /// `crate::program`, as the kernel calls it.
    fn cisor_program(len: u32, argument: *const u8) -> i32;
    fn cisor_create_thread(
        name: *const u8,
        entry: unsafe extern "C" fn(u32, *const u8) -> i32,
        priority: i32,
        stack: u32,
        attributes: u32,
        options: *const u8,
    ) -> i32;
    fn sceKernelStartThread(thread: i32, len: u32, argument: *const u8) -> i32;
}

/// The thread is a program's, not one of the kernel's.
const USER: u32 = 0x8000_0000;

/// Starts a thread; lower priorities go first.
pub(crate) fn start_thread(
    name: &core::ffi::CStr,
    entry: unsafe extern "C" fn(u32, *const u8) -> i32,
    priority: i32,
    stack: u32,
    argument: &[u8],
) {
    // SAFETY: The entry has the kernel's shape; the kernel copies the argument onto the thread's stack.
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
