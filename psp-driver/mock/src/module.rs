//! The module as the emulator loads it: its description, its start, and the functions it imports.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .rodata.sceModuleInfo, "0x102", @progbits
    .p2align 4
mock_module_info:
    .2byte  0x1000              # runs in the kernel
    .byte   0, 1                # version 1.0
    .ascii  "CisorMock"
    .space  28 - 9
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
    .word   mock_exports
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
mock_exports:
    .word   0xD632ACDB, 0xF01D73A7
    .word   module_start, mock_module_info

# A library that is imported from; `begin` and `end` stand around its functions.
    .macro library_begin name, flags
    .section .rodata.sceResident.\name, "a", @progbits
.Lname_\name:
    .asciz  "\name"
    .p2align 2
    .section .lib.stub.entry.\name, "a", @progbits
    .p2align 2
.Lentry_\name:
    .word   .Lname_\name
    .word   \flags
    .byte   5, 0
    .2byte  (.Lnids_end_\name - .Lnids_\name) / 4
    .word   .Lnids_\name, .Lstubs_\name
    .section .rodata.sceNid.\name, "a", @progbits
    .p2align 2
.Lnids_\name:
    .section .sceStub.text.\name, "ax", @progbits
    .p2align 2
.Lstubs_\name:
    .endm

# The two words keep the tables alive until the loader writes a jump over them.
    .macro function library, name, number
    .section .rodata.sceNid.\library, "a", @progbits
    .word   \number
    .section .sceStub.text.\library, "ax", @progbits
    .globl  \name
\name:
    .word   .Lentry_\library, .Lnids_\library
    .endm

    .macro library_end name
    .section .rodata.sceNid.\name, "a", @progbits
.Lnids_end_\name:
    .endm

    library_begin IoFileMgrForUser, 0x40010000
    function IoFileMgrForUser, sceIoOpen, 0x109F50BC
    function IoFileMgrForUser, sceIoClose, 0x810C4BC3
    function IoFileMgrForUser, sceIoRead, 0x6A638D83
    function IoFileMgrForUser, sceIoWrite, 0x42EC03AC
    library_end IoFileMgrForUser

    library_begin ThreadManForUser, 0x40010000
    function ThreadManForUser, sceKernelCreateThread, 0x446D8DE6
    function ThreadManForUser, sceKernelStartThread, 0xF475845D
    library_end ThreadManForUser

    library_begin ModuleMgrForUser, 0x40010000
    function ModuleMgrForUser, sceKernelLoadModule, 0x977DE386
    function ModuleMgrForUser, sceKernelStartModule, 0x50F0C1EC
    function ModuleMgrForUser, sceKernelStopModule, 0xD1FF982A
    function ModuleMgrForUser, sceKernelUnloadModule, 0x2E0911AA
    function ModuleMgrForUser, sceKernelQueryModuleInfo, 0x748CBED9
    library_end ModuleMgrForUser

    library_begin UtilsForUser, 0x40010000
    function UtilsForUser, sceKernelIcacheInvalidateAll, 0x920F104A
    library_end UtilsForUser

    library_begin LoadExecForUser, 0x40010000
    function LoadExecForUser, sceKernelExitGame, 0x05572A5F
    library_end LoadExecForUser

# The driver's own library, by which programs ask it what it does. It is linked when the driver is loaded.
    library_begin cisor_driver, 0x40090000
    function cisor_driver, cisorDriverStatus, 0x44ADC6AC
    function cisor_driver, cisorDriverGetImage, 0x09C3A0D2
    function cisor_driver, cisorDriverGetCounters, 0xF2814FD4
    library_end cisor_driver
"#
);
