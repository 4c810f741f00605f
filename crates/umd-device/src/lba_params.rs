//! The parameters of a read command, and the byte range that they mean.
//!
//! | offset | field |
//! |---:|---|
//! | 0x00 | unknown |
//! | 0x04 | kind: bit 1 is set for directories and path tables |
//! | 0x08 | first sector touched |
//! | 0x0C | number of sectors touched |
//! | 0x10 | bytes to deliver |
//! | 0x14 | bytes from whole sectors in the middle |
//! | 0x18 | start: see [`LbaParams::offset`] |
//! | 0x1C | bytes from the last sector |
//! | 0x20 | unknown; not sent by every caller |
//!
//! The split in three is for a real drive, which reads unaligned ends into buffers of its own.

use sector_decode::{Lba, SECTOR_SIZE};

/// What a read command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LbaParams {
    lba: Lba,
    total: u32,
    centre: u32,
    start: u32,
    last: u32,
    directory: bool,
}

impl LbaParams {
    /// Bytes that the parameters have at least; the field behind them is not used.
    pub const LEN: usize = 32;

    /// Takes the parameters from a command's input. `None` when that is too short.
    pub fn parse(input: &[u8]) -> Option<Self> {
        input.first_chunk().map(|fields| Self::from_bytes(*fields))
    }

    /// Takes the parameters, which are copied.
    #[inline(always)]
    pub fn from_bytes(fields: [u8; Self::LEN]) -> Self {
        const DIRECTORY: u32 = 2;
        let word =
            |at: usize| u32::from_le_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]]);
        Self {
            lba: Lba(word(0x08)),
            total: word(0x10),
            centre: word(0x14),
            start: word(0x18),
            last: word(0x1C),
            directory: word(0x04) & DIRECTORY != 0,
        }
    }

    /// Returns where on the disc the first byte lies, in bytes; `None` when the parameters contradict
    /// themselves.
    ///
    /// `start` has two meanings. With bytes to follow in other sectors it counts how many are taken from
    /// the *end* of the first sector; alone it is the *offset* inside that sector.
    pub fn offset(&self) -> Option<u64> {
        let base = self.lba.byte_offset();
        if self.start == 0 {
            Some(base)
        } else if self.centre != 0 || self.last != 0 {
            Some(base + u64::from(SECTOR_SIZE.checked_sub(self.start)?))
        } else {
            Some(base + u64::from(self.start))
        }
    }

    /// Returns how many bytes to deliver.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Returns whether this is a read of a directory or a path table.
    pub const fn is_directory(&self) -> bool {
        self.directory
    }
}
