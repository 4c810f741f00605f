//! What CSO v0/v1, CSO v2 and ZSO share: the header of 24 bytes and the index.
//!
//! | offset | size | field | written |
//! |---:|---:|---|---|
//! | 0x00 | 4 | magic, `CISO` or `ZISO` | |
//! | 0x04 | 4 | header size; unreliable in CSO v0/v1, where 0 and 24 are seen | 24 |
//! | 0x08 | 8 | size of the decoded image in bytes | |
//! | 0x10 | 4 | block size in bytes | |
//! | 0x14 | 1 | version | 1, or 2 in CSO v2 |
//! | 0x15 | 1 | index shift: how far index values are shifted left to give file positions | |
//! | 0x16 | 2 | unused; may hold anything in CSO v0/v1, unknown use | 0 |
//!
//! The index follows at 0x18 whatever the header size says: one 32-bit value per block and one for
//! the end of the data. Bits 0 to 30, shifted, are a file position; bit 31 is a flag.

use super::{Format, Geometry, MAX_INDEX_SHIFT, MIN_BLOCK_SIZE, WriteLimits, header_bytes, u32_at, u64_at};
use crate::codec::Coding;
use crate::error::HeaderError;

const LEN: u32 = 24;

/// Bytes of the header; the index follows.
pub const HEADER_LEN: usize = LEN as usize;

/// Where the index begins.
pub(super) const INDEX_AT: u64 = LEN as u64;

/// Where the version stands, which tells CSO and CSO v2 apart.
pub(super) const VERSION_AT: usize = 0x14;

/// Bit 31 of an index value.
const FLAG: u32 = 1 << 31;

/// The bits of an index value that are a position.
pub(super) const POSITION_BITS: u32 = !FLAG;

/// What is written of the three formats.
pub const WRITTEN: WriteLimits = WriteLimits {
    // The largest that any tool has written (maxcso).
    block_sizes: (MIN_BLOCK_SIZE, 256 << 10),
    max_position: POSITION_BITS,
    max_shift: MAX_INDEX_SHIFT,
};

/// What sets one of the three formats apart from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The first four bytes of a file.
    pub magic: [u8; 4],
    /// The version that is written.
    pub version: u8,
    /// The highest version that is read.
    pub(super) max_version: u8,
    /// What a version is called that is higher.
    pub(super) family: Format,
    /// Whether the header size must be right.
    pub(super) checks_header_size: bool,
    /// How blocks are packed, those without the flag and those with it.
    pub(super) codings: [Coding; 2],
    /// Whether a block that is at least as long as a whole one is plain, with or without the flag.
    pub(super) long_is_plain: bool,
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The header size field, in bytes.
    pub header_size: u32,
    /// Bytes of the decoded image.
    pub image_size: u64,
    /// Bytes of the image in each block.
    pub block_size: u32,
    /// The version.
    pub version: u8,
    /// How far index values are shifted left to give file positions.
    pub index_shift: u8,
}

/// A value of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the block begins in the file; in the last entry, where the data ends.
    pub position: u64,
    /// Bit 31. What it means is for the [`Variant`] to say; it has no meaning in the last entry.
    pub flag: bool,
}

impl Variant {
    /// Returns the header that is written.
    pub const fn header(&self, image_size: u64, block_size: u32, index_shift: u8) -> Header {
        Header { header_size: LEN, image_size, block_size, version: self.version, index_shift }
    }

    /// Reads and checks the header at the beginning of a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it. The magic is not looked at.
    pub fn parse(&self, bytes: &[u8]) -> Result<Header, HeaderError> {
        self.read(bytes).map(|(header, _)| header)
    }

    #[inline(always)]
    pub(super) fn read(&self, bytes: &[u8]) -> Result<(Header, Geometry), HeaderError> {
        let bytes: &[u8; HEADER_LEN] = header_bytes(bytes)?;
        let header = Header {
            header_size: u32_at(bytes, 0x04),
            image_size: u64_at(bytes, 0x08),
            block_size: u32_at(bytes, 0x10),
            version: bytes[VERSION_AT],
            index_shift: bytes[0x15],
        };
        if header.version > self.max_version {
            let (got, max) = (header.version.into(), self.max_version.into());
            return Err(HeaderError::Version { format: self.family, got, max });
        }
        if self.checks_header_size && header.header_size != LEN {
            return Err(HeaderError::HeaderSize { got: header.header_size, expected: LEN });
        }
        let geometry = Geometry::new(header.image_size, header.block_size)?;
        if header.index_shift > MAX_INDEX_SHIFT {
            return Err(HeaderError::IndexShift { got: header.index_shift, max: MAX_INDEX_SHIFT });
        }
        Ok((header, geometry))
    }

    /// Returns the header as it stands in a file.
    pub fn to_bytes(&self, header: &Header) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&self.magic);
        bytes[0x04..0x08].copy_from_slice(&header.header_size.to_le_bytes());
        bytes[0x08..0x10].copy_from_slice(&header.image_size.to_le_bytes());
        bytes[0x10..0x14].copy_from_slice(&header.block_size.to_le_bytes());
        bytes[VERSION_AT] = header.version;
        bytes[0x15] = header.index_shift;
        bytes
    }

    /// Returns whether the entry of a block that is packed like this has the flag.
    pub fn flag(&self, coding: Coding) -> bool {
        self.codings[1] == coding
    }
}

impl Entry {
    /// Reads a value of the index.
    pub const fn decode(bytes: [u8; 4], index_shift: u8) -> Self {
        let value = u32::from_le_bytes(bytes);
        Self { position: position(value & POSITION_BITS, index_shift), flag: value & FLAG != 0 }
    }

    /// Returns the value as it stands in the index; `None` for a position that it cannot hold, or not with this shift.
    pub const fn encode(self, index_shift: u8) -> Option<[u8; 4]> {
        if index_shift > MAX_INDEX_SHIFT {
            return None;
        }
        let units = self.position >> index_shift;
        if units > POSITION_BITS as u64 || units << index_shift != self.position {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 31 bits")]
        let value = units as u32 | if self.flag { FLAG } else { 0 };
        Some(value.to_le_bytes())
    }
}

/// Returns where the index of this many blocks ends.
pub const fn index_end(blocks: u32) -> u64 {
    super::positions_end(INDEX_AT, blocks)
}

/// Returns whether the index of a file that begins with `head` is one value short.
///
/// ziso.py (`-b`) counts the blocks of an image that is not whole blocks by rounding down: it writes neither the last
/// block nor its index value, so that the first block begins where a value belongs.
pub(super) fn is_one_value_short(head: &[u8], header: &Header, geometry: &Geometry) -> bool {
    let Some(&first) = head.get(HEADER_LEN..).and_then(<[u8]>::first_chunk) else { return false };
    let Some(whole_blocks @ 1..) = geometry.block_count.checked_sub(1) else { return false };
    let first = Entry::decode(first, header.index_shift).position;
    geometry.last_len < geometry.block_size
        && first < index_end(geometry.block_count)
        && first == index_end(whole_blocks).next_multiple_of(1 << header.index_shift)
}

/// The file position of a value without its flag. The shift is at most [`MAX_INDEX_SHIFT`].
pub(super) const fn position(units: u32, shift: u8) -> u64 {
    // In two halves: a processor of 32 bits has no shift of 64 bits.
    let high = units >> 1 >> (31 - shift);
    (high as u64) << 32 | (units << shift) as u64
}
