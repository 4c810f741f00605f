//! Damaged blocks: single ones in words and numbers, and lists of them.

use std::fmt;
use std::io;
use std::sync::Arc;

use sector_decode::{BlockError, CodecError};

/// A block that cannot be read from an image.
#[derive(Clone, Debug)]
pub struct Damage {
    /// Its number, counted from 0.
    pub block: u32,
    /// Where its packed bytes begin in the file according to the index, or where reading the file failed.
    pub offset: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a block.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Its place or its content.
    Block(BlockError),
    /// The operating system could not read its bytes.
    Unreadable(Arc<io::Error>),
    /// The index assigns more bytes to earlier blocks than the file has, so this one was not tried.
    Overlapping,
}

impl Fault {
    /// Returns the short name for JSON objects (docs/json.md).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Overlapping => "overlapping",
            Self::Block(error) => match error {
                BlockError::NotMonotonic { .. } => "not_monotonic",
                BlockError::InsideIndex { .. } => "inside_index",
                BlockError::PastEnd { .. } => "past_end",
                BlockError::TooLong { .. } => "too_long",
                BlockError::TooShort { .. } => "too_short",
                BlockError::NotIndexed { .. } => "not_indexed",
                BlockError::Codec(error) => match error {
                    CodecError::InputEnded { .. } => "input_ended",
                    CodecError::Short { .. } => "short",
                    CodecError::Overlong { .. } => "overlong",
                    CodecError::Invalid { .. } => "invalid",
                    CodecError::ZlibHeader { .. } => "zlib_header",
                    CodecError::Checksum { .. } => "checksum",
                    _ => "codec",
                },
                _ => "block",
            },
        }
    }

    /// Returns the expected and actual values if they are numbers: bytes, file positions or checksums,
    /// depending on the kind.
    pub fn numbers(&self) -> (Option<u64>, Option<u64>) {
        let pair = |expected: u64, got: u64| (Some(expected), Some(got));
        let Self::Block(error) = self else { return (None, None) };
        match *error {
            BlockError::NotMonotonic { start, end } => pair(start, end),
            BlockError::InsideIndex { start, data_start } => pair(data_start, start),
            BlockError::PastEnd { end, file_len } => pair(end, file_len),
            BlockError::TooLong { len, max } => pair(max, len),
            BlockError::TooShort { len, needed } => pair(needed.into(), len),
            BlockError::NotIndexed { lost } => pair(lost.into(), 0),
            BlockError::Codec(error) => match error {
                CodecError::InputEnded { produced, expected }
                | CodecError::Short { produced, expected }
                | CodecError::Invalid { produced, expected } => pair(expected.into(), produced.into()),
                CodecError::Overlong { block_size } => (Some(block_size.into()), None),
                CodecError::ZlibHeader { got } => (None, Some(got.into())),
                CodecError::Checksum { expected, got } => pair(expected.into(), got.into()),
                _ => (None, None),
            },
            _ => (None, None),
        }
    }
}

impl fmt::Display for Fault {
    /// What is wrong, with the expected and actual values. The library supplies the wording for a block.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(error) => error.fmt(f),
            Self::Unreadable(error) => write!(f, "its bytes cannot be read: {error}"),
            Self::Overlapping => {
                f.write_str("the index has given the blocks before it more than twice the file's bytes")
            }
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {} at {:#X}: {}", self.block, self.offset, self.fault)
    }
}

/// Neighbouring blocks that are damaged in the same way.
#[derive(Clone, Debug)]
pub struct DamageRange {
    /// Number of the first one.
    pub first: Damage,
    /// Number of the last one.
    pub last: u32,
}

impl fmt::Display for DamageRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.last == self.first.block {
            return self.first.fmt(f);
        }
        let Damage { block, offset, fault } = &self.first;
        write!(f, "blocks {block} to {}, the first at {offset:#X}: {fault}", self.last)
    }
}

/// How many ranges of damaged blocks are listed per file; the others are only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListLimit(usize);

impl ListLimit {
    /// As many as people will read.
    pub const FEW: Self = Self(100);
    /// All of them, however many there are.
    pub const ALL: Self = Self(usize::MAX);
}

/// All damaged blocks of an image, in order. A truncated file has hundreds of thousands, so neighbours are
/// kept as one range. If the whole index is wrong, only the first ranges are kept.
#[derive(Clone, Debug)]
pub struct DamageList {
    limit: ListLimit,
    ranges: Vec<DamageRange>,
    blocks: u64,
    /// The last block and its kind, and the number of ranges and blocks that are not in `ranges`.
    last: Option<(u32, &'static str)>,
    unlisted: Unlisted,
}

/// Damaged blocks that are counted but not listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlisted {
    /// Ranges of neighbours.
    pub ranges: u64,
    /// Blocks in them.
    pub blocks: u64,
}

impl Default for DamageList {
    fn default() -> Self {
        Self::new(ListLimit::FEW)
    }
}

impl DamageList {
    /// An empty list that keeps up to this many ranges.
    pub fn new(limit: ListLimit) -> Self {
        Self { limit, ranges: Vec::new(), blocks: 0, last: None, unlisted: Unlisted::default() }
    }

    /// Adds a block that comes after all that were added before.
    pub fn push(&mut self, damage: Damage) {
        let kind = damage.fault.kind();
        let goes_on =
            self.last.is_some_and(|(last, same)| last.checked_add(1) == Some(damage.block) && same == kind);
        self.last = Some((damage.block, kind));
        self.blocks += 1;
        if !goes_on && self.ranges.len() < self.limit.0 {
            self.ranges.push(DamageRange { last: damage.block, first: damage });
        } else if goes_on
            && self.unlisted.ranges == 0
            && let Some(range) = self.ranges.last_mut()
        {
            range.last = damage.block;
        } else {
            self.unlisted.ranges += u64::from(!goes_on);
            self.unlisted.blocks += 1;
        }
    }

    /// Returns the counts that are not in [`ranges`](Self::ranges).
    pub fn unlisted(&self) -> Unlisted {
        self.unlisted
    }

    /// Returns whether no block is damaged.
    pub fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    /// Returns how many blocks are damaged.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Returns the listed blocks, as ranges of neighbours that are damaged in the same way.
    pub fn ranges(&self) -> &[DamageRange] {
        &self.ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(block: u32) -> Damage {
        let error = CodecError::Short { produced: 1731, expected: 2048 };
        Damage { block, offset: 0x5E_2D40, fault: Fault::Block(BlockError::Codec(error)) }
    }

    #[test]
    fn damage_names_block_offset_expected_and_got() {
        assert_eq!(
            short(48213).to_string(),
            "block 48213 at 0x5E2D40: the packed data is complete but too short: expected 2048 bytes, got 1731"
        );
        assert_eq!(short(0).fault.numbers(), (Some(2048), Some(1731)));
    }

    #[test]
    fn neighbours_of_one_kind_are_one_range() {
        let past = |block| Damage {
            block,
            offset: 9,
            fault: Fault::Block(BlockError::PastEnd { end: 12, file_len: 10 }),
        };
        let mut list = DamageList::default();
        for damage in [short(3), short(4), short(6), past(7), past(8)] {
            list.push(damage);
        }
        let ranges: Vec<_> = list.ranges().iter().map(|range| (range.first.block, range.last)).collect();
        assert_eq!(ranges, [(3, 4), (6, 6), (7, 8)]);
        assert_eq!(list.blocks(), 5);
        assert!(list.ranges()[0].to_string().starts_with("blocks 3 to 4, the first at 0x5E2D40: "));
    }

    #[test]
    fn ranges_past_the_limit_are_counted_and_not_kept() {
        let mut list = DamageList::new(ListLimit(2));
        for block in [1, 3, 4, 6, 7, 9] {
            list.push(short(block));
        }
        let ranges: Vec<_> = list.ranges().iter().map(|range| (range.first.block, range.last)).collect();
        assert_eq!(ranges, [(1, 1), (3, 4)]);
        assert_eq!((list.blocks(), list.unlisted()), (6, Unlisted { ranges: 2, blocks: 3 }));
        // Half of two million blocks: memory does not grow with them.
        let mut list = DamageList::default();
        (0..1_000_000).for_each(|block| list.push(short(2 * block)));
        assert_eq!(list.ranges().len() as u64 + list.unlisted().ranges, 1_000_000);
        assert!(list.ranges.capacity() <= 128);
    }
}
