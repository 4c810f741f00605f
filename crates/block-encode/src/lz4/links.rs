//! Where the same four bytes last occurred.

use alloc::vec::Vec;
use core::mem;

use super::{MAX_OFFSET, MIN_MATCH};
use crate::hash;

/// The largest block for which each position where four bytes can be read still fits after adding one.
const MAX_SHORT: usize = 0x1_0000;

/// For each position of a block, a link to the nearest earlier one with the same hash.
pub(super) struct Links {
    /// By hash: the last position that has it, plus one; 0 for none. For blocks whose positions fit.
    short_heads: Vec<u16>,
    /// The same for larger blocks.
    long_heads: Vec<u32>,
    /// By position: the distance to the previous one with the same hash, minus one. When there is none that a
    /// match can reach, this points before the beginning of the block or out of reach.
    gaps: Vec<u16>,
    /// By position: how many positions directly before it have the same gap.
    runs: Vec<u16>,
}

impl Links {
    pub(super) const fn new() -> Self {
        Self { short_heads: Vec::new(), long_heads: Vec::new(), gaps: Vec::new(), runs: Vec::new() }
    }

    /// Enters all positions of a block at which four bytes can be read.
    ///
    /// The tables have several entries per position, unless that would make them too large for a fast cache.
    pub(super) fn build(&mut self, block: &[u8]) {
        let Self { short_heads, long_heads, gaps, runs } = self;
        let len = block.len().saturating_sub(MIN_MATCH - 1);
        gaps.resize(len, 0);
        runs.resize(len, 0);
        match block.len() {
            ..=0x800 => link::<_, 13, { 1 << 13 }>(block, short_heads, gaps, runs),
            0x801..=0x2000 => link::<_, 15, { 1 << 15 }>(block, short_heads, gaps, runs),
            0x2001..=0x4000 => link::<_, 16, { 1 << 16 }>(block, short_heads, gaps, runs),
            0x4001..=MAX_SHORT => link::<_, 17, { 1 << 17 }>(block, short_heads, gaps, runs),
            _ => link::<_, 16, { 1 << 16 }>(block, long_heads, gaps, runs),
        }
    }

    /// Returns how far before a position its hash last occurred, at least 1.
    #[inline(always)]
    pub(super) fn back(&self, at: usize) -> usize {
        self.gaps.get(at).map_or(MAX_OFFSET + 1, |&gap| usize::from(gap) + 1)
    }

    /// Returns the same for up to `len` positions starting at `at`, each minus one.
    #[inline(always)]
    pub(super) fn gaps(&self, at: usize, len: usize) -> impl Iterator<Item = &u16> {
        self.gaps.get(at..).unwrap_or_default().iter().take(len)
    }

    /// Returns how many positions directly before this one have the same distance to the previous occurrence
    /// of their hash.
    #[inline(always)]
    pub(super) fn run(&self, at: usize) -> usize {
        self.runs.get(at).copied().map_or(0, usize::from)
    }
}

/// A position plus one, in the smallest type that holds it.
trait Head: Copy + Default {
    fn new(at: usize) -> Self;

    /// Returns the distance from the position to `at`, 65535 if it is larger.
    fn gap(self, at: usize) -> u16;
}

impl Head for u16 {
    #[expect(clippy::cast_possible_truncation, reason = "only positions up to 65532")]
    fn new(at: usize) -> Self {
        at as Self + 1
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "only positions up to 65532")]
    fn gap(self, at: usize) -> u16 {
        (at as Self).wrapping_sub(self)
    }
}

impl Head for u32 {
    #[expect(clippy::cast_possible_truncation, reason = "blocks are far smaller than 4 GiB")]
    fn new(at: usize) -> Self {
        at as Self + 1
    }

    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "blocks are far smaller than 4 GiB, and limited to what fits"
    )]
    fn gap(self, at: usize) -> u16 {
        (at as Self).wrapping_sub(self).min(u16::MAX.into()) as u16
    }
}

/// Fills `gaps` and `runs`, which have the same length, using a table of 2^`BITS` = `N` entries.
fn link<H: Head, const BITS: u32, const N: usize>(
    block: &[u8],
    heads: &mut Vec<H>,
    gaps: &mut [u16],
    runs: &mut [u16],
) {
    heads.clear();
    heads.resize(N, H::default());
    let Some(heads) = heads.first_chunk_mut::<N>() else { return };
    let (mut last, mut length) = (0, 0_u16);
    for (at, ((bytes, gap), run)) in block.windows(4).zip(gaps).zip(runs).enumerate() {
        let bytes = u32::from_le_bytes(bytes.try_into().unwrap_or_default());
        *gap = mem::replace(&mut heads[hash(bytes, BITS)], H::new(at)).gap(at);
        // Without a branch, which would often be mispredicted.
        length = u16::from(*gap == last) * length.saturating_add(1);
        last = *gap;
        *run = length;
    }
}
