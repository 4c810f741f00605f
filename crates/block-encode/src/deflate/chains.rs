//! Earlier positions of the same three bytes: hash chains over one block.

use alloc::vec;
use alloc::vec::Vec;

use super::symbols::{MAX_MATCH, MIN_MATCH};
use crate::hash;

/// No position: the last one of 64 KiB, where a match cannot begin.
const NONE: u16 = u16::MAX;

/// Positions in a block, chained by a hash of the bytes there, the nearest first.
pub(super) struct Chains {
    /// The nearest position of each hash.
    heads: Vec<u16>,
    /// The next one for each position.
    nexts: Vec<u16>,
    /// Number of bits in a slot number.
    bits: u32,
}

impl Chains {
    /// For blocks of up to `max_block` bytes, at most 64 KiB. Takes two bytes of memory for each of them, and
    /// as much again for each of `slots_per_byte`: with more slots, fewer different byte sequences share one.
    pub(super) fn new(max_block: usize, slots_per_byte: usize) -> Self {
        let slots = (max_block * slots_per_byte).next_power_of_two().clamp(1 << 10, 1 << 15);
        Self { heads: vec![NONE; slots], nexts: vec![NONE; max_block], bits: slots.ilog2() }
    }

    /// Forgets the previous block.
    pub(super) fn clear(&mut self) {
        self.heads.fill(NONE);
    }

    /// Enters the position `at` of the block.
    #[inline]
    pub(super) fn enter(&mut self, block: &[u8], at: usize) {
        if let Some(slot) = self.slot(block, at) {
            self.nexts[at] = self.heads[slot];
            self.heads[slot] = at as u16;
        }
    }

    /// Returns the positions entered so far that may begin with the same three bytes as `at`, the nearest
    /// first.
    #[inline]
    pub(super) fn before(&self, block: &[u8], at: usize) -> impl Iterator<Item = usize> {
        let mut position = self.slot(block, at).map_or(NONE, |slot| self.heads[slot]);
        core::iter::from_fn(move || {
            let here = (position != NONE).then_some(usize::from(position))?;
            position = self.nexts[here];
            Some(here)
        })
    }

    #[inline]
    fn slot(&self, block: &[u8], at: usize) -> Option<usize> {
        let bytes = block.get(at..at + MIN_MATCH)?;
        let three = u32::from(bytes[0]) | u32::from(bytes[1]) << 8 | u32::from(bytes[2]) << 16;
        Some(hash(three, self.bits))
    }
}

/// Returns how many bytes at `at` are the same as at `before`, an earlier position; at most [`MAX_MATCH`].
#[inline]
pub(super) fn match_len(block: &[u8], before: usize, at: usize) -> usize {
    match_len_from(block, before, at, 0, MAX_MATCH.min(block.len() - at))
}

/// The same, at most `most`, when the first `known` of them are known to be the same.
#[inline]
pub(super) fn match_len_from(block: &[u8], before: usize, at: usize, known: usize, most: usize) -> usize {
    let ahead = &block[at + known..at + most];
    let behind = &block[before + known..before + most];
    let mut len = 0;
    for (ahead, behind) in ahead.chunks_exact(8).zip(behind.chunks_exact(8)) {
        let word = |bytes: &[u8]| u64::from_le_bytes(*bytes.first_chunk().unwrap_or(&[0; 8]));
        let differing = word(ahead) ^ word(behind);
        if differing != 0 {
            return known + len + (differing.trailing_zeros() / 8) as usize;
        }
        len += 8;
    }
    known + len + ahead[len..].iter().zip(&behind[len..]).take_while(|(one, other)| one == other).count()
}
