//! From an index entry to the place of its block: pure arithmetic on numbers that a file may choose freely.
//!
//! What every entry of a file has to keep to is computed once, in the units of the index. An entry that does is a block's
//! place after a few 32-bit operations, which the console is asked for with every block; only when one does not are the
//! numbers worked out that say why.

use super::{Container, Extent, Layout, ciso, cso, cso2, dax, zso};
use crate::codec::Coding;
use crate::error::BlockError;
use crate::units::{BlockIndex, FileOffset};

/// One block's part of the index as it stands in the file, not yet validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawEntry {
    /// The block's value and the next one's.
    Positions { this: u32, next: u32 },
    /// The frame's offset and size, and whether an uncompressed area covers it.
    Frame { offset: u32, size: u16, plain: bool },
}

/// What every entry of a sound index keeps to, in the units of the index, and what it says of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryRules {
    /// How far values are shifted left to give bytes.
    shift: u8,
    /// The bits of a value that are its position; the others are a flag.
    mask: u32,
    /// How many bytes of each block are a header of its own.
    head: u32,
    /// The lowest position.
    first: u32,
    /// The highest end, as far as 32 bits hold it.
    last: u32,
    /// The least length.
    shortest: u32,
    /// The greatest length.
    longest: u32,
    /// How blocks are packed, those without the flag and those with it.
    codings: [Coding; 2],
    /// The lengths in bytes of blocks that are plain whatever their flag says: the least and the greatest.
    plain: [u32; 2],
    /// The block whose end the index may give too low: the last one where values are shifted. Some writers (ziso.py,
    /// ciso.py) round that end down to a whole unit, so that less than a unit of the block follows it in the file.
    cut_short: u32,
    /// How many bytes of the file follow its last whole unit.
    beyond_last: u32,
}

/// Whether a last block is found that is shorter than a unit of the index, so that its end, rounded down, is its beginning.
/// The driver has no room for that; units of 2 or 4 bytes, as files of several GiB have them, are never so long.
const BEYOND: bool = cfg!(not(feature = "terse"));

impl EntryRules {
    pub(crate) fn new(layout: &Layout) -> Self {
        /// No length is at least this and at most that.
        const NONE: [u32; 2] = [u32::MAX, 0];
        let Layout { geometry, container } = layout;
        let (mut shift, mut mask, mut head, mut plain) = (0, u32::MAX, 0, NONE);
        if let Container::Cso(header) | Container::Cso2(header) | Container::Zso(header) = container {
            (shift, mask) = (header.index_shift, ciso::POSITION_BITS);
        }
        let mut variant = |ciso::Variant { codings, long_is_plain, .. }: ciso::Variant| {
            if long_is_plain {
                plain = [geometry.block_size, u32::MAX];
            }
            codings
        };
        let codings = match container {
            Container::Iso => [Coding::Stored; 2],
            Container::Cso(_) => variant(cso::VARIANT),
            Container::Cso2(_) => variant(cso2::VARIANT),
            Container::Zso(_) => variant(zso::VARIANT),
            Container::Dax(_) => dax::CODINGS,
            Container::Jso(header) => {
                head = header.block_header_len();
                plain = [geometry.block_size; 2];
                [header.method.coding(); 2]
            }
        };
        let in_units = |position: u64| u32::try_from(position >> shift).unwrap_or(u32::MAX);
        let padding = (1 << shift) - 1;
        Self {
            shift,
            mask,
            head,
            first: in_units(geometry.data_start + u64::from(padding)),
            last: in_units(geometry.file_len),
            shortest: 1 + head,
            longest: (geometry.max_packed_len() + head + padding) >> shift,
            codings,
            plain,
            cut_short: if shift > 0 { layout.indexed_blocks() - 1 } else { u32::MAX },
            #[expect(clippy::cast_possible_truncation, reason = "masked with 32 bits")]
            beyond_last: geometry.file_len as u32 & padding,
        }
    }

    /// Returns whether the entry can be right.
    ///
    /// Of a DAX frame that ends past 4 GiB, [`locate`](Self::locate) finds out whether the file is as long.
    pub(crate) fn admits(&self, block: BlockIndex, entry: RawEntry) -> bool {
        self.place(entry).is_some() || (BEYOND && self.place_beyond(block, entry).is_some())
    }

    /// Returns where a block begins and how long it is by the index, in units; `None` when the entry cannot be right,
    /// or only as [`place_beyond`](Self::place_beyond) knows.
    fn place(&self, entry: RawEntry) -> Option<(u32, u32)> {
        let (start, len) = match entry {
            RawEntry::Positions { this, next } => {
                let start = this & self.mask;
                (start, (next & self.mask).saturating_sub(start))
            }
            RawEntry::Frame { offset, size, .. } => (offset, size.into()),
        };
        let is_inside = start >= self.first && start.saturating_add(len) <= self.last;
        (is_inside && len >= self.shortest && len <= self.longest).then_some((start, len))
    }

    /// Returns the place of a last block all of which follows its end by the index, because it is shorter than a unit.
    #[cold]
    #[inline(never)]
    fn place_beyond(&self, block: BlockIndex, entry: RawEntry) -> Option<(u32, u32)> {
        let RawEntry::Positions { this, next } = entry else { return None };
        let (start, end) = (this & self.mask, next & self.mask);
        let is_inside = start >= self.first && start <= self.last;
        (block.0 == self.cut_short && start == end && is_inside).then_some((start, 0))
    }

    /// Returns how many bytes of the block [`cut_short`](Self::cut_short) may follow its end by the index, a position in
    /// units.
    fn beyond(&self, end: u32) -> u32 {
        if end == self.last { self.beyond_last } else { (1 << self.shift) - 1 }
    }

    /// The file position that a value stands for, without its flag.
    fn position(&self, value: u32) -> u64 {
        ciso::position(value & self.mask, self.shift)
    }

    /// Returns where the packed bytes of `block` lie; `None` when its entry cannot be right.
    ///
    /// `block` must be below [`Layout::block_count`], and the entry of the shape that [`Layout::index_shape`] names.
    pub(crate) fn locate(&self, layout: &Layout, block: BlockIndex, entry: RawEntry) -> Option<Extent> {
        if cfg!(not(feature = "terse")) && block.0 >= layout.indexed_blocks() {
            return None;
        }
        let (start, units) = match self.place(entry) {
            Some(place) => place,
            None if BEYOND => self.place_beyond(block, entry)?,
            None => return None,
        };
        let bytes = (units << self.shift) - self.head;
        let mut len = bytes.min(layout.max_packed_len());
        if block.0 == self.cut_short {
            len = (bytes + self.beyond(start + units)).min(layout.max_packed_len());
            // Nothing of it is in the file.
            if BEYOND && len == 0 {
                return None;
            }
        }
        let flag = match entry {
            RawEntry::Positions { this, .. } => this & !self.mask != 0,
            RawEntry::Frame { plain, .. } => {
                if u64::from(start) + u64::from(units) > layout.file_len() {
                    return None;
                }
                plain
            }
        };
        let mut coding = self.codings[usize::from(flag)];
        if bytes >= self.plain[0] && bytes <= self.plain[1] {
            coding = Coding::Stored;
        }
        if coding == Coding::Stored {
            let needed = layout.block_len(block);
            if len < needed {
                return None;
            }
            len = needed;
        }
        Some(Extent { offset: FileOffset(self.position(start) + u64::from(self.head)), len, coding })
    }

    /// Says where a block begins for which [`locate`](Self::locate) has no place, and why it cannot be there.
    #[cold]
    #[inline(never)]
    pub(crate) fn fault(
        &self,
        layout: &Layout,
        block: BlockIndex,
        entry: RawEntry,
    ) -> (FileOffset, BlockError) {
        if cfg!(feature = "terse") {
            return (FileOffset(0), BlockError::TooShort { len: 0, needed: 0 });
        }
        let (offset, end) = match entry {
            RawEntry::Positions { this, next } => (self.position(this), self.position(next)),
            RawEntry::Frame { offset, size, .. } => (offset.into(), u64::from(offset) + u64::from(size)),
        };
        if block.0 >= layout.indexed_blocks() {
            return (FileOffset(offset), BlockError::NotIndexed { lost: layout.block_len(block) });
        }
        // The numbers are the file's own as long as the head is not the reason.
        let start = if offset < end { offset + u64::from(self.head) } else { offset };
        let (data_start, file_len) = (layout.data_start().0, layout.file_len());
        let reach = match block.0 == self.cut_short && end >= start {
            true => (end + (1 << self.shift) - 1).min(file_len).max(end),
            false => end,
        };
        let max = u64::from(layout.max_packed_len()) + (1 << self.shift) - 1;
        let error = if offset < data_start && offset < reach {
            BlockError::InsideIndex { start: offset, data_start }
        } else if reach <= start {
            BlockError::NotMonotonic { start, end }
        } else if end > file_len {
            BlockError::PastEnd { end, file_len }
        } else if end - start > max {
            BlockError::TooLong { len: end - start, max }
        } else {
            BlockError::TooShort { len: reach - start, needed: layout.block_len(block) }
        };
        (FileOffset(offset), error)
    }
}
