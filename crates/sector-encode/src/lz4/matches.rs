//! Every earlier place with the same four bytes, nearest first.

use alloc::vec::Vec;
use core::mem;

use super::{MAX_OFFSET, MIN_MATCH, common, hash, word};

/// For each position the way to the nearest one before it that has the same hash.
pub(super) struct Chains {
    /// By hash: the last position that has it, plus one; 0 for none. For blocks whose positions fit.
    short_heads: Vec<u16>,
    /// The same for larger blocks.
    long_heads: Vec<u32>,
    /// By position: how far back the one before it with the same hash is; 0 for none that a match can reach.
    back: Vec<u16>,
}

/// A repetition of earlier bytes.
#[derive(Clone, Copy)]
pub(super) struct Match {
    pub(super) from: usize,
    pub(super) len: usize,
}

/// Table sizes, as powers of two: four entries for each position, as far as the table stays in a fast cache.
const MIN_BITS: u32 = 10;
const MAX_BITS: u32 = 16;

/// For so many bytes of a match it is looked where they were before, to find the way to a longer one.
const LOOK_AHEAD: usize = 32;

impl Chains {
    pub(super) const fn new() -> Self {
        Self { short_heads: Vec::new(), long_heads: Vec::new(), back: Vec::new() }
    }

    /// Takes up the positions of a block before `end`; at each of them four bytes can be read.
    pub(super) fn build(&mut self, block: &[u8], end: usize) {
        self.back.clear();
        self.back.resize(end, 0);
        if block.len() <= MAX_OFFSET {
            link(block, &mut self.short_heads, &mut self.back);
        } else {
            link(block, &mut self.long_heads, &mut self.back);
        }
    }

    /// Returns the longest match at a position, up to `limit` bytes, or one of no use when there is none. At most
    /// `attempts` places are looked at.
    #[inline(always)]
    pub(super) fn longest(&self, block: &[u8], at: usize, limit: usize, attempts: u32) -> Match {
        let mut best = Match { from: 0, len: MIN_MATCH - 1 };
        let mut from = at;
        let floor = at.saturating_sub(MAX_OFFSET);
        // All matches that are left have the word at `shift` too, so it is the chain of that one that is followed.
        let mut shift = 0;
        let mut tail = word(block, at);
        for _ in 0..attempts {
            let back = self.back.get(from + shift).copied().map_or(0, usize::from);
            if back == 0 || from < floor + back {
                break;
            }
            from -= back;
            // A longer match has the last byte that it must have, and the three before.
            if word(block, from + best.len + 1 - MIN_MATCH) != tail {
                continue;
            }
            let len = if limit == MIN_MATCH { MIN_MATCH } else { common(block, from, at, at + limit) };
            if len <= best.len {
                continue;
            }
            best = Match { from, len };
            if len >= limit {
                break;
            }
            tail = word(block, at + best.len + 1 - MIN_MATCH);
            let mut furthest = 0;
            let words = (len - MIN_MATCH + 1).min(LOOK_AHEAD);
            for (place, &back) in self.back.get(from..).unwrap_or_default().iter().take(words).enumerate() {
                if back == 0 {
                    return best;
                }
                if back > furthest {
                    (furthest, shift) = (back, place);
                }
            }
        }
        best
    }
}

/// A position plus one, as small as it can be.
trait Head: Copy + Default {
    fn new(at: usize) -> Self;
    fn get(self) -> usize;
}

impl Head for u16 {
    #[expect(clippy::cast_possible_truncation, reason = "only positions up to 65534")]
    fn new(at: usize) -> Self {
        at as Self + 1
    }

    fn get(self) -> usize {
        self.into()
    }
}

impl Head for u32 {
    #[expect(clippy::cast_possible_truncation, reason = "blocks are far smaller than 4 GiB")]
    fn new(at: usize) -> Self {
        at as Self + 1
    }

    fn get(self) -> usize {
        self as usize
    }
}

fn link<H: Head>(block: &[u8], heads: &mut Vec<H>, back: &mut [u16]) {
    let bits = (usize::BITS - block.len().leading_zeros() + 1).clamp(MIN_BITS, MAX_BITS);
    heads.clear();
    heads.resize(1 << bits, H::default());
    for (at, (bytes, back)) in block.windows(4).zip(back).enumerate() {
        let bytes = u32::from_le_bytes(bytes.try_into().unwrap_or_default());
        let Some(head) = heads.get_mut(hash(bytes, bits)) else { return };
        let before = mem::replace(head, H::new(at)).get();
        if before != 0 {
            *back = u16::try_from(at + 1 - before).unwrap_or(0);
        }
    }
}
