//! Newtypes for the three kinds of positions, so that none can be passed for another.

use core::fmt;

/// Bytes in a sector of a PSP or PS2 disc image.
pub const SECTOR_SIZE: u32 = 2048;

/// Logical block address: the number of a 2048-byte sector in the *decoded* image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lba(pub u32);

/// Number of a compression block in the image, counted from 0. A block holds one or more sectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockIndex(pub u32);

/// Position in the *stored* file, in bytes from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileOffset(pub u64);

impl Lba {
    /// Returns the position of the sector's first byte in the decoded image, in bytes.
    pub const fn byte_offset(self) -> u64 {
        self.0 as u64 * SECTOR_SIZE as u64
    }
}

impl fmt::Display for Lba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for BlockIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for FileOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#X}", self.0)
    }
}
