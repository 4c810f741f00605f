//! The index window: the part of the index that is in memory.
//!
//! An image of 8 GiB has an index of 16 MiB, more than a PSP can spare, so only as many entries as the
//! caller's buffer holds are kept. Windows start at multiples of their own size, so that reading
//! forwards or backwards loads each once; only a request that crosses such a border gets a window that
//! starts with it.

use crate::bytes::ReadAt;
use crate::container::{IndexLimits, IndexShape, Layout, RawEntry};
use crate::error::ReadError;
use crate::units::{BlockIndex, FileOffset};

/// Bytes per block of a DAX window: 4 of offset, 2 of size, 1 that says whether the frame is plain.
const FRAME_BYTES: usize = 4 + 2 + 1;
/// Bytes of an entry in a DAX list of uncompressed areas.
const AREA_BYTES: usize = 8;

/// When an entry that cannot be right counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checking {
    /// When its block is wanted. The others can be read.
    Blocks,
    /// When its window is loaded. Nothing of that window can be read.
    Windows,
}

pub(crate) struct IndexWindow<'b> {
    buffer: &'b mut [u8],
    shape: IndexShape,
    checking: Checking,
    /// How many blocks the buffer can describe.
    capacity: u32,
    /// First block that the buffer describes.
    first: u32,
    /// How many blocks from `first` on the buffer describes; 0 when what it holds must not be used.
    loaded: u32,
}

impl<'b> IndexWindow<'b> {
    /// The buffer size in bytes that holds the entries of `blocks` blocks.
    pub(crate) fn buffer_size(layout: &Layout, blocks: u32) -> usize {
        let blocks = blocks.min(layout.block_count()) as usize;
        match layout.index_shape() {
            IndexShape::None => 0,
            IndexShape::Positions { .. } => 4 * (blocks + 1),
            IndexShape::Frames { .. } => FRAME_BYTES * blocks,
        }
    }

    /// `buffer` must have at least `buffer_size(layout, 1)` bytes.
    pub(crate) fn new(layout: &Layout, buffer: &'b mut [u8]) -> Self {
        let shape = layout.index_shape();
        let capacity = match shape {
            IndexShape::None => 0,
            IndexShape::Positions { .. } => (buffer.len() / 4).saturating_sub(1),
            IndexShape::Frames { .. } => buffer.len() / FRAME_BYTES,
        };
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX).min(layout.block_count()).max(1);
        Self { buffer, shape, checking: Checking::Blocks, capacity, first: 0, loaded: 0 }
    }

    /// From now on a window is looked through when it is loaded.
    pub(crate) fn check_windows(&mut self) {
        self.checking = Checking::Windows;
        self.loaded = 0;
    }

    /// Returns whether `block` is described without another read.
    pub(crate) fn holds(&self, block: BlockIndex) -> bool {
        block.0.wrapping_sub(self.first) < self.loaded
    }

    /// Loads a window that describes `count` blocks from `block` on, unless the present one does. When
    /// so many do not fit, a window that has `block` is good enough: the next one follows where it ends.
    pub(crate) fn cover<S: ReadAt>(
        &mut self,
        layout: &Layout,
        source: &mut S,
        block: BlockIndex,
        count: u32,
    ) -> Result<(), ReadError<S::Error>> {
        let last = BlockIndex(block.0.saturating_add(count.min(self.capacity).saturating_sub(1)));
        let last = last.min(BlockIndex(layout.block_count() - 1));
        if self.holds(block) && (self.holds(last) || count > self.capacity) {
            return Ok(());
        }
        let aligned = block.0 - block.0 % self.capacity;
        let first = if last.0 - aligned < self.capacity { aligned } else { block.0 };
        self.load(layout, source, first)
    }

    /// Returns the entry of `block`; all zeros when no window with it is loaded.
    pub(crate) fn entry(&self, block: BlockIndex) -> RawEntry {
        let slot = block.0.wrapping_sub(self.first) as usize;
        let count = self.loaded as usize;
        match self.shape {
            IndexShape::Frames { .. } => {
                let (offsets, rest) = self.buffer.split_at(4 * count);
                let (sizes, plain) = rest.split_at(2 * count);
                RawEntry::Frame {
                    offset: u32_at(offsets, slot),
                    size: sizes.as_chunks().0.get(slot).copied().map_or(0, u16::from_le_bytes),
                    plain: plain.get(slot).is_some_and(|&mark| mark != 0),
                }
            }
            _ => RawEntry::Positions { this: u32_at(self.buffer, slot), next: u32_at(self.buffer, slot + 1) },
        }
    }

    fn load<S: ReadAt>(
        &mut self,
        layout: &Layout,
        source: &mut S,
        first: u32,
    ) -> Result<(), ReadError<S::Error>> {
        // Nothing of the old window may be used when a read below fails half-way.
        self.loaded = 0;
        let blocks = self.capacity.min(layout.block_count() - first);
        let count = blocks as usize;
        match self.shape {
            IndexShape::None => {}
            IndexShape::Positions { table } => {
                read(source, &mut self.buffer[..4 * (count + 1)], table + 4 * u64::from(first))?;
            }
            IndexShape::Frames { offsets, sizes, areas, area_count } => {
                let (offset_bytes, rest) = self.buffer.split_at_mut(4 * count);
                let (size_bytes, rest) = rest.split_at_mut(2 * count);
                read(source, offset_bytes, offsets + 4 * u64::from(first))?;
                read(source, size_bytes, sizes + 2 * u64::from(first))?;
                mark_plain(source, &mut rest[..count], first, areas, area_count)?;
            }
        }
        self.first = first;
        self.loaded = blocks;
        let suspect = if self.checking == Checking::Windows { self.suspect(layout) } else { None };
        if let Some(block) = suspect
            && let (offset, Err(error)) = layout.locate(block, self.entry(block))
        {
            self.loaded = 0;
            return Err(ReadError::Block { block, offset, error });
        }
        Ok(())
    }

    /// Returns the first block of the window whose entry cannot be right, as far as 32-bit numbers tell.
    #[inline(never)]
    fn suspect(&self, layout: &Layout) -> Option<BlockIndex> {
        let IndexLimits { mask, first, last, shortest, longest } = layout.index_limits();
        let is_length = |len: u32| len.wrapping_sub(shortest) <= longest - shortest;
        let values = self.buffer.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes) & mask);
        let mut slots = 0..self.loaded;
        let slot = match self.shape {
            IndexShape::None => None,
            IndexShape::Positions { .. } => {
                // Each begins where the one before ends, so only the first and the last can be outside by themselves.
                let mut values = values;
                let mut end = values.next().unwrap_or(0);
                if end < first {
                    Some(0)
                } else {
                    let inside = slots.find(|_| {
                        let start = end;
                        end = values.next().unwrap_or(0);
                        !is_length(end.saturating_sub(start))
                    });
                    inside.or_else(|| (end > last).then(|| self.loaded - 1))
                }
            }
            IndexShape::Frames { .. } => {
                let sizes = self.buffer[4 * self.loaded as usize..].as_chunks().0;
                let sizes = sizes.iter().map(|bytes| u32::from(u16::from_le_bytes(*bytes)));
                slots.zip(values.zip(sizes)).find_map(|(slot, (start, size))| {
                    let inside = start >= first && start.saturating_add(size) <= last;
                    (!inside || !is_length(size)).then_some(slot)
                })
            }
        };
        slot.map(|slot| BlockIndex(self.first + slot))
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
    let mut buffer = [0; AREAS_AT_ONCE * AREA_BYTES];
    let mut done = 0;
    while done < area_count as usize {
        let bytes = &mut buffer[..AREAS_AT_ONCE.min(area_count as usize - done) * AREA_BYTES];
        read(source, bytes, areas + (done * AREA_BYTES) as u64)?;
        for area in bytes.chunks_exact(AREA_BYTES) {
            let (start, frames) = (u64::from(u32_at(area, 0)), u64::from(u32_at(area, 1)));
            // In 64 bits, relative to the window, cut to it: an area that names frames behind the last
            // one covers those that exist.
            let window = u64::from(first)..u64::from(first) + plain.len() as u64;
            let from = start.clamp(window.start, window.end) - window.start;
            let to = (start + frames).clamp(window.start, window.end) - window.start;
            #[expect(clippy::cast_possible_truncation, reason = "cut to the length of a slice")]
            plain[from as usize..to as usize].fill(1);
        }
        done += bytes.len() / AREA_BYTES;
    }
    Ok(())
}

fn read<S: ReadAt>(source: &mut S, buf: &mut [u8], at: u64) -> Result<(), ReadError<S::Error>> {
    source.read_exact_at(buf, at).map_err(|error| ReadError::Source { offset: FileOffset(at), error })
}

fn u32_at(table: &[u8], slot: usize) -> u32 {
    table.as_chunks().0.get(slot).copied().map_or(0, u32::from_le_bytes)
}
