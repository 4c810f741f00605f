//! Loads the driver with the emulator's loader, and hooks its imports as custom firmwares hook those of
//! other modules.

use core::ffi::CStr;

use psp_module::sys::{
    ModuleInfo, sceKernelIcacheInvalidateAll, sceKernelLoadModule, sceKernelQueryModuleInfo,
    sceKernelUnloadModule,
};

use crate::file::File;
use crate::firmware;

unsafe extern "C" {
    // `sceKernelStartModule` and `sceKernelStopModule`, by assembly: five words each.
    fn mock_start_module(
        module: i32,
        len: u32,
        argument: *const u8,
        result: *mut i32,
        options: *const u8,
    ) -> i32;
    fn mock_stop_module(
        module: i32,
        len: u32,
        argument: *const u8,
        result: *mut i32,
        options: *const u8,
    ) -> i32;
}

/// An entry of a module's table of imports: five words.
#[derive(Clone, Copy)]
#[repr(C)]
struct Import {
    library: *const u8,
    version: u16,
    attributes: u16,
    words: u8,
    variables: u8,
    functions: u16,
    numbers: *const u32,
    stubs: *mut [u32; 2],
}

/// A module that is loaded.
#[derive(Clone, Copy)]
pub(crate) struct Loaded(i32);

/// Where its imports came from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Imports {
    /// Functions of this module.
    pub(crate) ours: u32,
    /// Functions of the emulator.
    pub(crate) emulators: u32,
    /// Functions that were not found.
    pub(crate) missing: u32,
}

impl Loaded {
    /// Loads a module and hooks its imports. It does not run yet.
    ///
    /// # Errors
    ///
    /// The emulator's code.
    pub(crate) fn load(path: &CStr) -> Result<(Self, Imports), i32> {
        let at = info_offset(path).ok_or(-1)?;
        // SAFETY: The path ends with a NUL; no options.
        let module = unsafe { sceKernelLoadModule(path.as_ptr().cast(), 0, core::ptr::null()) };
        if module < 0 {
            return Err(module);
        }
        let mut info = ModuleInfo { size: 0x60, segments: [0; 4], segment_addresses: [0; 4], rest: [0; 16] };
        // SAFETY: The emulator writes at most `size` bytes, which the structure has.
        let result = unsafe { sceKernelQueryModuleInfo(module, &raw mut info) };
        if result < 0 {
            return Err(result);
        }
        let imports = hook(info.segment_addresses[0] + at);
        sceKernelIcacheInvalidateAll();
        Ok((Self(module), imports))
    }

    /// Runs the module's start with an argument. Returns what it returned, or the emulator's code.
    pub(crate) fn start(self, argument: &[u8]) -> i32 {
        let len = u32::try_from(argument.len()).unwrap_or(0);
        let mut result = 0;
        // SAFETY: The emulator copies the argument and writes the result; no options.
        let code =
            unsafe { mock_start_module(self.0, len, argument.as_ptr(), &raw mut result, core::ptr::null()) };
        if code < 0 { code } else { result }
    }

    /// Runs the module's stop, and unloads it when that agrees. Returns what it returned, or the emulator's
    /// code.
    pub(crate) fn stop(self) -> i32 {
        let mut result = 0;
        // SAFETY: No argument, no options; the emulator writes the result.
        let code =
            unsafe { mock_stop_module(self.0, 0, core::ptr::null(), &raw mut result, core::ptr::null()) };
        if code < 0 { code } else { result }
    }

    /// Takes the module out of memory.
    pub(crate) fn unload(self) -> i32 {
        // SAFETY: The caller runs nothing of the module any more.
        unsafe { sceKernelUnloadModule(self.0) }
    }
}

/// Returns the offset of a module's description in its segment.
fn info_offset(path: &CStr) -> Option<u32> {
    let mut header = [0; 0x54];
    if !File::open(path)?.read(&mut header) {
        return None;
    }
    let word = |at: usize| Some(u32::from_le_bytes(*header.get(at..)?.first_chunk()?));
    // The file's only program header follows the file's header; the kernel's mark is in the physical address.
    let (offset, physical) = (word(0x38)?, word(0x40)?);
    (physical & 0x1FFF_FFFF).checked_sub(offset)
}

/// Puts this firmware's functions into a module's stubs. `info` is the address of the module's description.
fn hook(info: u32) -> Imports {
    let field = |at: u32| (info + at) as usize as *const u32;
    // SAFETY: The emulator has just loaded a module with a description there. Two of its words, set by the
    // emulator's relocations: begin and end of a table.
    let (mut entry, end) = unsafe { (*field(0x2C) as usize, *field(0x30) as usize) };
    let mut found = Imports::default();
    while entry < end {
        // SAFETY: An entry of the table.
        let import = unsafe { *(entry as *const Import) };
        // SAFETY: Each names its library by a text with a NUL.
        let library = unsafe { CStr::from_ptr(import.library.cast()) };
        for number in 0..usize::from(import.functions) {
            // SAFETY: Both tables have as many items as the entry says.
            let (nid, stub) = unsafe { (*import.numbers.add(number), import.stubs.add(number)) };
            match firmware::replacement(library.to_bytes(), nid) {
                Some(function) => {
                    found.ours += 1;
                    let target = u32::try_from(function).unwrap_or(0);
                    // SAFETY: A stub of a module that does not run yet. Two instructions: a jump, and
                    // nothing.
                    unsafe { stub.write_volatile([0x0800_0000 | (target >> 2 & 0x03FF_FFFF), 0]) };
                }
                // SAFETY: A stub, as the emulator's loader left it.
                None if leads_somewhere(unsafe { stub.read_volatile() }) => found.emulators += 1,
                None => found.missing += 1,
            }
        }
        entry += usize::from(import.words) * 4;
    }
    found
}

/// Whether a stub leads to a function that the emulator knows.
fn leads_somewhere(stub: [u32; 2]) -> bool {
    const JUMP_BACK: u32 = 0x03E0_0008;
    const SYSTEM_CALL: u32 = 0x0C;
    stub[0] == JUMP_BACK && stub[1] & 0x3F == SYSTEM_CALL
}
