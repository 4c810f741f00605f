//! The hot loop of LZO1X: instructions, as long as both buffers have room for careless copies.
//!
//! The loop stops before an instruction that is rare, near an end, or wrong. The careful code decodes that
//! one and decides what it is, then the loop goes on.
//!
//! # Bounds
//!
//! *Room* is asked for once per instruction, by `to <= stop`. A match takes no more bytes from the input than it gives, with its trailing
//! literals; a run takes one more than it gives, or two if its length is continued, and gives four at least. So for `n` bytes
//! of output `n + n / 4` of the input are enough, and [`stop`] finds how far `to` may go for `READS` bytes to be readable at
//! `from` and `WRITES` bytes writable at `to`.
//! - `READS`: three bytes of an instruction and a word that is copied from behind it. Where continued lengths or runs end is
//!   compared with `last_from`, `OVERRUN` bytes before the end: as many bytes are read behind a run, six behind a length. The bytes of
//!   continued lengths are checked one by one.
//! - `WRITES`: a match of eight bytes and a word of trailing literals. Longer matches and runs end at `last_to` or before,
//!   `OVERRUN` bytes before the end.
//!
//! *Sources* of words: `back`, the distance less 1, is checked by one comparison. `back - (WORD - 1)`, where what is
//! less than 0 becomes large, is not above `to - nearest`: so the distance is a word or more, and inside of the output.
//! `to >= nearest`, which lies a word behind the beginning, is known from before the loop. Other sources are compared with the
//! beginning of the output, and if they are nearer than a word, the match ends at `last_to` or before. Distances here are at most 2^14, and the address of the output is higher.

use super::{AFTER_RUN, Stream};
use crate::codec::raw::{COPIES_NEAR, OVERRUN, WORD, copy, copy_chunk, repeat_few, repeat_short};

/// Decodes instructions from where the stream is.
#[inline(never)]
pub(super) fn instructions(stream: &mut Stream<'_>) {
    const MAX_DISTANCE: usize = 1 << 14;
    let packed = stream.packed.as_ptr_range();
    let out = stream.out.as_mut_ptr_range();
    if stream.produced < WORD || stream.at == stream.packed.len() || out.start.addr() <= MAX_DISTANCE {
        return;
    }
    let mut state = stream.state;
    // SAFETY: see the head of the file.
    unsafe {
        let nearest = out.start.add(WORD);
        let last_from = packed.end.wrapping_sub(OVERRUN);
        let last_to = out.end.wrapping_sub(OVERRUN);
        let mut from = packed.start.add(stream.at);
        let mut to = out.start.add(stream.produced);
        if state == AFTER_RUN && from.read() < 16 {
            return;
        }
        'all: loop {
            let stop = stop(from, packed.end, to, out.end);
            if to > stop {
                break;
            }
            while to <= stop {
                let byte = usize::from(from.read());
                // Most instructions are of this kind, of eight bytes at most.
                if byte >= 64 {
                    let back = (byte >> 2 & 7) | usize::from(from.add(1).read()) << 3;
                    let source = to.wrapping_sub(back).wrapping_sub(1);
                    let end = to.add((byte >> 5) + 1);
                    if back.wrapping_sub(WORD - 1) <= to.addr() - nearest.addr() {
                        copy_chunk::<8>(source, to);
                    } else {
                        if source < out.start || end > last_to {
                            break 'all;
                        }
                        repeat_few(to, back + 1, end);
                    }
                    copy_chunk::<4>(from.add(2), end);
                    state = byte & 3;
                    to = end.add(state);
                    from = from.add(2 + state);
                } else if byte >= 16 {
                    if byte < 32 {
                        break 'all;
                    }
                    let mut length = byte & 31;
                    // The last byte before the operand.
                    let mut last = from;
                    if length == 0 {
                        match continued(from.add(1), last_from) {
                            Some((more, behind)) => (length, last) = (31 + more, behind.sub(1)),
                            None => break 'all,
                        }
                    }
                    let (low, high) = (usize::from(last.add(1).read()), usize::from(last.add(2).read()));
                    let back = low >> 2 | high << 6;
                    let source = to.wrapping_sub(back).wrapping_sub(1);
                    let end = to.wrapping_add(length + 2);
                    if end > last_to {
                        break 'all;
                    }
                    if back.wrapping_sub(WORD - 1) <= to.addr() - nearest.addr() {
                        copy_chunk::<8>(source, to);
                        if length > 6 {
                            copy_chunk::<8>(source.add(8), to.add(8));
                            if length > 14 {
                                copy(source.add(16), to.add(16), end);
                            }
                        }
                    } else {
                        if !COPIES_NEAR || source < out.start {
                            break 'all;
                        }
                        repeat_short(to, back + 1, end);
                    }
                    copy_chunk::<4>(last.add(3), end);
                    state = low & 3;
                    to = end.add(state);
                    from = last.add(3 + state);
                } else if state != 0 {
                    // Two bytes. A run has made sure that this does not come behind it.
                    let second = to.wrapping_sub(byte >> 2 | usize::from(from.add(1).read()) << 2);
                    if second <= out.start {
                        break 'all;
                    }
                    to.write(second.sub(1).read());
                    to.add(1).write(second.read());
                    copy_chunk::<4>(from.add(2), to.add(2));
                    state = byte & 3;
                    to = to.add(2 + state);
                    from = from.add(2 + state);
                } else {
                    let mut length = byte;
                    let mut behind = from.add(1);
                    if length == 0 {
                        match continued(behind, last_from) {
                            Some((more, after)) => (length, behind) = (15 + more, after),
                            None => break 'all,
                        }
                    }
                    let next = behind.wrapping_add(length + 3);
                    let end = to.wrapping_add(length + 3);
                    if next > last_from || end > last_to {
                        break 'all;
                    }
                    copy_chunk::<4>(behind, to);
                    if length > 1 {
                        copy(behind.add(4), to.add(4), end);
                    }
                    (from, to, state) = (next, end, AFTER_RUN);
                    if from.read() < 16 {
                        break 'all;
                    }
                }
            }
        }
        stream.at = from.offset_from_unsigned(packed.start);
        stream.produced = to.offset_from_unsigned(out.start);
    }
    stream.state = state;
}

/// Returns up to where `to` may go for the loop to begin one more instruction, by what instructions take and give at most. That is
/// before `to` when there is no room for one.
#[inline(always)]
fn stop(from: *const u8, packed_end: *const u8, to: *mut u8, out_end: *mut u8) -> *mut u8 {
    const READS: usize = 8;
    const WRITES: usize = 12;
    let reads = packed_end.addr().wrapping_sub(from.addr() + READS).cast_signed();
    let writes = out_end.addr().wrapping_sub(to.addr() + WRITES).cast_signed();
    to.wrapping_offset((reads - (reads >> 2)).min(writes))
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
