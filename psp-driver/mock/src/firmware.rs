//! Functions that the driver needs from the console, and that the emulator lacks or does not implement as a
//! test needs.
//!
//! [`replacement`] is the list. All of these are called by the driver, which uses the calling convention of
//! this compiler; none has more than four words that matter.

use core::ffi::CStr;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use psp_module::sys::{sceIoClose, sceIoOpen, sceIoRead, sceIoWrite, sceKernelStartThread};

use crate::shared::kernel_address;
use crate::{arena, device};

unsafe extern "C" {
    /// Only ever named: it takes six words, which Rust cannot pass.
    fn sceKernelCreateThread();
    fn mock_on_stack(function: usize, argument: usize, top: usize) -> i32;
}

/// The firmware's facts, and the faults to inject. The script sets them.
pub(crate) struct Settings {
    pub(crate) key_config: AtomicU32,
    pub(crate) application_type: AtomicU32,
    /// 0 if the firmware's own driver for images should be missing.
    pub(crate) image_driver: AtomicU32,
    /// This many of the next reads of the card fail.
    pub(crate) failing_reads: AtomicU32,
    /// This many of the next reads of the card return one byte too few.
    pub(crate) short_reads: AtomicU32,
    /// This many of the next attempts to open a file fail.
    pub(crate) failing_opens: AtomicU32,
}

pub(crate) static SETTINGS: Settings = Settings {
    key_config: AtomicU32::new(0x200),
    application_type: AtomicU32::new(0x123),
    image_driver: AtomicU32::new(1),
    failing_reads: AtomicU32::new(0),
    short_reads: AtomicU32::new(0),
    failing_opens: AtomicU32::new(0),
};

/// Counters of the driver's calls.
pub(crate) struct Counts {
    pub(crate) reads: AtomicU32,
    pub(crate) opens: AtomicU32,
    pub(crate) closes: AtomicU32,
    /// The most bytes of an extended stack that were written to.
    pub(crate) stack: AtomicU32,
}

pub(crate) static COUNTS: Counts = Counts {
    reads: AtomicU32::new(0),
    opens: AtomicU32::new(0),
    closes: AtomicU32::new(0),
    stack: AtomicU32::new(0),
};

/// The path of the image, in a field like that of a custom firmware.
#[repr(C, align(64))]
pub(crate) struct ImagePath(pub(crate) [u8; 256]);

pub(crate) static IMAGE: crate::shared::Shared<ImagePath> = crate::shared::Shared::new(ImagePath([0; 256]));

/// The kernel's codes for something that does not exist, and for a card that does not answer.
const NOT_FOUND: i32 = 0x8002_012E_u32.cast_signed();
const NO_MEMORY: i32 = 0x8002_0190_u32.cast_signed();
const INPUT_OUTPUT: i32 = 0x8001_0005_u32.cast_signed();

/// The function that the driver gets instead of the one it imports; `None` if it gets the emulator's.
pub(crate) fn replacement(library: &[u8], number: u32) -> Option<usize> {
    let function = match (library, number) {
        (b"SystemCtrlForKernel", 0x78E4_6415) => find_driver as *const (),
        (b"SystemCtrlForKernel", 0xAC56_B90B) => umd_file as *const (),
        (b"InitForKernel", 0x7A23_33AD) => application_type as *const (),
        (b"InitForKernel", 0x7233_B5BC) => key_config as *const (),
        (b"LoadCoreForKernel", 0xF6B1_BF0F) => find_module as *const (),
        (b"SysMemForKernel", 0x7158_CE7E) => allocate as *const (),
        (b"SysMemForKernel", 0xC1A2_6C6F) => free as *const (),
        (b"SysMemForKernel", 0xF12A_62F7) => block_address as *const (),
        (b"SysMemForKernel", 0x13F4_A0DE) => largest_free as *const (),
        (b"ThreadManForKernel", 0xBC31_C1B9) => extend_stack as *const (),
        // The emulator has these. They pass through here so that cards can fail.
        (b"IoFileMgrForKernel", 0x109F_50BC) => open as *const (),
        (b"IoFileMgrForKernel", 0x810C_4BC3) => close as *const (),
        (b"IoFileMgrForKernel", 0x6A63_8D83) => read as *const (),
        (b"IoFileMgrForKernel", 0x42EC_03AC) => write as *const (),
        (b"ThreadManForKernel", 0x446D_8DE6) => sceKernelCreateThread as *const (),
        (b"ThreadManForKernel", 0xF475_845D) => sceKernelStartThread as *const (),
        _ => return None,
    };
    Some(kernel_address(function as usize))
}

unsafe extern "C" fn find_driver(name: *const u8) -> usize {
    // SAFETY: The driver passes a text with a NUL.
    if unsafe { CStr::from_ptr(name.cast()) } == c"umd" { device::address() } else { 0 }
}

unsafe extern "C" fn umd_file() -> usize {
    kernel_address(IMAGE.as_ptr().addr())
}

unsafe extern "C" fn application_type() -> u32 {
    SETTINGS.application_type.load(Relaxed)
}

unsafe extern "C" fn key_config() -> u32 {
    SETTINGS.key_config.load(Relaxed)
}

unsafe extern "C" fn find_module(name: *const u8) -> usize {
    // SAFETY: The driver passes a text with a NUL.
    let known = unsafe { CStr::from_ptr(name.cast()) } == c"PRO_Inferno_Driver";
    if known && SETTINGS.image_driver.load(Relaxed) != 0 { device::address() } else { 0 }
}

/// Block numbers start here, so that a wrong number is noticed.
const FIRST_BLOCK: i32 = 0x0B10_0000;

unsafe extern "C" fn allocate(partition: i32, _name: *const u8, placement: i32, size: u32) -> i32 {
    if partition != 1 || !(0..=1).contains(&placement) {
        return NOT_FOUND;
    }
    arena::allocate(size as usize)
        .and_then(|number| i32::try_from(number).ok())
        .map_or(NO_MEMORY, |number| FIRST_BLOCK + number)
}

unsafe extern "C" fn free(block: i32) -> i32 {
    let number = usize::try_from(block - FIRST_BLOCK).unwrap_or(usize::MAX);
    if arena::free(number) { 0 } else { NOT_FOUND }
}

unsafe extern "C" fn block_address(block: i32) -> usize {
    let number = usize::try_from(block - FIRST_BLOCK).unwrap_or(usize::MAX);
    arena::address(number).map_or(0, kernel_address)
}

unsafe extern "C" fn largest_free(partition: i32) -> usize {
    if partition == 1 { arena::largest_free() } else { 0 }
}

/// The stack that the kernel lends, and its initial fill byte.
const STACK_LEN: usize = 0x2000;
const UNTOUCHED: u8 = 0xA7;

#[repr(C, align(64))]
struct Stack([u8; STACK_LEN]);

static STACK: crate::shared::Shared<Stack> = crate::shared::Shared::new(Stack([0; STACK_LEN]));

unsafe extern "C" fn extend_stack(bytes: u32, function: usize, argument: usize) -> i32 {
    if bytes as usize > STACK_LEN {
        return NO_MEMORY;
    }
    let bottom = STACK.as_ptr().addr();
    STACK.with(|stack| stack.0.fill(UNTOUCHED));
    // SAFETY: The driver passes a function that takes one word and returns one. Its lock lets only one
    // thread at a time get here, so the stack is not shared.
    let result = unsafe { mock_on_stack(function, argument, kernel_address(bottom + STACK_LEN)) };
    let left = STACK.with(|stack| stack.0.iter().position(|&byte| byte != UNTOUCHED).unwrap_or(STACK_LEN));
    COUNTS.stack.fetch_max(u32::try_from(STACK_LEN - left).unwrap_or(u32::MAX), Relaxed);
    result
}

/// Decrements a number of pending faults. Returns whether there was one.
fn happens(mishaps: &AtomicU32) -> bool {
    let left = mishaps.load(Relaxed);
    mishaps.store(left.saturating_sub(1), Relaxed);
    left > 0
}

unsafe extern "C" fn open(path: *const u8, flags: i32, mode: i32) -> i32 {
    if happens(&SETTINGS.failing_opens) {
        return INPUT_OUTPUT;
    }
    // SAFETY: What the driver passed.
    let descriptor = unsafe { sceIoOpen(path, flags, mode) };
    if descriptor >= 0 {
        COUNTS.opens.fetch_add(1, Relaxed);
    }
    descriptor
}

unsafe extern "C" fn close(descriptor: i32) -> i32 {
    let result = sceIoClose(descriptor);
    if result >= 0 {
        COUNTS.closes.fetch_add(1, Relaxed);
    }
    result
}

unsafe extern "C" fn read(descriptor: i32, buffer: *mut u8, len: u32) -> i32 {
    COUNTS.reads.fetch_add(1, Relaxed);
    if happens(&SETTINGS.failing_reads) {
        return INPUT_OUTPUT;
    }
    let short = len > 0 && happens(&SETTINGS.short_reads);
    // SAFETY: What the driver passed, or a byte less.
    unsafe { sceIoRead(descriptor, buffer, len - u32::from(short)) }
}

unsafe extern "C" fn write(descriptor: i32, bytes: *const u8, len: u32) -> i32 {
    // SAFETY: What the driver passed.
    unsafe { sceIoWrite(descriptor, bytes, len) }
}
