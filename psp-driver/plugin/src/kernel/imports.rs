//! The kernel functions that the module imports, by library and number.
//!
//! The numbers are those of firmware 6.60 and 6.61; custom firmwares pass them on unchanged. Only libraries
//! for the kernel are imported from. The table of each library is one piece, so that the linker keeps or
//! drops it as a whole.

use core::arch::global_asm;

/// Version 0 links with every version of a library; `WEAK` ones may be missing altogether.
const STRONG: u32 = 0x0001_0000;
const WEAK: u32 = 0x0009_0000;
/// The one library that is imported by its version, as the kernel's own modules do.
const STRONG_VERSION_11: u32 = 0x0001_0011;

macro_rules! library {
    ($name:literal, $kind:expr, { $($function:ident = $number:literal),* $(,)? }) => {
        global_asm!(
            concat!(
                ".section .rodata.sceResident.", $name, ", \"a\", @progbits\n",
                ".Lname_", $name, ": .asciz \"", $name, "\"\n",
                ".p2align 2\n",
                ".section .rodata.sceNid.", $name, ", \"a\", @progbits\n",
                ".p2align 2\n",
                ".Lnids_", $name, ":\n",
                $(".word ", $number, "\n",)*
                ".section .sceStub.text.", $name, ", \"ax\", @progbits\n",
                ".p2align 2\n",
                ".Lstubs_", $name, ":\n",
                // The kernel writes a jump over the two words. Until then they keep the tables alive.
                $(".globl ", stringify!($function), "\n",
                  stringify!($function), ": .word .Lentry_", $name, ", .Lnids_", $name, "\n",)*
                ".section .lib.stub.entry.", $name, ", \"a\", @progbits\n",
                ".p2align 2\n",
                ".Lentry_", $name, ":\n",
                ".word .Lname_", $name, "\n",
                ".word {kind}\n",
                ".byte 5, 0\n",
                ".2byte {count}\n",
                ".word .Lnids_", $name, ", .Lstubs_", $name, "\n",
            ),
            kind = const $kind,
            count = const {
                let numbers: &[u32] = &[$($number),*];
                numbers.len()
            },
        );
    };
}

library!("IoFileMgrForKernel", STRONG, {
    sceIoOpen = 0x109F_50BC,
    sceIoClose = 0x810C_4BC3,
    sceIoRead = 0x6A63_8D83,
    sceIoLseek = 0x27EB_27B8,
    sceIoDevctl = 0x54F5_FB11,
});

library!("ThreadManForKernel", STRONG, {
    sceKernelCreateSema = 0xD6DA_4BA1,
    sceKernelDeleteSema = 0x28B6_489C,
    sceKernelWaitSema = 0x4E3A_1105,
    sceKernelSignalSema = 0x3F53_E640,
    sceKernelDelayThread = 0xCEAD_EB47,
    sceKernelGetSystemTimeLow = 0x369E_D59D,
    sceKernelExtendKernelStack = 0xBC31_C1B9,
});

library!("SysMemForKernel", STRONG_VERSION_11, {
    sceKernelAllocPartitionMemory = 0x7158_CE7E,
    sceKernelFreePartitionMemory = 0xC1A2_6C6F,
    sceKernelGetBlockHeadAddr = 0xF12A_62F7,
    sceKernelPartitionMaxFreeMemSize = 0x13F4_A0DE,
});

library!("InterruptManagerForKernel", STRONG, {
    sceKernelCpuSuspendIntr = 0x0929_68F4,
    sceKernelCpuResumeIntr = 0x5F10_D406,
});

library!("LoadCoreForKernel", STRONG, {
    sceKernelFindModuleByName = 0xF6B1_BF0F,
});

library!("InitForKernel", WEAK, {
    sceKernelInitApitype = 0x7A23_33AD,
    sceKernelInitKeyConfig = 0x7233_B5BC,
});

library!("SystemCtrlForKernel", WEAK, {
    sctrlHENFindDriver = 0x78E4_6415,
    sctrlHENFindFunction = 0x159A_F5CC,
    GetUmdFile = 0xAC56_B90B,
});
