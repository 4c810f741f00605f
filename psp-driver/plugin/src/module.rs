//! The module as the kernel loads it: its description, what it exports, its start and its end.

use core::arch::global_asm;

use crate::takeover;

global_asm!(
    r#"
    .section .rodata.sceModuleInfo, "0x102", @progbits
    .p2align 4
cisor_module_info:
    .2byte  0x1000              # runs in the kernel
    .byte   0, 1                # version 1.0
    .ascii  "CisorDriver"
    .space  28 - 11
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
    .2byte  2
    .word   cisor_module_exports
    .word   cisor_library_name
    .2byte  0x0011, 0x4001      # a library that programs can call too
    .byte   4, 0
    .2byte  3
    .word   cisor_library_exports
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
    .word   0xD632ACDB, 0xCEE8593C, 0xF01D73A7
    .word   module_start, module_stop, cisor_module_info
cisor_library_name:
    .asciz  "cisor_driver"
    .p2align 2
cisor_library_exports:
    .word   0x44ADC6AC, 0x09C3A0D2, 0xF2814FD4
    .word   cisorDriverStatus, cisorDriverGetImage, cisorDriverGetCounters
"#
);

/// Runs once when the plugin is loaded. `path` is the plugin's own, with its NUL, `len` bytes.
///
/// Returns 0 when the driver took over, or a negative code: the plugin is then unloaded.
pub(crate) unsafe extern "C" fn start(len: u32, path: *const u8) -> i32 {
    let path = if path.is_null() {
        &[]
    } else {
        // SAFETY: The kernel keeps the argument of `module_start` on its stack.
        unsafe { core::slice::from_raw_parts(path, len as usize) }
    };
    match takeover::start(path) {
        Ok(()) => 0,
        Err(code) => code.code(),
    }
}

/// Runs when somebody wants to unload the plugin. Returns 0, or a negative code to stay.
pub(crate) unsafe extern "C" fn stop(_len: u32, _argument: *const u8) -> i32 {
    match takeover::stop() {
        Ok(()) => 0,
        Err(code) => code.code(),
    }
}
