//! The hot loop of LZO1X: instructions, as long as both buffers have room for careless copies.
//!
//! The loop stops before an instruction that is rare, near an end, or wrong. The careful code decodes that
//! one and decides what it is, then the loop goes on.
//!
//! # Bounds
//!
//! - `from <= last_from` at the top, which lies `MARGIN` bytes before the end. An instruction takes up to three bytes,
//!   and a word is copied from behind it: seven bytes. Behind a run of literals, which is read with an overrun of up
//!   to `OVERRUN` bytes, `from <= last_from` too. The bytes of continued lengths are checked one by one.
//! - A run or a match is written only if it ends at `last_to` or before, `OVERRUN` bytes before the end. The
//!   trailing literals are a word behind that.
//! - A match is copied only from inside of the output. Distances here are at most 2^14, and the address of the
//!   output is higher.

use super::{AFTER_RUN, Stream};
use crate::codec::raw::{OVERRUN, WORD, copy, copy_chunk, repeat_short};

const MARGIN: usize = 8;

/// Decodes instructions from where the stream is.
#[inline(never)]
pub(super) fn instructions(stream: &mut Stream<'_>) {
    const MAX_DISTANCE: usize = 1 << 14;
    const _: () = assert!(MARGIN >= OVERRUN);
    let packed = stream.packed.as_ptr_range();
    let out = stream.out.as_mut_ptr_range();
    if stream.packed.len() - stream.at < MARGIN
        || stream.out.len() < OVERRUN
        || stream.produced > stream.out.len() - OVERRUN
        || out.start.addr() <= MAX_DISTANCE
    {
        return;
    }
    let mut state = stream.state;
    // SAFETY: see the head of the file.
    unsafe {
        let last_from = packed.end.sub(MARGIN);
        let last_to = out.end.sub(OVERRUN);
        let last_two = last_to.wrapping_sub(2);
        let mut from = packed.start.add(stream.at);
        let mut to = out.start.add(stream.produced);
        while from <= last_from {
            let byte = usize::from(from.read());
            // Most instructions are of the first two kinds, of eight and of two bytes at most.
            if byte >= 64 {
                let distance = 1 + ((byte >> 2 & 7) | usize::from(from.add(1).read()) << 3);
                let source = to.wrapping_sub(distance);
                let end = to.wrapping_add((byte >> 5) + 1);
                if source < out.start || end > last_to {
                    break;
                }
                if distance >= WORD {
                    copy_chunk::<8>(source, to);
                } else {
                    repeat_short(to, distance, end);
                }
                copy_chunk::<4>(from.add(2), end);
                state = byte & 3;
                from = from.add(2 + state);
                to = end.add(state);
                continue;
            }
            if byte < 16 && state != 0 {
                let distance = 1 + (byte >> 2 | usize::from(from.add(1).read()) << 2);
                let source = to.wrapping_sub(distance);
                if state == AFTER_RUN || source < out.start || to > last_two {
                    break;
                }
                to.write(source.read());
                to.add(1).write(source.add(1).read());
                copy_chunk::<4>(from.add(2), to.add(2));
                state = byte & 3;
                from = from.add(2 + state);
                to = to.add(2 + state);
                continue;
            }
            if byte < 16 {
                let mut len = byte;
                let mut behind = from.add(1);
                if len == 0 {
                    match continued(behind, last_from) {
                        Some((more, after)) => (len, behind) = (15 + more, after),
                        None => break,
                    }
                }
                let next = behind.wrapping_add(len + 3);
                let end = to.wrapping_add(len + 3);
                if next > last_from || end > last_to {
                    break;
                }
                copy_chunk::<4>(behind, to);
                if len > 1 {
                    copy(behind.add(4), to.add(4), end);
                }
                (from, to, state) = (next, end, AFTER_RUN);
                continue;
            }
            if byte < 32 {
                break;
            }
            let mut len = byte & 31;
            let mut behind = from.add(1);
            if len == 0 {
                match continued(behind, last_from) {
                    Some((more, after)) => (len, behind) = (31 + more, after),
                    None => break,
                }
            }
            let (low, high) = (usize::from(behind.read()), usize::from(behind.add(1).read()));
            let distance = 1 + (low >> 2 | high << 6);
            let source = to.wrapping_sub(distance);
            let end = to.wrapping_add(len + 2);
            if source < out.start || end > last_to {
                break;
            }
            if distance >= WORD {
                copy_chunk::<8>(source, to);
                if len > 6 {
                    copy(source.add(8), to.add(8), end);
                }
            } else {
                repeat_short(to, distance, end);
            }
            copy_chunk::<4>(behind.add(2), end);
            state = low & 3;
            from = behind.add(2 + state);
            to = end.add(state);
        }
        stream.at = from.offset_from_unsigned(packed.start);
        stream.produced = to.offset_from_unsigned(out.start);
    }
    stream.state = state;
}

/// Adds up the bytes that continue a length. `None` when that would take them up to `last`, or make the length
/// larger than any block.
///
/// # Safety
///
/// The bytes up to `last` can be read, and `OVERRUN` more.
#[inline]
unsafe fn continued(mut from: *const u8, last: *const u8) -> Option<(usize, *const u8)> {
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
        if byte != 0 {
            return Some((length + usize::from(byte), from));
        }
        length += 255;
    }
}
