//! The firmware's functions that the program imports, by library and number.
//!
//! The numbers are those of the libraries for programs, which are the same in every firmware.

use psp_module::{imports, link};

imports!("IoFileMgrForUser", link::USER, {
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

imports!("StdioForUser", link::USER, {
    sceKernelStdout = 0xA6BA_B2E9,
});

imports!("ThreadManForUser", link::USER, {
    sceKernelCreateThread = 0x446D_8DE6,
    sceKernelStartThread = 0xF475_845D,
    sceKernelSleepThreadCB = 0x8282_6F70,
    sceKernelDelayThread = 0xCEAD_EB47,
    sceKernelCreateCallback = 0xE81C_AF8F,
    sceKernelGetSystemTimeWide = 0x82BC_5777,
});

imports!("SysMemUserForUser", link::USER_BY_JUMPS, {
    sceKernelAllocPartitionMemory = 0x237D_BD4F,
    sceKernelGetBlockHeadAddr = 0x9D9A_5BA1,
    sceKernelMaxFreeMemSize = 0xA291_F107,
    sceKernelTotalFreeMemSize = 0xF919_F628,
    sceKernelDevkitVersion = 0x3FC9_AE6A,
});

imports!("LoadExecForUser", link::USER, {
    sceKernelExitGame = 0x0557_2A5F,
    sceKernelRegisterExitCallback = 0x4AC5_7943,
});

imports!("sceDisplay", link::USER, {
    sceDisplaySetMode = 0x0E20_F177,
    sceDisplaySetFrameBuf = 0x289D_82FE,
    sceDisplayWaitVblankStart = 0x984C_27E7,
});

imports!("sceCtrl", link::USER, {
    sceCtrlSetSamplingCycle = 0x6A27_74F3,
    sceCtrlSetSamplingMode = 0x1F40_11E6,
    sceCtrlPeekBufferPositive = 0x3A62_2550,
    sceCtrlReadLatch = 0x0B58_8501,
});

imports!("scePower", link::USER, {
    scePowerTick = 0xEFD3_C963,
    scePowerSetClockFrequency = 0x7374_86F2,
});

// Consoles without a drive may lack it.
imports!("sceUmdUser", link::USER_WEAK, {
    sceUmdCheckMedium = 0x46EB_B729,
    sceUmdActivate = 0xC618_3D47,
    sceUmdDeactivate = 0xE837_42BA,
    sceUmdWaitDriveStatWithTimer = 0x5620_2973,
    sceUmdGetDriveStat = 0x6B4A_146C,
});

// Functions that custom firmwares add.
imports!("SystemCtrlForUser", link::USER_WEAK, {
    sctrlSEGetVersion = 0xB47C_9D77,
    sctrlHENGetVersion = 0x1090_A2E1,
    sctrlHENGetMinorVersion = 0x5328_B431,
});

// Functions that they add for programs that query facts of the kernel.
imports!("KUBridge", link::USER_WEAK, {
    kuKernelGetModel = 0x2433_1850,
    kuKernelInitApitype = 0x8E5A_4057,
    kuKernelInitKeyConfig = 0xB0B8_824E,
    kuKernelBootFrom = 0x60DD_B4AE,
});

// Functions that Cisor's driver adds while it serves the disc that this program was started from.
imports!("cisor_driver", link::USER_WEAK, {
    cisorDriverStatus = 0x44AD_C6AC,
    cisorDriverGetImage = 0x09C3_A0D2,
    cisorDriverGetCounters = 0xF281_4FD4,
});
