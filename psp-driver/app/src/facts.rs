//! What the firmware tells programs of itself and of the console.

use console_app::Facts;

use crate::files::checked;

unsafe extern "C" {
    safe fn kuKernelGetModel() -> i32;
    safe fn kuKernelInitApitype() -> i32;
    safe fn kuKernelInitKeyConfig() -> i32;
    safe fn kuKernelBootFrom() -> i32;
    safe fn sceKernelDevkitVersion() -> i32;
    safe fn sceKernelMaxFreeMemSize() -> u32;
    safe fn sceKernelTotalFreeMemSize() -> u32;
    safe fn sctrlSEGetVersion() -> i32;
    safe fn sctrlHENGetVersion() -> i32;
    safe fn sctrlHENGetMinorVersion() -> i32;
}

/// Asks for everything. Calls of what nothing exports return an error code.
pub(crate) fn ask() -> Facts {
    Facts {
        model: checked(kuKernelGetModel()),
        devkit: checked(sceKernelDevkitVersion()),
        apitype: checked(kuKernelInitApitype()),
        key_config: checked(kuKernelInitKeyConfig()),
        boot_from: checked(kuKernelBootFrom()),
        se_version: checked(sctrlSEGetVersion()),
        hen_version: checked(sctrlHENGetVersion()),
        minor_version: checked(sctrlHENGetMinorVersion()),
        largest_free: Ok(sceKernelMaxFreeMemSize()),
        total_free: Ok(sceKernelTotalFreeMemSize()),
    }
}
