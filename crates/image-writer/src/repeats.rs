//! Recently packed blocks, so that identical ones need not be packed again.
//!
//! Discs are full of identical sectors: zeros, fills, padding of files, data that an installer wrote twice.
//! Each worker remembers some blocks with their results. Blocks only count as the same if all their bytes are
//! equal.

use crate::packed::PackedBlock;

/// Bytes of blocks that a worker remembers; their packed data takes at most as much again.
const REMEMBERED: usize = 128 << 10;

/// The memory this takes for blocks of this size, in bytes.
pub(crate) const fn memory(block_size: usize) -> usize {
    let blocks = if block_size > REMEMBERED { block_size } else { REMEMBERED };
    2 * blocks + (16 << 10)
}

/// Blocks with their packed data, each in a slot selected by a checksum of its bytes.
pub(crate) struct Repeats {
    slots: Vec<Option<Repeat>>,
}

struct Repeat {
    block: Vec<u8>,
    packed: Vec<u8>,
    how: PackedBlock,
}

impl Repeats {
    pub(crate) fn new(block_size: usize) -> Self {
        let slots = (REMEMBERED / block_size.max(1)).max(1);
        Self { slots: std::iter::repeat_with(|| None).take(slots).collect() }
    }

    /// Returns what `block` was packed into, if it is remembered, and its slot.
    pub(crate) fn find(&self, block: &[u8]) -> (usize, Option<(&[u8], PackedBlock)>) {
        let slot = crc32fast::hash(block) as usize % self.slots.len();
        let found = self.slots[slot].as_ref().filter(|repeat| repeat.block == block);
        (slot, found.map(|repeat| (repeat.packed.as_slice(), repeat.how)))
    }

    /// Remembers a block in its slot, replacing the previous one.
    pub(crate) fn keep(&mut self, slot: usize, block: &[u8], packed: &[u8], how: PackedBlock) {
        let repeat =
            self.slots[slot].get_or_insert_with(|| Repeat { block: Vec::new(), packed: Vec::new(), how });
        repeat.block.clear();
        repeat.block.extend_from_slice(block);
        repeat.packed.clear();
        repeat.packed.extend_from_slice(packed);
        repeat.how = how;
    }
}

#[cfg(test)]
mod tests {
    use sector_decode::Coding;

    use super::*;

    #[test]
    fn only_the_very_same_block_is_found() {
        let mut repeats = Repeats::new(2048);
        let how = PackedBlock { len: 3, coding: Coding::Deflate, lint_finding: None };
        let (slot, found) = repeats.find(&[7; 2048]);
        assert_eq!(found, None);
        repeats.keep(slot, &[7; 2048], b"abc", how);
        assert_eq!(repeats.find(&[7; 2048]), (slot, Some((&b"abc"[..], how))));
        let mut other = [7; 2048];
        other[1000] = 8;
        assert_eq!(repeats.find(&other).1, None);
        // A different block in the same slot would be compared too.
        repeats.keep(slot, &other, b"xyz", how);
        assert_eq!(repeats.find(&[7; 2048]).1, None);
    }

    #[test]
    fn there_is_a_slot_for_blocks_of_any_size() {
        for block_size in [1, 2048, 128 << 10, 256 << 10] {
            let repeats = Repeats::new(block_size);
            assert!(!repeats.slots.is_empty());
            assert!(repeats.slots.len() * block_size <= memory(block_size) / 2);
        }
    }
}
