//! The hot loop of LZ4: whole sequences, as long as both buffers have room for careless copies.
//!
//! A sequence is a token, literals, and a match. The loop decodes one only when it is certain that it is
//! sound and lies inside: otherwise it stops before that sequence and leaves it to the careful loop,
//! which finds out what is wrong or that it was only the end. So no error is decided here.
//!
//! # Bounds
//!
//! `from` and `to` are the cursors; at the top of the loop `from` lies before the end of its buffer, and
//! `to` is not behind `last_to`.
//! - `next`, behind the literals, is not behind `last_from`, which lies `OVERRUN` bytes before the end. So
//!   literals can be read with their overrun, and so can the four bytes of which two are the distance,
//!   and the token behind them. The bytes of long lengths are checked one by one.
//! - `end`, behind the match, is not behind `last_to`, which lies `OVERRUN` bytes before the end. The literals end
//!   before it. Nothing is written before this is known.
//! - `source`, where the match is copied from, is not before the beginning of the output.
//!
//! Pointers are compared as such only when they are known to be inside of their buffer; what is added
//! before that is a number. A distance is below 2^16, and the address of the output is not.

use super::{LONG, MIN_MATCH};
use crate::codec::raw::{OVERRUN, WORD, copy, copy_chunk, load, repeat_short};

/// Decodes sequences from the beginning of `packed` to `out`. Returns how many bytes of both are done,
/// which is always behind a match and with room left in `out`.
#[inline(never)]
pub(super) fn sequences(packed: &[u8], out: &mut [u8]) -> (usize, usize) {
    const MAX_DISTANCE: usize = u16::MAX as usize;
    let packed_range = packed.as_ptr_range();
    let out_range = out.as_mut_ptr_range();
    if packed.len() <= OVERRUN || out.len() <= OVERRUN || out_range.start.addr() <= MAX_DISTANCE {
        return (0, 0);
    }
    // SAFETY: see the head of the file.
    unsafe {
        let last_from = packed_range.end.sub(OVERRUN);
        let last_to = out_range.end.sub(OVERRUN + 1);
        let (mut from, mut to) = (packed_range.start, out_range.start);
        loop {
            let token = usize::from(from.read());
            let mut bytes = from.add(1);
            let mut literals = token >> 4;
            if literals == LONG {
                match long_length(bytes, last_from) {
                    Some((more, behind)) => (literals, bytes) = (LONG + more, behind),
                    None => break,
                }
            }
            let next = bytes.wrapping_add(literals);
            if next > last_from {
                break;
            }
            let distance = load(next) as usize & MAX_DISTANCE;
            let mut behind = next.add(2);
            let mut length = token & LONG;
            if length == LONG {
                match long_length(behind, last_from) {
                    Some((more, after)) => (length, behind) = (LONG + more, after),
                    None => break,
                }
            }
            let target = to.wrapping_add(literals);
            let end = target.wrapping_add(length + MIN_MATCH);
            let source = target.wrapping_sub(distance);
            if end > last_to || source < out_range.start {
                break;
            }
            if literals != 0 {
                copy_chunk::<4>(bytes, to);
                if literals > 4 {
                    copy_chunk::<8>(bytes.add(4), to.add(4));
                    if literals > 12 {
                        copy(bytes.add(12), to.add(12), target);
                    }
                }
            }
            if distance >= WORD {
                copy_chunk::<8>(source, target);
                if length + MIN_MATCH > 8 {
                    copy_chunk::<8>(source.add(8), target.add(8));
                    if length + MIN_MATCH > 16 {
                        copy(source.add(16), target.add(16), end);
                    }
                }
            } else if distance != 0 {
                repeat_short(target, distance, end);
            } else {
                break;
            }
            (from, to) = (behind, end);
        }
        (from.offset_from_unsigned(packed_range.start), to.offset_from_unsigned(out_range.start))
    }
}

/// Adds up the bytes that continue a length. `None` when that would take them from `last` or behind, or
/// make the length larger than any block.
///
/// # Safety
///
/// The bytes before `last` can be read.
#[inline]
unsafe fn long_length(mut from: *const u8, last: *const u8) -> Option<(usize, *const u8)> {
    const ENOUGH: usize = 1 << 21;
    let mut length = 0;
    loop {
        if from >= last || length > ENOUGH {
            return None;
        }
        // SAFETY: before `last`.
        let byte = unsafe {
            let byte = from.read();
            from = from.add(1);
            byte
        };
        length += usize::from(byte);
        if byte != u8::MAX {
            return Some((length, from));
        }
    }
}
