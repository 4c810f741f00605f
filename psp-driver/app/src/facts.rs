//! Information that the firmware gives programs about itself and the console.

use console_app::Facts;
use psp_module::sys::{
    kuKernelBootFrom, kuKernelGetModel, kuKernelInitApitype, kuKernelInitKeyConfig, sceKernelDevkitVersion,
    sceKernelMaxFreeMemSize, sceKernelTotalFreeMemSize, sctrlHENGetMinorVersion, sctrlHENGetVersion,
    sctrlSEGetVersion,
};

use crate::files::checked;

/// Queries everything. Calls to functions that nothing exports return an error code.
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
