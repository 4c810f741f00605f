//! The functions that the bench calls inside the emulated CPU: one C function per measurement.
//!
//! All take (packed, packed length, out, block size) and return 0 when the block decoded.
#![no_std]
#![feature(asm_experimental_arch)]

use core::arch::global_asm;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::slice;

use sector_decode::{Coding, Decoder};

// `memcpy` and its kin, as the driver has them.
global_asm!(include_str!("../../../../psp-driver/plugin/src/abi/memory.s"));

/// Memory for the only decoder, which a driver would keep in a `static`.
struct Slot<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: the emulated machine has one thread.
unsafe impl<T> Sync for Slot<T> {}

static DECODER: Slot<Decoder> = Slot(UnsafeCell::new(MaybeUninit::uninit()));

/// Must be called once before everything else.
#[unsafe(no_mangle)]
pub extern "C" fn set_up() -> i32 {
    // SAFETY: there is one thread, and references to the contents do not exist yet.
    unsafe { (*DECODER.0.get()).write(Decoder::new()) };
    0
}

/// Returns the size of a decoder in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn state_size() -> usize {
    size_of::<Decoder>()
}

fn decode(coding: Coding, packed: *const u8, len: usize, out: *mut u8, room: usize) -> i32 {
    // SAFETY: the bench passes the bounds of two buffers that it mapped, and called `set_up`.
    let (packed, out, decoder) = unsafe {
        (
            slice::from_raw_parts(packed, len),
            slice::from_raw_parts_mut(out, room),
            (*DECODER.0.get()).assume_init_mut(),
        )
    };
    i32::from(decoder.decode_block(coding, packed, out).is_err())
}

#[unsafe(no_mangle)]
pub extern "C" fn decode_stored(packed: *const u8, len: usize, out: *mut u8, room: usize) -> i32 {
    decode(Coding::Stored, packed, len, out, room)
}

#[unsafe(no_mangle)]
pub extern "C" fn decode_deflate(packed: *const u8, len: usize, out: *mut u8, room: usize) -> i32 {
    decode(Coding::Deflate, packed, len, out, room)
}

#[unsafe(no_mangle)]
pub extern "C" fn decode_lz4(packed: *const u8, len: usize, out: *mut u8, room: usize) -> i32 {
    decode(Coding::Lz4, packed, len, out, room)
}

#[unsafe(no_mangle)]
pub extern "C" fn decode_lzo(packed: *const u8, len: usize, out: *mut u8, room: usize) -> i32 {
    decode(Coding::Lzo, packed, len, out, room)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // Access to an unmapped address stops the emulator with an error.
    // SAFETY: not safe, and meant to fail.
    unsafe { core::ptr::null_mut::<u32>().wrapping_add(1).write_volatile(0) };
    loop {}
}
