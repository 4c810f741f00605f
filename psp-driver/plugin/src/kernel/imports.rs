//! The kernel functions that the module imports, by library and number.
//!
//! The numbers are those of firmware 6.60 and 6.61; custom firmwares pass them on unchanged. All imports
//! are from kernel libraries.

use psp_module::{imports, link};

imports!("IoFileMgrForKernel", link::KERNEL, {
    sceIoOpen = 0x109F_50BC,
    sceIoClose = 0x810C_4BC3,
    sceIoRead = 0x6A63_8D83,
    sceIoWrite = 0x42EC_03AC,
    sceIoLseek = 0x27EB_27B8,
    sceIoDevctl = 0x54F5_FB11,
});

imports!("ThreadManForKernel", link::KERNEL, {
    sceKernelCreateSema = 0xD6DA_4BA1,
    sceKernelDeleteSema = 0x28B6_489C,
    sceKernelWaitSema = 0x4E3A_1105,
    sceKernelSignalSema = 0x3F53_E640,
    sceKernelDelayThread = 0xCEAD_EB47,
    sceKernelGetSystemTimeLow = 0x369E_D59D,
    sceKernelExtendKernelStack = 0xBC31_C1B9,
    sceKernelCreateThread = 0x446D_8DE6,
    sceKernelStartThread = 0xF475_845D,
    sceKernelExitDeleteThread = 0x809C_E29B,
    sceKernelDeleteThread = 0x9FA0_3CD3,
});

imports!("SysMemForKernel", link::KERNEL_VERSION_11, {
    sceKernelAllocPartitionMemory = 0x7158_CE7E,
    sceKernelFreePartitionMemory = 0xC1A2_6C6F,
    sceKernelGetBlockHeadAddr = 0xF12A_62F7,
    sceKernelPartitionMaxFreeMemSize = 0x13F4_A0DE,
});

imports!("InterruptManagerForKernel", link::KERNEL, {
    sceKernelCpuSuspendIntr = 0x0929_68F4,
    sceKernelCpuResumeIntr = 0x5F10_D406,
});

imports!("LoadCoreForKernel", link::KERNEL, {
    sceKernelFindModuleByName = 0xF6B1_BF0F,
});

imports!("InitForKernel", link::KERNEL_WEAK, {
    sceKernelInitApitype = 0x7A23_33AD,
    sceKernelInitKeyConfig = 0x7233_B5BC,
});

imports!("SystemCtrlForKernel", link::KERNEL_WEAK, {
    sctrlHENFindDriver = 0x78E4_6415,
    GetUmdFile = 0xAC56_B90B,
});
