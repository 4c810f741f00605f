//! The firmware's functions that the program imports, by library and number.
//!
//! The numbers are those of the libraries for programs, which are the same in every firmware. The table of each library is
//! one piece, so that the linker keeps or drops it as a whole.

use core::arch::global_asm;

/// Version 0 links with every version of a library. They are reached by syscalls.
const STRONG: u32 = 0x4001_0000;
/// A library that may be missing: its functions then return an error.
const WEAK: u32 = 0x4009_0000;
/// What a program's memory functions are reached by: plain jumps.
const STRONG_NO_SYSCALL: u32 = 0x4000_0000;

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

library!("IoFileMgrForUser", STRONG, {
    sceIoOpen = 0x109F_50BC,
    sceIoClose = 0x810C_4BC3,
    sceIoRead = 0x6A63_8D83,
    sceIoWrite = 0x42EC_03AC,
    sceIoLseek = 0x27EB_27B8,
    sceIoRename = 0x7791_03A0,
    sceIoRemove = 0xF27A_9C51,
    sceIoMkdir = 0x06A7_0004,
    sceIoDopen = 0xB29D_DF9C,
    sceIoDread = 0xE3EB_004C,
    sceIoDclose = 0xEB09_2469,
    sceIoDevctl = 0x54F5_FB11,
    sceIoSync = 0xAB96_437F,
});

library!("StdioForUser", STRONG, {
    sceKernelStdout = 0xA6BA_B2E9,
});

library!("ThreadManForUser", STRONG, {
    sceKernelCreateThread = 0x446D_8DE6,
    sceKernelStartThread = 0xF475_845D,
    sceKernelSleepThreadCB = 0x8282_6F70,
    sceKernelDelayThread = 0xCEAD_EB47,
    sceKernelCreateCallback = 0xE81C_AF8F,
    sceKernelGetSystemTimeWide = 0x82BC_5777,
});

library!("SysMemUserForUser", STRONG_NO_SYSCALL, {
    sceKernelAllocPartitionMemory = 0x237D_BD4F,
    sceKernelGetBlockHeadAddr = 0x9D9A_5BA1,
    sceKernelMaxFreeMemSize = 0xA291_F107,
});

library!("LoadExecForUser", STRONG, {
    sceKernelExitGame = 0x0557_2A5F,
    sceKernelRegisterExitCallback = 0x4AC5_7943,
});

library!("sceDisplay", STRONG, {
    sceDisplaySetMode = 0x0E20_F177,
    sceDisplaySetFrameBuf = 0x289D_82FE,
    sceDisplayWaitVblankStart = 0x984C_27E7,
});

library!("sceCtrl", STRONG, {
    sceCtrlSetSamplingCycle = 0x6A27_74F3,
    sceCtrlSetSamplingMode = 0x1F40_11E6,
    sceCtrlPeekBufferPositive = 0x3A62_2550,
    sceCtrlReadLatch = 0x0B58_8501,
});

library!("scePower", STRONG, {
    scePowerTick = 0xEFD3_C963,
    scePowerSetClockFrequency = 0x7374_86F2,
});

// Consoles without a drive may lack it.
library!("sceUmdUser", WEAK, {
    sceUmdCheckMedium = 0x46EB_B729,
    sceUmdActivate = 0xC618_3D47,
    sceUmdDeactivate = 0xE837_42BA,
    sceUmdWaitDriveStatWithTimer = 0x5620_2973,
    sceUmdGetDriveStat = 0x6B4A_146C,
});

// What custom firmwares add.
library!("SystemCtrlForUser", WEAK, {
    sctrlSEGetVersion = 0xB47C_9D77,
    sctrlHENGetVersion = 0x1090_A2E1,
});

// What Cisor's driver adds while it serves the disc that this program was started from.
library!("cisor_driver", WEAK, {
    cisorDriverStatus = 0x44AD_C6AC,
    cisorDriverGetImage = 0x09C3_A0D2,
    cisorDriverGetCounters = 0xF281_4FD4,
});
