//! The fast encoder: takes the first match it finds.

use alloc::vec::Vec;
use core::mem;

use super::emit::Emitter;
use super::{LAST_LITERALS, MATCH_LIMIT, MAX_OFFSET, MIN_MATCH, common, word};
use crate::hash;

/// Entries of the table, as a power of two.
const BITS: u32 = 13;

/// After this many positions without a match (as a power of two), the steps become longer.
const PATIENCE: u32 = 6;

/// Packs blocks as fast as possible.
///
/// It uses up to 48 KiB, allocated with the first block and reused for all others.
pub struct Fast {
    /// For blocks whose positions fit several times.
    short: Table<u16>,
    /// For larger ones.
    long: Table<u32>,
}

/// Where words were last seen. It is not cleared between blocks: positions keep counting up, and entries from
/// before the block count as too old.
struct Table<H> {
    /// By hash: the last position that has it.
    heads: Vec<H>,
    /// The number assigned to the first byte of the block.
    base: usize,
}

/// A position counted across several blocks.
trait Head: Copy + Default {
    /// The largest position.
    const MAX: usize;

    fn new(position: usize) -> Self;
    fn get(self) -> usize;
}

impl Head for u16 {
    const MAX: usize = Self::MAX as usize;

    #[expect(clippy::cast_possible_truncation, reason = "not larger than `MAX`")]
    fn new(position: usize) -> Self {
        position as Self
    }

    fn get(self) -> usize {
        self.into()
    }
}

impl Head for u32 {
    const MAX: usize = Self::MAX as usize;

    #[expect(clippy::cast_possible_truncation, reason = "not larger than `MAX`")]
    fn new(position: usize) -> Self {
        position as Self
    }

    fn get(self) -> usize {
        self as usize
    }
}

impl Fast {
    /// Makes an encoder that has not allocated any memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { short: Table::new(), long: Table::new() }
    }

    /// Packs `block` into `out` and returns how many bytes that took; `None` when they do not fit.
    pub fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        if block.len() <= 1 << 14 {
            pack(block, out, &mut self.short)
        } else {
            pack(block, out, &mut self.long)
        }
    }
}

impl Default for Fast {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: Head> Table<H> {
    const fn new() -> Self {
        Self { heads: Vec::new(), base: usize::MAX }
    }

    /// Makes room for a block, whose first byte is numbered `base` afterwards.
    fn begin(&mut self, len: usize) -> Option<(&mut [H; 1 << BITS], usize)> {
        if self.base.checked_add(len).is_none_or(|end| end > H::MAX) {
            self.heads.clear();
            self.heads.resize(1 << BITS, H::default());
            // Empty entries hold 0.
            self.base = 1;
        }
        let base = self.base;
        self.base += len;
        Some((self.heads.first_chunk_mut()?, base))
    }
}

fn pack<H: Head>(block: &[u8], out: &mut [u8], table: &mut Table<H>) -> Option<usize> {
    let (heads, base) = table.begin(block.len())?;
    let mut emitter = Emitter::new(out);
    let mut from = 0;
    let starts = block.len().saturating_sub(MATCH_LIMIT - 1);
    let mut at = 0;
    let mut tries = 1usize << PATIENCE;
    while at < starts {
        let bytes = word(block, at);
        let before = mem::replace(&mut heads[hash(bytes, BITS)], H::new(base + at)).get();
        let offset = base + at - before;
        let found = before >= base && offset <= MAX_OFFSET && word(block, at - offset) == bytes;
        if !found {
            at += tries >> PATIENCE;
            tries += 1;
            continue;
        }
        let rest = block.len() - LAST_LITERALS - MIN_MATCH - at;
        let same = common(block, at - offset + MIN_MATCH, at + MIN_MATCH, rest);
        let end = at + MIN_MATCH + same;
        let mut start = at;
        while start > from && start > offset && block[start - 1] == block[start - 1 - offset] {
            start -= 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "not more than 65535")]
        emitter.sequence(block, from, start, offset as u16, end - start)?;
        at = end;
        from = end;
        tries = 1 << PATIENCE;
        if at < starts {
            heads[hash(word(block, at - 2), BITS)] = H::new(base + at - 2);
        }
    }
    emitter.finish(block, from)
}
