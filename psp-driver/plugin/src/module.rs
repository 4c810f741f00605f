//! The module as the kernel loads it: its description, exports, start and stop.

use crate::takeover;

psp_module::module!(
    "CisorDriver",
    0x1000,
    {
        module_start = 0xD632_ACDB,
        module_stop = 0xCEE8_593C,
    },
    // A library that programs can call, too.
    "cisor_driver",
    0x4001_0011,
    {
        cisorDriverStatus = 0x44AD_C6AC,
        cisorDriverGetImage = 0x09C3_A0D2,
        cisorDriverGetCounters = 0xF281_4FD4,
    }
);

/// Runs once when the plugin is loaded. `path` is the plugin's own, with its NUL, `len` bytes.
///
/// Returns 0 if the driver took over, or a negative code, and the firmware unloads the plugin.
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

/// Runs when the plugin should be unloaded. Returns 0, or a negative code to stay loaded.
pub(crate) unsafe extern "C" fn stop(_len: u32, _argument: *const u8) -> i32 {
    match takeover::stop() {
        Ok(()) => 0,
        Err(code) => code.code(),
    }
}
