//! How a reader works.

use crate::index::{Kept, MOST_WINDOWS};

/// How a reader works: how much of the index it keeps, how far it reads ahead, what it checks.
///
/// ```
/// use sector_decode::ReaderOptions;
///
/// const OPTIONS: ReaderOptions = ReaderOptions::new().with_read_ahead(256 << 10).with_checked_windows(true);
/// assert_eq!(OPTIONS.read_ahead(), 256 << 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderOptions {
    windows: Windows,
    checked: bool,
    read_ahead: usize,
    two_reads: bool,
    alignment: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Windows {
    /// One window that describes this many blocks.
    One(u32),
    /// Up to `most` windows of `bytes` bytes each.
    Several { most: usize, bytes: u32 },
}

impl ReaderOptions {
    /// What the PSP driver reads with: 32 windows of the index of 2 KiB each, which are checked when they are loaded; 64
    /// KiB of read-ahead; buffers that begin with a cache line of its processor, so that the card's driver fills them
    /// without a copy.
    ///
    /// A window of 2 KiB describes 511 blocks of most formats. Halving this makes random reads slightly
    /// cheaper, and sequential reads of small blocks more expensive by about as much.
    pub const PSP_DRIVER: Self = Self::new()
        .with_windows(32, 2048)
        .with_checked_windows(true)
        .with_read_ahead(64 << 10)
        .with_two_reads_at_most(true)
        .with_alignment(64);

    /// Returns the default: one window of 1024 blocks, 64 KiB of read-ahead, damaged entries of the index found when their
    /// blocks are wanted, no alignment.
    pub const fn new() -> Self {
        Self {
            windows: Windows::One(1024),
            checked: false,
            read_ahead: 64 << 10,
            two_reads: false,
            alignment: 1,
        }
    }

    /// Keeps one part of the index in memory: a window that describes this many blocks, at least one.
    #[must_use]
    pub const fn with_one_window(mut self, blocks: u32) -> Self {
        self.windows = Windows::One(if blocks == 0 { 1 } else { blocks });
        self
    }

    /// Keeps several parts of the index in memory: at most `most` windows of `bytes` bytes each. That is for sources where
    /// each read is dear and places far from each other are wanted in turn.
    ///
    /// # Panics
    ///
    /// If `most` is not from 1 to 32, or `bytes` is not a multiple of 512 from 512 to 1 MiB.
    #[must_use]
    pub const fn with_windows(mut self, most: usize, bytes: u32) -> Self {
        assert!(most >= 1 && most <= MOST_WINDOWS, "1 to 32 windows");
        assert!(bytes >= 512 && bytes <= 1 << 20 && bytes.is_multiple_of(512), "whole 512 bytes up to 1 MiB");
        self.windows = Windows::Several { most, bytes };
        self
    }

    /// Looks through each window when it is loaded: when one entry cannot be right, no block of that window is read, and
    /// the error names the damaged one.
    ///
    /// A reader that was not told so finds a damaged entry when its block is wanted, and all other blocks of a
    /// damaged file can be saved.
    #[must_use]
    pub const fn with_checked_windows(mut self, checked: bool) -> Self {
        self.checked = checked;
        self
    }

    /// Sets how many bytes of the file a read fetches at most that goes on where the last one ended, if it wants
    /// fewer; 0 for no more than it wants. The first reads of a sequence fetch less: as much as was read before.
    #[must_use]
    pub const fn with_read_ahead(mut self, bytes: usize) -> Self {
        self.read_ahead = bytes;
        self
    }

    /// Takes so much memory for packed bytes that no request needs more than two reads of data, unless blocks grew when
    /// they were packed.
    #[must_use]
    pub const fn with_two_reads_at_most(mut self, two: bool) -> Self {
        self.two_reads = two;
        self
    }

    /// Fills memory from addresses that are a multiple of `bytes` on, where that is possible.
    ///
    /// # Panics
    ///
    /// If `bytes` is not a power of two from 1 to 256.
    #[must_use]
    pub const fn with_alignment(mut self, bytes: u32) -> Self {
        assert!(bytes.is_power_of_two() && bytes <= 256, "a power of two up to 256");
        self.alignment = bytes;
        self
    }

    /// Returns how many bytes a read fetches at most that goes on where the last one ended.
    pub const fn read_ahead(&self) -> usize {
        self.read_ahead
    }

    /// Returns at multiples of what memory is filled.
    pub const fn alignment(&self) -> usize {
        self.alignment as usize
    }

    /// Returns whether all entries of an index window are checked when it is loaded.
    pub const fn checks_windows(&self) -> bool {
        self.checked
    }

    /// Returns whether memory is taken for two reads per request at most.
    pub const fn reads_twice_at_most(&self) -> bool {
        self.two_reads
    }

    pub(super) const fn kept(&self) -> Option<Kept> {
        match self.windows {
            Windows::One(_) => None,
            Windows::Several { most, bytes } => Some(Kept { most, bytes, alignment: self.alignment }),
        }
    }

    pub(super) const fn window_blocks(&self) -> u32 {
        match self.windows {
            Windows::One(blocks) => blocks,
            Windows::Several { .. } => 1,
        }
    }
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self::new()
    }
}
