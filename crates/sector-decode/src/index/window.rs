//! One window of the index: which blocks it describes, and how its bytes say that.

use core::ops::Range;

use crate::bytes::{ReadAt, fetch};
use crate::container::dax::{Area, Entry};
use crate::container::{EntryRules, IndexShape, RawEntry};
use crate::error::ReadError;
use crate::units::{BlockIndex, FileOffset};

/// Bytes per block of a DAX window: 4 of offset, 2 of size, 1 that says whether the frame is plain.
pub(super) const FRAME_BYTES: u32 = 4 + 2 + 1;

/// What a window describes. Its bytes are in the buffer of all of them.
#[derive(Clone, Copy)]
pub(super) struct Window {
    /// First block that it describes.
    first: u32,
    /// How many blocks from `first` on it describes; 0 when what its bytes hold must not be used.
    loaded: u32,
    /// When it was used last.
    pub(super) used: u32,
}

impl Window {
    pub(super) const EMPTY: Self = Self { first: 0, loaded: 0, used: 0 };

    /// Whether `block` is described without another read.
    pub(super) fn describes(&self, block: BlockIndex) -> bool {
        block.0.wrapping_sub(self.first) < self.loaded
    }

    /// The first block behind those that it describes.
    pub(super) fn end(&self) -> u32 {
        self.first + self.loaded
    }

    /// Returns the entry of `block`, which it must describe.
    pub(super) fn entry(&self, shape: IndexShape, bytes: &[u8], block: BlockIndex) -> RawEntry {
        let slot = block.0.wrapping_sub(self.first) as usize;
        let count = self.loaded as usize;
        match shape {
            IndexShape::Frames { .. } => {
                let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
                let size = 4 * count + 2 * slot;
                let Entry { offset, size } = Entry::decode(word(bytes, slot), [byte(size), byte(size + 1)]);
                RawEntry::Frame { offset, size, plain: byte(6 * count + slot) != 0 }
            }
            _ => RawEntry::Positions {
                this: u32::from_le_bytes(word(bytes, slot)),
                next: u32::from_le_bytes(word(bytes, slot + 1)),
            },
        }
    }

    /// Reads the entries of `blocks` into `bytes`, which must have room for them.
    pub(super) fn load<S: ReadAt>(
        &mut self,
        shape: IndexShape,
        source: &mut S,
        bytes: &mut [u8],
        blocks: Range<u32>,
    ) -> Result<(), ReadError<S::Error>> {
        // Nothing of the old window may be used when a read below fails half-way.
        self.loaded = 0;
        let first = u64::from(blocks.start);
        let count = blocks.len();
        let result = match shape {
            IndexShape::None => Ok(()),
            IndexShape::Positions { table } => {
                fetch(source, &mut bytes[..4 * (count + 1)], FileOffset(table + 4 * first))
            }
            IndexShape::Frames { offsets, sizes, areas, area_count } => {
                let (offset_bytes, rest) = bytes.split_at_mut(4 * count);
                let (size_bytes, rest) = rest.split_at_mut(2 * count);
                fetch(source, offset_bytes, FileOffset(offsets + 4 * first))
                    .and_then(|()| fetch(source, size_bytes, FileOffset(sizes + 2 * first)))
                    .and_then(|()| mark_plain(source, &mut rest[..count], blocks.start, areas, area_count))
            }
        };
        if result.is_ok() {
            self.first = blocks.start;
            self.loaded = blocks.end - blocks.start;
        }
        result
    }

    /// Returns the first block whose entry cannot be right, but for plain blocks that are too short.
    #[inline(never)]
    pub(super) fn suspect(&self, shape: IndexShape, rules: &EntryRules, bytes: &[u8]) -> Option<BlockIndex> {
        let mut blocks = (self.first..self.end()).map(BlockIndex);
        blocks.find(|&block| !rules.admits(block, self.entry(shape, bytes, block)))
    }
}

/// Marks the frames of a window, the first of which is `first`, that an uncompressed area covers.
fn mark_plain<S: ReadAt>(
    source: &mut S,
    plain: &mut [u8],
    first: u32,
    areas: u64,
    area_count: u32,
) -> Result<(), ReadError<S::Error>> {
    const AREAS_AT_ONCE: usize = 32;
    plain.fill(0);
    let mut buffer = [0; AREAS_AT_ONCE * Area::LEN];
    let mut done = 0;
    while done < area_count as usize {
        let bytes = &mut buffer[..AREAS_AT_ONCE.min(area_count as usize - done) * Area::LEN];
        fetch(source, bytes, FileOffset(areas + (done * Area::LEN) as u64))?;
        for &area in bytes.as_chunks().0 {
            let Area { first: start, frames } = Area::decode(area);
            // Relative to the window, cut to it: an area that names frames behind the last one covers those that
            // exist, of which there are fewer than numbers.
            let in_window = |frame: u32| (frame.saturating_sub(first) as usize).min(plain.len());
            let (from, to) = (in_window(start), in_window(start.saturating_add(frames)));
            plain.get_mut(from..to).unwrap_or_default().fill(1);
        }
        done += bytes.len() / Area::LEN;
    }
    Ok(())
}

fn word(table: &[u8], slot: usize) -> [u8; 4] {
    table.as_chunks().0.get(slot).copied().unwrap_or_default()
}
