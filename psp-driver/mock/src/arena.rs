//! The part of the kernel's memory partition that the driver gets.

use crate::shared::Shared;

/// Memory for the driver: more than the largest image needs, less than a real kernel has.
const LEN: usize = 512 * 1024;
/// The kernel allocates memory in units of this size.
const UNIT: usize = 256;
const MOST_BLOCKS: usize = 16;

#[repr(C, align(256))]
struct Memory([u8; LEN]);

static MEMORY: Shared<Memory> = Shared::new(Memory([0; LEN]));

/// The allocated blocks, by offset and length; those of length 0 are unused.
static BLOCKS: Shared<[Block; MOST_BLOCKS]> = Shared::new([Block { start: 0, len: 0 }; MOST_BLOCKS]);

#[derive(Clone, Copy)]
struct Block {
    start: usize,
    len: usize,
}

/// Allocates a block at the lowest possible address. Returns its number.
pub(crate) fn allocate(len: usize) -> Option<usize> {
    let len = len.checked_next_multiple_of(UNIT).filter(|&len| len > 0)?;
    BLOCKS.with(|blocks| {
        let (start, room) = gaps(blocks).find(|&(_, room)| room >= len)?;
        let number = blocks.iter().position(|block| block.len == 0)?;
        debug_assert!(room <= LEN);
        blocks[number] = Block { start, len };
        Some(number)
    })
}

/// Frees a block. Returns whether there was one with this number.
pub(crate) fn free(number: usize) -> bool {
    BLOCKS.with(|blocks| match blocks.get_mut(number) {
        Some(block) if block.len > 0 => {
            block.len = 0;
            true
        }
        _ => false,
    })
}

/// The address of a block.
pub(crate) fn address(number: usize) -> Option<usize> {
    BLOCKS.with(|blocks| {
        let block = blocks.get(number).filter(|block| block.len > 0)?;
        Some(MEMORY.as_ptr().addr() + block.start)
    })
}

/// The length of the largest free piece.
pub(crate) fn largest_free() -> usize {
    BLOCKS.with(|blocks| gaps(blocks).map(|(_, room)| room).max().unwrap_or(0))
}

/// Number of allocated bytes.
pub(crate) fn in_use() -> usize {
    BLOCKS.with(|blocks| blocks.iter().map(|block| block.len).sum())
}

/// The free pieces, from the lowest on: after each block in use, and before the first.
fn gaps(blocks: &[Block; MOST_BLOCKS]) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    core::iter::from_fn(move || {
        if start > LEN {
            return None;
        }
        let used = blocks.iter().filter(|block| block.len > 0 && block.start >= start);
        let next = used.min_by_key(|block| block.start);
        let gap = (start, next.map_or(LEN, |block| block.start) - start);
        start = next.map_or(LEN + 1, |block| block.start + block.len);
        Some(gap)
    })
}
