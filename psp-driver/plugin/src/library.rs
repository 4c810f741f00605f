//! The library `cisor_driver`: reports the driver's state to programs and other plugins.
//!
//! Programs call it with syscalls. Each function returns 0 or more, or a negative code.
//!
//! | function | number | answers |
//! |---|---|---|
//! | `cisorDriverStatus()` | 0x44ADC6AC | 1 while the driver serves an image |
//! | `cisorDriverGetImage(buffer, size)` | 0x09C3A0D2 | 32 bytes of [`image`] |
//! | `cisorDriverGetCounters(buffer, size)` | 0xF2814FD4 | 32 bytes of [`counters`] |

use umd_device::{Counters, ErrorCode};

use crate::kernel::user_memory::Caller;
use crate::serving;

pub(crate) unsafe extern "C" fn status(_: u32, _: u32, _k1: u32) -> i32 {
    serving::counters().is_some().into()
}

/// Copies the facts about the image: format (0 ISO, 1 CSO, 2 CSO v2, 3 ZSO, 4 DAX, 5 JSO), block size in
/// bytes, number of sectors, reserved; length of the image and of the file in bytes, 64 bits each.
pub(crate) unsafe extern "C" fn image(buffer: *mut u8, size: u32, k1: u32) -> i32 {
    let facts = serving::with_device(|device| {
        let layout = device.disc().layout();
        let words = [layout.format() as u32, layout.block_size(), device.disc().sectors(), 0];
        record(words, [layout.image_size(), layout.file_len()])
    });
    // SAFETY: The caller's arguments, with its rights.
    unsafe { give(facts, buffer, size, Caller::of_syscall(k1)) }
}

/// Copies the counters: reads, reads of these without the card, reads from the card, retries; bytes, bytes
/// from the card, 64 bits each.
pub(crate) unsafe extern "C" fn counters(buffer: *mut u8, size: u32, k1: u32) -> i32 {
    let counters = serving::counters().map(|counters| {
        let Counters { requests, hits, card_reads, retries, bytes, card_bytes } = counters;
        record([requests, hits, card_reads, retries], [bytes, card_bytes])
    });
    // SAFETY: The caller's arguments, with its rights.
    unsafe { give(counters, buffer, size, Caller::of_syscall(k1)) }
}

/// A record in the callers' layout: four words, then two 64-bit numbers.
type Record = [u32; 8];

fn record([a, b, c, d]: [u32; 4], [e, f]: [u64; 2]) -> Record {
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a 64-bit word")]
    let halves = |long: u64| [long as u32, (long >> 32) as u32];
    let ([e, f], [g, h]) = (halves(e), halves(f));
    [a, b, c, d, e, f, g, h]
}

/// Copies a record to the caller's buffer; returns its length.
///
/// # Safety
///
/// `buffer` points to `size` bytes that the caller lends, if it may name them at all.
#[inline(never)]
unsafe fn give(record: Option<Record>, buffer: *mut u8, size: u32, caller: Caller) -> i32 {
    const LEN: u32 = 8 * 4;
    let Some(record) = record else { return ErrorCode::NotReady.code() };
    let address = u32::try_from(buffer.addr()).unwrap_or(u32::MAX);
    if size < LEN {
        return ErrorCode::BufferTooSmall.code();
    }
    if buffer.is_null() || !caller.may_name(address, LEN) {
        return ErrorCode::InvalidArgument.code();
    }
    // SAFETY: By this function's contract, and the caller may name the bytes. A caller's buffer may be
    // unaligned.
    unsafe { buffer.cast::<Record>().write_unaligned(record) };
    LEN.cast_signed()
}
