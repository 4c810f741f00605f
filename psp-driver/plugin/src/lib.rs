//! The sector decoder, built for the PSP's own processor.
//!
//! **This is not the driver yet.** It takes over no reads and cannot be installed on a console. It is here
//! so that the decoder's console build is a real one: compiled with the settings that a plugin is built
//! with, linked without a standard library, and measured (`cargo xtask psp` prints its size).
#![no_std]

use core::panic::PanicInfo;
use core::slice;

use sector_decode::{Coding, Decoder};

/// A block was decoded.
const DONE: i32 = 0;
/// The packed bytes are damaged.
const DAMAGED: i32 = -1;
/// The number of the coding is none of those that are defined.
const UNKNOWN_CODING: i32 = -2;

/// Decodes one whole block of a compressed image.
///
/// `coding` is 0 for stored, 1 for raw deflate, 2 for zlib, 3 for LZ4, 4 for LZO. `packed` has
/// `packed_len` bytes, `out` has room for a block of `out_len` bytes, all of which must come out.
/// Returns 0, -1 when the packed bytes are damaged, -2 when there is no such coding. Uses about 11 KB of
/// stack for the decoder's tables.
///
/// # Safety
///
/// `packed` is readable for `packed_len` bytes and `out` is writable for `out_len` bytes, both hold
/// initialised bytes, the two do not overlap, and nobody else touches them during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cisor_decode_block(
    coding: u32,
    packed: *const u8,
    packed_len: usize,
    out: *mut u8,
    out_len: usize,
) -> i32 {
    let coding = match coding {
        0 => Coding::Stored,
        1 => Coding::Deflate,
        2 => Coding::Zlib,
        3 => Coding::Lz4,
        4 => Coding::Lzo,
        _ => return UNKNOWN_CODING,
    };
    // SAFETY: the caller promises a readable range of this length that nobody writes meanwhile.
    let packed = unsafe { slice::from_raw_parts(packed, packed_len) };
    // SAFETY: the caller promises a writable range of this length that nobody else uses, apart from `packed`.
    let out = unsafe { slice::from_raw_parts_mut(out, out_len) };
    match Decoder::new().decode(coding, packed, out, out_len) {
        Ok(()) => DONE,
        Err(_) => DAMAGED,
    }
}

/// The decoder never panics; should it all the same, the console stands still instead of going on with
/// damaged memory.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
