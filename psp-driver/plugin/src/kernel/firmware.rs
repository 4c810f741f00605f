//! Information from the custom firmware and the kernel about the game that is being started.

use core::ffi::CStr;
use core::ops::Range;

use psp_module::sys::{
    GetUmdFile, sceKernelFindModuleByName, sceKernelInitApitype, sceKernelInitKeyConfig, sctrlHENFindDriver,
};
use umd_device::{Check, OpenFailure};

use crate::kernel::card::{PATH_LEN, Path};

unsafe extern "C" {
    // Of this module (`abi/memory.s`).
    fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32;
    fn cisor_differ(text: *const u8, words: *const u8, len: usize) -> u32;
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

/// The number of a device's functions that are taken over: open, close, read, lseek, ioctl, devctl.
const TAKEN: usize = 6;

/// Addresses of these functions, in this order.
pub(crate) type Entries = [*const (); TAKEN];

/// No functions yet.
pub(crate) const NO_ENTRIES: Entries = [core::ptr::null(); TAKEN];

/// The functions of a device; null for those that it lacks. Each is called through this table every time.
#[repr(C)]
pub(crate) struct Functions([*const (); 22]);

impl Functions {
    /// The offsets of the six functions that are taken over, in the order of [`Entries`]. Each is 4 bytes
    /// long.
    const TAKEN: [u8; TAKEN] = [0x08 / 4, 0x0C / 4, 0x10 / 4, 0x18 / 4, 0x1C / 4, 0x50 / 4];

    /// Fetches the six entries.
    ///
    /// # Safety
    ///
    /// `table` points to the function table of a device that stays registered.
    #[inline(never)]
    pub(crate) unsafe fn load(table: *mut Self, entries: &mut Entries) {
        for (&at, entry) in Self::TAKEN.iter().zip(entries) {
            // SAFETY: By this function's contract. Volatile, as the kernel and other modules share the table.
            *entry = unsafe { table.cast::<*const ()>().add(at.into()).read_volatile() };
        }
    }

    /// Writes the six entries.
    ///
    /// # Safety
    ///
    /// As for [`load`](Self::load); and the entries are functions that can be called at any time from now
    /// on, with interrupts suspended now so that no caller sees half of them.
    #[inline(never)]
    pub(crate) unsafe fn store(table: *mut Self, entries: &Entries) {
        for (&at, &entry) in Self::TAKEN.iter().zip(entries) {
            // SAFETY: By this function's contract.
            unsafe { table.cast::<*const ()>().add(at.into()).write_volatile(entry) };
        }
    }
}

/// Checks that a game is being started in one of the ways that images are started.
///
/// # Errors
///
/// Reports how something else is started.
pub(crate) fn check_start() -> Result<(), OpenFailure> {
    const GAME: u32 = 0x200;
    /// PRO on all models but the Go, and TheFlow's Adrenaline, start images as the discs they stand for,
    /// 0x120. With an update or contents to download it is 0x160, and 0x124 and 0x126 beside the usual
    /// 0x123 and 0x125. A real disc is started in the same way, but can be recognised by the missing path.
    const IMAGE: [u32; 6] = [0x120, 0x123, 0x124, 0x125, 0x126, 0x160];
    let (config, kind) = (sceKernelInitKeyConfig(), sceKernelInitApitype());
    if config != GAME {
        Err(Check::KeyConfig.found(config))
    } else if IMAGE.contains(&kind) {
        Ok(())
    } else {
        Err(Check::StartType.found(kind))
    }
}

/// Fetches the path of the image that is being started.
///
/// # Errors
///
/// When there is none: the path is shorter than any image's, is unterminated, or points outside memory.
pub(crate) fn image_path(path: &mut Path) -> Result<(), OpenFailure> {
    let start = GetUmdFile();
    // The path may begin at any byte: on ARK-4 and ARK-5 it is 2 more than a multiple of 4
    // (PSP-Archive/ARK-4, common/include/rebootconfig.h:49-54). It is read byte by byte, as other code
    // writes there.
    for place in 0..PATH_LEN {
        let place = start.wrapping_add(place);
        if !is_kernel_address(place.addr()) {
            break;
        }
        // SAFETY: A byte of the kernel's memory; the firmware keeps the path there, in a field of 256 bytes.
        let byte = unsafe { place.read_volatile() };
        if byte == 0 && path.len_to_compare().is_some() {
            return Ok(());
        }
        if byte == 0 || !path.push(byte) {
            break;
        }
    }
    Err(Check::NoImage.found(number(start.addr())))
}

/// Returns whether the firmware still names this image. A game that continues on another disc changes it
/// (ISOChange of ARK-5 and of isage's Adrenaline), and other programs may do so for the next start.
pub(crate) fn names(path: &Path) -> bool {
    let start = GetUmdFile();
    // The firmware's field is as long as any path.
    let inside = start.addr().wrapping_sub(KERNEL.start) <= KERNEL.end - KERNEL.start - PATH_LEN;
    inside
        && path.len_to_compare().is_some_and(|len| {
            // SAFETY: `path` has its NUL and begins with a word, `len` is 8 or more, and the other bytes
            // are in the kernel's memory. Others may write there, so there is never a reference to them;
            // the bytes are only compared.
            unsafe { cisor_differ(start, path.as_ptr(), len) == 0 }
        })
}

/// Returns the function table of the firmware's own driver for disc images.
///
/// # Errors
///
/// When that driver is not loaded, or its table is not as expected.
pub(crate) fn image_driver() -> Result<*mut Functions, OpenFailure> {
    /// ARK, PRO and the older Adrenaline; then the drivers of the newer Adrenaline, whose tables are alike.
    /// The fourth of those, EPI-GalaxyController, works through Sony's own driver.
    const MODULES: &[u8] = b"PRO_Inferno_Driver\0EPI-InfernoDriver\0EPI-March33Driver\0EPI-MEisoDriver\0";
    const NAME: &CStr = c"umd";
    let mut names = MODULES.split_inclusive(|&byte| byte == 0);
    // SAFETY: The names end with a NUL.
    if names.all(|name| !is_kernel_word(unsafe { sceKernelFindModuleByName(name.as_ptr()) }.addr())) {
        return Err(Check::NoDriver.failed());
    }
    // SAFETY: The name ends with a NUL.
    let device = unsafe { sctrlHENFindDriver(NAME.as_ptr().cast()) }.cast::<DeviceTable>();
    let other = Err(Check::NoDevice.found(number(device.addr())));
    if !is_kernel_word(device.addr()) {
        return other;
    }
    // SAFETY: A registered device's table, in kernel memory.
    let (name, functions) = unsafe { ((*device).name, (*device).functions) };
    // The firmware compares only a prefix of a name, newest device first (uofw,
    // src/iofilemgr/iofilemgr.c:1375-1394).
    let len = NAME.count_bytes() + 1;
    // SAFETY: `NAME` has `len` bytes, and the other bytes are in the kernel's memory.
    if !is_kernel_address(name.addr()) || unsafe { memcmp(name, NAME.as_ptr().cast(), len) } != 0 {
        return other;
    }
    if !is_kernel_word(functions.addr()) {
        return Err(Check::Table.found(number(functions.addr())));
    }
    let mut entries = NO_ENTRIES;
    // SAFETY: The function table of a registered device.
    unsafe { Functions::load(functions, &mut entries) };
    for entry in &entries {
        if !is_kernel_word(entry.addr()) {
            return Err(Check::Table.found(number(entry.addr())));
        }
    }
    Ok(functions)
}

/// The kernel's part of the memory.
const KERNEL: Range<usize> = 0x8800_0000..0x8C00_0000;

/// Whether an address is in the kernel's part of memory. Texts may begin anywhere there.
fn is_kernel_address(address: usize) -> bool {
    KERNEL.contains(&address)
}

/// Whether an address can be that of a table or a function in the kernel's part of memory.
pub(crate) fn is_kernel_word(address: usize) -> bool {
    is_kernel_address(address) && address.is_multiple_of(4)
}

/// An address as a number.
fn number(address: usize) -> u32 {
    u32::try_from(address).unwrap_or(u32::MAX)
}
