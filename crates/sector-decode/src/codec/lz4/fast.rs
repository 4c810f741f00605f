//! The hot loop of LZ4: whole sequences, as long as both buffers have room for careless copies.
//!
//! A sequence is a token, literals, and a match. The loop decodes one only when it is certain that it is
//! sound and lies inside: otherwise it stops before that sequence and leaves it to the careful loop,
//! which finds out what is wrong or that it was only the end. So no error is decided here.
//!
//! # Bounds
//!
//! `from` and `to` are the cursors. They move only together, when a whole sequence is done, and never leave their buffers.
//!
//! *Room* is asked for once per sequence, by `to <= stop`. A sequence takes no more bytes from the input than it gives: 3 beside its
//! literals, where its match has 4 at least, and more only for a length that is continued, by bytes of which each stands for
//! more than itself. (Literals that are continued by more than one byte, which could break this rule, stop the loop.) So [`stop`]
//! finds how far `to` may go for `READS` bytes to be readable at `from` and `WRITES` bytes writable at `to`. It lies
//! `WRITES` bytes before the end of the output or more, and at most `WRITES` bytes before `to`, which is why the output may not begin
//! at an address below that.
//! - At most 4 literals and the 8 bytes that begin a match are what `WRITES` is. The literals, distance and length are fewer than `READS`.
//! - More literals are compared with `stop - to`, the room for them, before more than 4 of them are copied. By the same rule the input then has
//!   `READS` bytes from two bytes before their end on, which is enough for the overrun of their copy, the distance, and a byte of length.
//! - So `target`, where the match begins, is never after `last_to`, which lies `OVERRUN` bytes before the end. A match of more than 8 bytes is
//!   compared with `last_to - target`: its copies go `OVERRUN` bytes too far at most, as their last chunk begins before its end.
//! - The bytes that continue its length are checked one by one, against the last byte of the input: so there is one to read
//!   at `from` after every sequence. A length has left the loop long before its sum could overflow.
//!
//! *Sources* of words are checked by one comparison. `distance - WORD`, where what is less than 0 becomes large, is not above
//! `target - nearest`: so the distance is a word or more, and the source not before the beginning of the output.
//! `target >= nearest`, which lies a word past the beginning, is known from before the loop, by the very token that the first turn uses.
//! A shorter distance is compared with how much there is before `target`.
//!
//! All these are numbers, as `raw.rs` demands, which also says why this holds when other threads write the packed bytes.

use super::{LONG, MIN_MATCH};
use crate::codec::raw::{COPIES_NEAR, OVERRUN, WORD, copy, copy_chunk, fetch, repeat_short, room};

/// A byte of this value is not the last one of a length.
const CONTINUED: usize = 255;

/// How many bytes a turn may read and write before it has compared a length.
const READS: usize = 10;
const WRITES: usize = 12;

/// Decodes sequences from `packed[at..]` to `out[produced..]`. Returns the new places in both.
#[inline(never)]
pub(super) fn sequences(packed: &[u8], at: usize, out: &mut [u8], produced: usize) -> (usize, usize) {
    if at >= packed.len() || produced > out.len() || out.as_ptr().addr() < WRITES {
        return (at, produced);
    }
    let packed = packed.as_ptr_range();
    let out = out.as_mut_ptr_range();
    // SAFETY: see the head of the file.
    unsafe {
        let (mut from, mut to) = (packed.start.add(at), out.start.add(produced));
        let mut token = fetch(from);
        if produced + (token >> 4) < WORD {
            return (at, produced);
        }
        let nearest = out.start.wrapping_add(WORD);
        let last_to = out.end.wrapping_sub(OVERRUN);
        'all: loop {
            let stop = stop(from, packed.end, to, out.end);
            if to > stop {
                break;
            }
            loop {
                let mut literals = token >> 4;
                // The last byte before the distance.
                let mut last = from.add(literals);
                copy_chunk::<4>(from.add(1), to);
                if literals > 4 {
                    if literals == LONG {
                        let more = fetch(from.add(1));
                        literals += more;
                        if more == CONTINUED || literals > room(to, stop) {
                            break 'all;
                        }
                        copy_chunk::<8>(from.add(2), to);
                        copy(from.add(10), to.add(8), to.add(literals));
                        last = from.add(1 + literals);
                    } else {
                        if literals > room(to, stop) {
                            break 'all;
                        }
                        copy_chunk::<8>(from.add(5), to.add(4));
                        if literals > 12 {
                            copy_chunk::<4>(from.add(13), to.add(12));
                        }
                    }
                }
                let target = to.add(literals);
                let distance = fetch(last.add(1)) | fetch(last.add(2)) << 8;
                let mut length = token & LONG;
                let source = target.wrapping_sub(distance);
                if distance.wrapping_sub(WORD) <= room(nearest, target) {
                    copy_chunk::<8>(source, target);
                    if length > 4 {
                        let room = room(target, last_to);
                        if length + MIN_MATCH > room {
                            break 'all;
                        }
                        copy_chunk::<8>(source.add(8), target.add(8));
                        if length > 12 {
                            if length == LONG {
                                let Some((whole, after)) = continued(last.add(3), packed.end.sub(1)) else {
                                    break 'all;
                                };
                                if whole + MIN_MATCH > room {
                                    break 'all;
                                }
                                copy(source.add(16), target.add(16), target.add(whole + MIN_MATCH));
                                (length, last) = (whole, after.sub(3));
                            } else {
                                copy_chunk::<4>(source.add(16), target.add(16));
                            }
                        }
                    }
                } else {
                    if !COPIES_NEAR {
                        break 'all;
                    }
                    if length == LONG {
                        let Some((whole, after)) = continued(last.add(3), packed.end.sub(1)) else {
                            break 'all;
                        };
                        (length, last) = (whole, after.sub(3));
                    }
                    let too_far = distance == 0 || distance > room(out.start, target);
                    if too_far || length + MIN_MATCH > room(target, last_to) {
                        break 'all;
                    }
                    repeat_short(target, distance, target.add(length + MIN_MATCH));
                }
                from = last.add(3);
                to = target.add(length + MIN_MATCH);
                token = fetch(from);
                if to > stop {
                    break;
                }
            }
        }
        (from.offset_from_unsigned(packed.start), to.offset_from_unsigned(out.start))
    }
}

/// Returns up to where `to` may go for the loop to begin one more sequence, by what sequences take and give at most. That is
/// before `to` when there is no room for one.
#[inline(always)]
fn stop(from: *const u8, packed_end: *const u8, to: *mut u8, out_end: *mut u8) -> *mut u8 {
    let reads = room(from, packed_end).wrapping_sub(READS).cast_signed();
    let writes = room(to, out_end).wrapping_sub(WRITES).cast_signed();
    to.wrapping_offset(reads.min(writes))
}

/// Returns the length that the bytes at `from` continue, and what comes after them. `None` when that would take them from `last`
/// on, or make the length larger than any block.
///
/// # Safety
///
/// The bytes before `last` can be read.
#[inline]
unsafe fn continued(mut from: *const u8, last: *const u8) -> Option<(usize, *const u8)> {
    const ENOUGH: usize = 1 << 21;
    let mut length = LONG;
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
        length += byte;
        if byte != CONTINUED {
            return Some((length, from));
        }
    }
}
