//! The windows of the index: the parts of it that are in memory.
//!
//! An image of 8 GiB has an index of 16 MiB, more than a PSP can spare, so only as many entries as the caller's buffer holds
//! are kept: in one window, or in several of which the one that was not used for longest makes room for the next. Windows
//! start at multiples of their own size, so that reading forwards or backwards loads each once; only a request that crosses
//! such a border where nothing is held gets a window that starts with it.

#[cfg(test)]
mod every_window;
mod window;

use core::ops::DerefMut;

use crate::bytes::ReadAt;
use crate::container::{EntryRules, Extent, IndexShape, Layout, RawEntry};
use crate::error::{BlockError, ReadError};
use crate::units::{BlockIndex, FileOffset};
use window::{FRAME_BYTES, Window};

/// The most windows that a reader can keep. A power of two: the remainder by it is an index that needs no check.
pub(crate) const MOST_WINDOWS: usize = 32;

/// Several windows of the index, all of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// How many there are at the most; no more than [`MOST_WINDOWS`].
    pub(crate) most: usize,
    /// The size of each in bytes.
    pub(crate) bytes: u32,
    /// Each table of a window begins at a multiple of this, if its buffer does.
    pub(crate) alignment: u32,
}

/// When an entry that cannot be right counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checking {
    /// When its block is wanted. The others can be read.
    Blocks,
    /// When its window is loaded. Nothing of that window can be read.
    Windows,
}

pub(crate) struct IndexWindows<B> {
    buffer: B,
    shape: IndexShape,
    rules: EntryRules,
    checking: Checking,
    /// How many bytes of the buffer each window has.
    window_len: usize,
    /// How many blocks each window has room for; at least one.
    capacity: u32,
    windows: [Window; MOST_WINDOWS],
    /// How many windows there are; at least one.
    count: usize,
    /// The window that was looked into last.
    current: usize,
    /// Counts uses of windows; wraps round.
    uses: u32,
}

/// The buffer size in bytes that holds the entries of `blocks` blocks in one window.
pub(crate) fn buffer_size(layout: &Layout, blocks: u32) -> usize {
    let blocks = blocks.min(layout.block_count()) as usize;
    match layout.index_shape() {
        IndexShape::None => 0,
        IndexShape::Positions { .. } => 4 * (blocks + 1),
        IndexShape::Frames { .. } => FRAME_BYTES as usize * blocks,
    }
}

/// The buffer size in bytes for as many windows as the index fills, but no more than are kept.
#[inline(always)]
pub(crate) fn buffer_size_kept(layout: &Layout, kept: Kept) -> usize {
    match layout.index_shape() {
        IndexShape::None => 0,
        shape => {
            let blocks = blocks_in(shape, kept.bytes as usize, kept.alignment as usize);
            let windows = (layout.block_count() as usize).div_ceil(blocks);
            kept.bytes as usize * windows.min(kept.most)
        }
    }
}

/// How many blocks a window of `len` bytes describes; `len` is no less than [`buffer_size`] says for one. Each of its
/// tables begins at a multiple of `alignment`, if the window does and has room for that many entries.
#[inline(always)]
const fn blocks_in(shape: IndexShape, len: usize, alignment: usize) -> usize {
    match shape {
        IndexShape::None => 1,
        IndexShape::Positions { .. } => len / 4 - 1,
        IndexShape::Frames { .. } => {
            let blocks = len / FRAME_BYTES as usize;
            // The narrowest entries that another table follows have two bytes.
            let step = if alignment > 2 { alignment / 2 } else { 1 };
            if blocks < step { blocks } else { blocks / step * step }
        }
    }
}

impl<B: DerefMut<Target = [u8]>> IndexWindows<B> {
    /// `buffer` must have at least `buffer_size(layout, 1)` bytes. With room for more than one of
    /// the windows to be `kept`, it is divided into those; otherwise it is a single window. If `checked` is set, all
    /// entries of a window are checked when it is loaded.
    pub(crate) fn new(
        layout: &Layout,
        buffer: B,
        kept: Option<Kept>,
        alignment: usize,
        checked: bool,
    ) -> Self {
        let shape = layout.index_shape();
        let (mut count, mut window_len) = (1, buffer.len());
        if let Some(kept) = kept
            && window_len / kept.bytes as usize > 1
        {
            count = (window_len / kept.bytes as usize).min(kept.most);
            window_len = kept.bytes as usize;
        }
        let capacity = u32::try_from(blocks_in(shape, window_len, alignment)).unwrap_or(u32::MAX);
        Self {
            buffer,
            shape,
            rules: EntryRules::new(layout),
            checking: if checked { Checking::Windows } else { Checking::Blocks },
            window_len,
            capacity,
            windows: [Window::EMPTY; MOST_WINDOWS],
            count,
            current: 0,
            uses: 0,
        }
    }

    /// Sees to it that blocks from `block` on are described: all `count`, unless there are not windows enough for so
    /// many; `block` in any case. Each window that is missing is loaded once.
    pub(crate) fn cover<S: ReadAt>(
        &mut self,
        layout: &Layout,
        source: &mut S,
        block: BlockIndex,
        count: u32,
    ) -> Result<(), ReadError<S::Error>> {
        let end = block.0.saturating_add(count).min(layout.block_count());
        let mut next = block.0;
        // Windows of this request are those that were used last, so none of them makes room for another.
        for _ in 0..self.count {
            let slot = match self.find(BlockIndex(next)) {
                Some(slot) => slot,
                None => self.load(layout, source, next, end)?,
            };
            self.uses = self.uses.wrapping_add(1);
            self.windows[slot % MOST_WINDOWS].used = self.uses;
            next = self.windows[slot % MOST_WINDOWS].end();
            if next >= end {
                break;
            }
        }
        Ok(())
    }

    /// Returns where `block` lies. `None` when its entry cannot be right, or no window describes it.
    #[inline(never)]
    pub(crate) fn locate(&mut self, layout: &Layout, block: BlockIndex) -> Option<Extent> {
        let entry = self.entry(block)?;
        self.rules.locate(layout, block, entry)
    }

    /// Says where a block begins for which [`locate`](Self::locate) has just had no place, and why it cannot be there;
    /// `None` when no window describes the block.
    pub(crate) fn fault(&self, layout: &Layout, block: BlockIndex) -> Option<(FileOffset, BlockError)> {
        let window = &self.windows[self.current % MOST_WINDOWS];
        let bytes = &self.buffer[self.current * self.window_len..];
        window
            .describes(block)
            .then(|| self.rules.fault(layout, block, window.entry(self.shape, bytes, block)))
    }

    fn entry(&mut self, block: BlockIndex) -> Option<RawEntry> {
        self.current = self.find(block)?;
        let bytes = &self.buffer[self.current * self.window_len..];
        Some(self.windows[self.current % MOST_WINDOWS].entry(self.shape, bytes, block))
    }

    /// The window that describes `block`: mostly the one that was looked into last.
    fn find(&self, block: BlockIndex) -> Option<usize> {
        if self.windows[self.current % MOST_WINDOWS].describes(block) {
            return Some(self.current);
        }
        self.windows.iter().take(self.count).position(|window| window.describes(block))
    }

    /// Loads a window that describes `block`, and all blocks before `end` if they are not too many, in the place of that which
    /// was not used for longest; says which it is.
    fn load<S: ReadAt>(
        &mut self,
        layout: &Layout,
        source: &mut S,
        block: u32,
        end: u32,
    ) -> Result<usize, ReadError<S::Error>> {
        let (mut slot, mut oldest) = (0, 0);
        for (at, window) in self.windows.iter().take(self.count).enumerate() {
            let age = self.uses.wrapping_sub(window.used);
            if age > oldest {
                (slot, oldest) = (at, age);
            }
        }
        let aligned = block - block % self.capacity;
        let first = if end - aligned <= self.capacity { aligned } else { block };
        let blocks = first..first.saturating_add(self.capacity).min(layout.block_count());
        let bytes = &mut self.buffer[slot * self.window_len..];
        let window = &mut self.windows[slot % MOST_WINDOWS];
        window.load(self.shape, source, bytes, blocks)?;
        if self.checking == Checking::Windows
            && let Some(block) = window.suspect(self.shape, &self.rules, bytes)
        {
            let (offset, error) = self.rules.fault(layout, block, window.entry(self.shape, bytes, block));
            *window = Window::EMPTY;
            return Err(ReadError::Block { block, offset, error });
        }
        Ok(slot)
    }
}
