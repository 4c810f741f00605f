//! The hot loop of inflate: symbols, as long as both buffers have room for careless reads and copies.
//!
//! The loop stops before anything that is rare, near an end, or wrong: a codeword longer than the table's
//! bits, the end of the block, a distance that is too large. The careful code decodes that one symbol and
//! decides what it is, then the loop goes on.
//!
//! # State
//!
//! - `from`, `bit`: the position in the packed bytes. The next unread bit is bit `bit + 1` of the word at
//!   `from`. The one in between makes `window` begin with a bit that is done, so that the index of
//!   the literal/length table is a byte offset without a shift.
//! - `window`: the word at `from` without its first `bit` bits. A refill makes `bit` less than 8, so 24
//!   unread bits are there: enough for two codewords that are in the table (10 bits each), or for a
//!   distance (7 bits in the table, 13 extra bits).
//! - `to`: where the next byte is written.
//!
//! # Bounds
//!
//! - `from` and `to` never leave their buffers, so they may be compared with `last_from`, 8 bytes before the end, and with `last_literals`.
//! - Between two looks at `from` at most 20 bits of codewords, 5 extra bits and 20 bits of a distance are taken: no
//!   word is loaded from past `from + 4`, and `from` itself goes 6 bytes at most.
//! - A turn writes two literals at most, or one and a match; at its top there is room for two bytes.
//! - `source` and `end` of a match are where the input wants them. They are not compared as pointers: the number of bytes before `source` and
//!   the number left after `end`, up to `OVERRUN` bytes before the end of the output, must not be less than 0. As lengths are at most 258 and distances
//!   below 2^16, these numbers are right wherever the output lies.
//! - A table has as many entries as its mask has values, `Code::table` says so.
//!
//! `raw.rs` says why this holds when other threads write the packed bytes: a word is loaded once, and any word leads to an entry of a
//! table, which is not in their memory.

use super::entry::{Distance, Litlen};
use super::tables::{Code, Entry};
use super::{Bits, MIN_MATCH, Stream};
use crate::codec::raw::{OVERRUN, WORD, copy, copy_aligned, copy_chunk, gap, load, repeat_short};

/// How many bytes a turn may load from.
const TURN: usize = 8;

/// Decodes symbols from where the stream is. Returns the length of a match whose distance comes next.
#[inline(never)]
pub(super) fn symbols<const L: usize, const LS: usize, const D: usize, const DS: usize>(
    litlen: &Code<Litlen, L, LS>,
    distance: &Code<Distance, D, DS>,
    stream: &mut Stream<'_>,
) -> Option<usize> {
    let packed = stream.bits.packed;
    let len = packed.len().checked_sub(TURN)?;
    if stream.bits.at / 8 <= len
        && let Some(length) = run(litlen, distance, stream)
    {
        return Some(length);
    }
    // The last bytes again, with zeros behind them so that the loop can get to their end.
    if stream.bits.at / 8 > len && stream.bits.at / 8 < packed.len() {
        let mut tail = [0; 3 * TURN];
        tail[..TURN].copy_from_slice(&packed[len..]);
        let mut rest = Stream {
            bits: Bits { packed: &tail, at: stream.bits.at - 8 * len },
            out: stream.out,
            produced: stream.produced,
        };
        let length = run(litlen, distance, &mut rest);
        // What those zeros stand for is not in the stream, which ends too early. The careful code says where.
        if rest.bits.at <= 8 * TURN {
            (stream.bits.at, stream.produced) = (rest.bits.at + 8 * len, rest.produced);
            return length;
        }
    }
    None
}

/// What [`double`] copies at once, in bytes.
pub(super) const DOUBLE: usize = 32;

/// Copies the first `len` entries of a table behind themselves.
///
/// # Panics
///
/// Unless they take whole chunks of [`DOUBLE`] bytes, and the table has room.
#[inline]
pub(super) fn double<E: Entry, const SIZE: usize>(table: &mut [E; SIZE], len: usize) {
    let bytes = len * size_of::<E>();
    assert!(2 * len <= SIZE && bytes.is_multiple_of(DOUBLE));
    let from = table.as_mut_ptr().cast::<u8>();
    let mut at = 0;
    while at < bytes {
        // SAFETY: `at + DOUBLE <= bytes`, and twice as many bytes are in the table.
        unsafe { copy_aligned::<DOUBLE>(from.add(at), from.add(at + bytes)) };
        at += DOUBLE;
    }
}

fn run<const L: usize, const LS: usize, const D: usize, const DS: usize>(
    litlen: &Code<Litlen, L, LS>,
    distance: &Code<Distance, D, DS>,
    stream: &mut Stream<'_>,
) -> Option<usize> {
    let packed = stream.bits.packed.as_ptr_range();
    let out = stream.out.as_mut_ptr_range();
    let position = stream.bits.at.checked_sub(1)?;
    // No buffer lies that low, and it would not matter. But told so, the compiler needs 1.5 % fewer instructions.
    let low = out.start.addr() < OVERRUN;
    if stream.bits.packed.len() < TURN + position / 8 || stream.out.len() <= OVERRUN || low {
        return None;
    }
    let (litlens, litlen_mask) = litlen.table();
    let (distances, distance_mask) = distance.table();
    let (litlens, distances) = (litlens.as_ptr(), distances.as_ptr());
    let litlen_mask = litlen_mask * 2;
    let mut pending = None;
    // SAFETY: see the head of the file.
    unsafe {
        let last_from = packed.end.sub(TURN);
        let last_to = out.end.sub(OVERRUN);
        let last_literals = out.end.sub(2);
        let mut from = packed.start.add(position / 8);
        #[expect(clippy::cast_possible_truncation, reason = "less than 8")]
        let mut bit = (position % 8) as u32;
        let mut to = out.start.add(stream.produced);
        let lookup = |window: u32| litlens.byte_add((window & litlen_mask) as usize).read().0;
        loop {
            from = from.add((bit >> 3) as usize);
            bit &= 7;
            if from > last_from || to > last_literals {
                break;
            }
            let mut window = load(from) >> bit;
            let mut entry = lookup(window);
            if entry >= 0 {
                to.write(Litlen(entry).literal());
                to = to.add(1);
                let len = (entry >> 8) as u32;
                window >>= len;
                bit += len;
                entry = lookup(window);
                if entry >= 0 {
                    to.write(Litlen(entry).literal());
                    to = to.add(1);
                    bit += (entry >> 8) as u32;
                    continue;
                }
            }
            let entry = u32::from(entry.cast_unsigned());
            let mut length = (entry & 0xFF) as usize;
            let extra = entry & u32::from(Litlen::EXTRA_MASK);
            if extra == u32::from(Litlen::EXTRA_MASK) {
                break;
            }
            bit += entry >> 8 & 15;
            from = from.add((bit >> 3) as usize);
            bit &= 7;
            window = load(from) >> bit >> 1;
            if extra != 0 {
                let extra = extra >> Litlen::EXTRA_SHIFT;
                let rest = window >> extra;
                length += (window - (rest << extra)) as usize;
                bit += extra;
                from = from.add((bit >> 3) as usize);
                bit &= 7;
                window = load(from) >> bit >> 1;
            }
            length += MIN_MATCH;
            let entry = distances.add((window & distance_mask) as usize).read().0;
            let total = entry & 31;
            let bits = window - (window >> total << total);
            let distance =
                ((entry >> Distance::BASE_SHIFT) + (bits >> (entry >> Distance::LEN_SHIFT & 31))) as usize;
            let (source, end) = (to.wrapping_sub(distance), to.wrapping_add(length));
            let (before, left) = (gap(out.start, source), gap(end, last_to));
            if entry & Distance::SPECIAL != 0 || before < 0 || left < 0 {
                pending = Some(length);
                break;
            }
            bit += total;
            if distance >= WORD {
                copy_chunk::<8>(source, to);
                if length > 8 {
                    copy(source.add(8), to.add(8), end);
                }
            } else {
                repeat_short(to, distance, end);
            }
            to = end;
        }
        stream.bits.at = 8 * from.offset_from_unsigned(packed.start) + bit as usize + 1;
        stream.produced = to.offset_from_unsigned(out.start);
    }
    pending
}
