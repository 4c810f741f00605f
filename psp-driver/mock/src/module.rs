//! The module as the emulator loads it: its description, its start, and the functions it imports.

use psp_module::{imports, link, module};

module!("CisorMock", 0x1000, { module_start = 0xD632_ACDB });

imports!("IoFileMgrForUser", link::USER, {
    sceIoOpen = 0x109F_50BC,
    sceIoClose = 0x810C_4BC3,
    sceIoRead = 0x6A63_8D83,
    sceIoWrite = 0x42EC_03AC,
});

imports!("ThreadManForUser", link::USER, {
    sceKernelCreateThread = 0x446D_8DE6,
    sceKernelStartThread = 0xF475_845D,
});

imports!("ModuleMgrForUser", link::USER, {
    sceKernelLoadModule = 0x977D_E386,
    sceKernelStartModule = 0x50F0_C1EC,
    sceKernelStopModule = 0xD1FF_982A,
    sceKernelUnloadModule = 0x2E09_11AA,
    sceKernelQueryModuleInfo = 0x748C_BED9,
});

imports!("UtilsForUser", link::USER, {
    sceKernelIcacheInvalidateAll = 0x920F_104A,
});

imports!("LoadExecForUser", link::USER, {
    sceKernelExitGame = 0x0557_2A5F,
});

// The driver's own library, with which programs query its state. It is linked when the driver is loaded.
imports!("cisor_driver", link::USER_WEAK, {
    cisorDriverStatus = 0x44AD_C6AC,
    cisorDriverGetImage = 0x09C3_A0D2,
    cisorDriverGetCounters = 0xF281_4FD4,
});
