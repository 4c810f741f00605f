//! What the custom firmware and the kernel know of the game that is being started.

use umd_device::ErrorCode;

use crate::entries::{self, Entries};
use crate::kernel::card::Path;

unsafe extern "C" {
    fn sceKernelInitApitype() -> i32;
    fn sceKernelInitKeyConfig() -> i32;
    fn sceKernelFindModuleByName(name: *const u8) -> *const u8;
    fn sctrlHENFindDriver(name: *const u8) -> *const DeviceTable;
    fn GetUmdFile() -> *const u8;
}

/// A device as the I/O manager knows it.
#[repr(C)]
struct DeviceTable {
    name: *const u8,
    kind: u32,
    unit_size: u32,
    description: *const u8,
    functions: *mut Functions,
}

/// The functions of a device; null where it has none. Each is called through this table every time.
#[repr(C)]
pub(crate) struct Functions([usize; 22]);

impl Functions {
    const OPEN: usize = 0x08 / 4;
    const CLOSE: usize = 0x0C / 4;
    const READ: usize = 0x10 / 4;
    const LSEEK: usize = 0x18 / 4;
    const IOCTL: usize = 0x1C / 4;
    const DEVCTL: usize = 0x50 / 4;

    /// Where the six functions are that are taken over.
    const TAKEN: [usize; entries::TAKEN] =
        [Self::OPEN, Self::CLOSE, Self::READ, Self::LSEEK, Self::IOCTL, Self::DEVCTL];

    /// Returns the six entries, in the order of [`Entries`].
    ///
    /// # Safety
    ///
    /// `table` points to the function table of a device that stays registered.
    pub(crate) unsafe fn load(table: *mut Self) -> Entries {
        // SAFETY: By this function's contract. Volatile, as the kernel and other modules share the table.
        Self::TAKEN.map(|entry| unsafe { (&raw mut (*table).0[entry]).read_volatile() })
    }

    /// Writes the six entries.
    ///
    /// # Safety
    ///
    /// As for [`load`](Self::load); and the entries are functions that can be called at any time from now
    /// on, with interrupts suspended now so that no caller sees half of them.
    pub(crate) unsafe fn store(table: *mut Self, entries: &Entries) {
        for (entry, function) in Self::TAKEN.into_iter().zip(*entries) {
            // SAFETY: By this function's contract.
            unsafe { (&raw mut (*table).0[entry]).write_volatile(function) };
        }
    }
}

/// Returns whether a game is being started from an image on a card.
pub(crate) fn is_starting_an_image() -> bool {
    const GAME: i32 = 0x200;
    // SAFETY: No arguments.
    let (config, kind) = unsafe { (sceKernelInitKeyConfig(), sceKernelInitApitype()) };
    config == GAME && (0x123..=0x126).contains(&kind)
}

/// Returns the path of the image that is being started.
pub(crate) fn image_path() -> Option<Path> {
    // SAFETY: No arguments.
    let path = unsafe { GetUmdFile() };
    if !is_kernel_memory(path.addr()) {
        return None;
    }
    // SAFETY: The firmware keeps the path in a field of 256 bytes for as long as the game runs.
    let field = unsafe { core::slice::from_raw_parts(path, crate::kernel::card::PATH_LEN) };
    let len = field.iter().position(|&byte| byte == 0)?;
    Path::new(&field[..len])
}

/// Returns the function table of the firmware's own driver for disc images.
///
/// # Errors
///
/// When that driver is not loaded, or its table is not as expected.
pub(crate) fn image_driver() -> Result<*mut Functions, ErrorCode> {
    /// ARK, PRO and the older Adrenaline; the newer Adrenaline.
    const MODULES: [&core::ffi::CStr; 2] = [c"PRO_Inferno_Driver", c"EPI-InfernoDriver"];
    // SAFETY: The names end with a NUL.
    let loaded =
        MODULES.iter().any(|name| unsafe { !sceKernelFindModuleByName(name.as_ptr().cast()).is_null() });
    if !loaded {
        return Err(ErrorCode::NotFound);
    }
    // SAFETY: The name ends with a NUL.
    let device = unsafe { sctrlHENFindDriver(c"umd".as_ptr().cast()) };
    if !is_kernel_memory(device.addr()) {
        return Err(ErrorCode::NotFound);
    }
    // SAFETY: A registered device's table, in kernel memory.
    let functions = unsafe { (*device).functions };
    if !is_kernel_memory(functions.addr()) {
        return Err(ErrorCode::NotSupported);
    }
    // SAFETY: The function table of a registered device.
    let entries = unsafe { Functions::load(functions) };
    if entries.into_iter().all(is_kernel_memory) { Ok(functions) } else { Err(ErrorCode::NotSupported) }
}

/// Whether an address can be a word in the kernel's part of the memory.
pub(crate) fn is_kernel_memory(address: usize) -> bool {
    (0x8800_0000..0x8C00_0000).contains(&address) && address.is_multiple_of(4)
}
