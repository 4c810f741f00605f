//! The hot loop of LZO1X: instructions, as long as both buffers have room for careless copies.
//!
//! The loop stops before an instruction that is rare, near an end, or wrong. The careful code decodes that
//! one and decides what it is, then the loop goes on.
//!
//! # Bounds
//!
//! `from` and `to` are the cursors. They never leave their buffers.
//!
//! *Room* is asked for once per instruction, by `to <= stop`. A match takes no more bytes from the input than it gives, with its trailing
//! literals; a run takes one more than it gives, or two if its length is continued, and gives four at least. So for `n` bytes
//! of output `n + n / 4` of the input are enough, and [`stop`] finds how far `to` may go for `READS` bytes to be readable at
//! `from` and `WRITES` bytes writable at `to`. It lies `WRITES` bytes before the end of the output or more, and at most `WRITES` bytes
//! before `to`, which is why the output may not begin at an address below that.
//! - `READS`: three bytes of an instruction and a word that is copied from after it. The bytes of continued lengths are checked one by one,
//!   against `last_from`, `OVERRUN` bytes before the end; six bytes are read after them. A run is compared with the room from its first literal to the end
//!   of the input, less `OVERRUN`, as many bytes as are read after it. A length has left the loop long before its sum could overflow.
//! - `WRITES`: a match of eight bytes and a word of trailing literals. So `to` is before `last_to`, `OVERRUN` bytes before the end, and
//!   longer matches and runs are compared with `last_to - to`.
//!
//! *Sources* of words: `back`, the distance less 1, is checked by one comparison. `back - (WORD - 1)`, where what is
//! less than 0 becomes large, is not above `to - nearest`: so the distance is a word or more, and inside of the output.
//! `to >= nearest`, which lies a word past the beginning, is known from before the loop. Other distances are compared with how much there is
//! before `to`, and if they are shorter than a word, the match with `last_to - to`.
//!
//! All these are numbers, as `raw.rs` demands, which also says why this holds when other threads write the packed bytes. The first byte of an
//! instruction is looked at before the loop and after a run, and read again by the turn that follows: if it is another one then, that turn
//! has the same checks as any.

use super::{AFTER_RUN, Stream};
use crate::codec::raw::{
    COPIES_NEAR, OVERRUN, WORD, copy, copy_chunk, fetch, repeat_few, repeat_short, room,
};

/// How many bytes a turn may read and write before it has compared a length.
const READS: usize = 8;
const WRITES: usize = 12;

/// Decodes instructions from where the stream is.
#[inline(never)]
pub(super) fn instructions(stream: &mut Stream<'_>) {
    let packed = stream.packed.as_ptr_range();
    let out = stream.out.as_mut_ptr_range();
    if stream.produced < WORD || stream.at == stream.packed.len() || out.start.addr() < WRITES {
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
        if state == AFTER_RUN && fetch(from) < 16 {
            return;
        }
        'all: loop {
            let stop = stop(from, packed.end, to, out.end);
            if to > stop {
                break;
            }
            while to <= stop {
                let byte = fetch(from);
                // Most instructions are of this kind, of eight bytes at most.
                if byte >= 64 {
                    let back = (byte >> 2 & 7) | fetch(from.add(1)) << 3;
                    let source = to.wrapping_sub(back).wrapping_sub(1);
                    let end = to.add((byte >> 5) + 1);
                    if back.wrapping_sub(WORD - 1) <= room(nearest, to) {
                        copy_chunk::<8>(source, to);
                    } else {
                        if back >= room(out.start, to) || (byte >> 5) + 1 > room(to, last_to) {
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
                            Some((more, after)) => (length, last) = (31 + more, after.sub(1)),
                            None => break 'all,
                        }
                    }
                    let (low, high) = (fetch(last.add(1)), fetch(last.add(2)));
                    let back = low >> 2 | high << 6;
                    let source = to.wrapping_sub(back).wrapping_sub(1);
                    if length + 2 > room(to, last_to) {
                        break 'all;
                    }
                    let end = to.add(length + 2);
                    if back.wrapping_sub(WORD - 1) <= room(nearest, to) {
                        copy_chunk::<8>(source, to);
                        if length > 6 {
                            copy_chunk::<8>(source.add(8), to.add(8));
                            if length > 14 {
                                copy(source.add(16), to.add(16), end);
                            }
                        }
                    } else {
                        if !COPIES_NEAR || back >= room(out.start, to) {
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
                    let back = byte >> 2 | fetch(from.add(1)) << 2;
                    if back >= room(out.start, to) {
                        break 'all;
                    }
                    let second = to.sub(back);
                    to.write(second.sub(1).read());
                    to.add(1).write(second.read());
                    copy_chunk::<4>(from.add(2), to.add(2));
                    state = byte & 3;
                    to = to.add(2 + state);
                    from = from.add(2 + state);
                } else {
                    let mut length = byte;
                    let mut literals = from.add(1);
                    if length == 0 {
                        match continued(literals, last_from) {
                            Some((more, after)) => (length, literals) = (15 + more, after),
                            None => break 'all,
                        }
                    }
                    if length + 3 + OVERRUN > room(literals, packed.end) || length + 3 > room(to, last_to) {
                        break 'all;
                    }
                    let (next, end) = (literals.add(length + 3), to.add(length + 3));
                    copy_chunk::<4>(literals, to);
                    if length > 1 {
                        copy(literals.add(4), to.add(4), end);
                    }
                    (from, to, state) = (next, end, AFTER_RUN);
                    if fetch(from) < 16 {
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
    let reads = room(from, packed_end).wrapping_sub(READS).cast_signed();
    let writes = room(to, out_end).wrapping_sub(WRITES).cast_signed();
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
            let byte = fetch(from);
            from = from.add(1);
            byte
        };
        if byte != 0 {
            return Some((length + byte, from));
        }
        length += 255;
    }
}
