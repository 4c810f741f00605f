//! DAX (Dark_AleX), versions 0 and 1: zlib streams of 8 KiB frames.
//!
//! | offset | size | field | written |
//! |---:|---:|---|---|
//! | 0x00 | 4 | magic | `DAX\0` |
//! | 0x04 | 4 | size of the decoded image in bytes | |
//! | 0x08 | 4 | version: 0, or 1 with uncompressed areas | 0 |
//! | 0x0C | 4 | number of uncompressed ("NC") areas | 0 |
//! | 0x10 | 16 | unused, unknown | 0 |
//!
//! From 0x20 on, back to back: a file offset (32 bits) per frame; a stored size (16 bits) per frame; in
//! version 1 a pair of 32-bit numbers per area, its first frame and its number of frames. Frames in an
//! area are plain. Version 0 has no areas whatever the field says (so does maxcso read it).
//!
//! Version 1 could store frames plain. It is not written, because the readers of ARK-4 and its kin read such frames
//! two bytes too late. In version 0 a frame that does not get smaller is longer than 8 KiB: a zlib stream of one
//! stored block. Readers have buffers of 0x2400 bytes for it.

use super::{Format, Geometry, IndexShape, WriteLimits, header_bytes, u32_at};
use crate::codec::Coding;
use crate::error::HeaderError;

/// The first four bytes of a file.
pub const MAGIC: [u8; 4] = *b"DAX\0";

/// Bytes of the header; the table of offsets follows.
pub const HEADER_LEN: usize = 32;

/// Bytes of the image in each frame.
pub const FRAME_SIZE: u32 = 0x2000;

/// The version that is written.
pub const VERSION: u32 = 0;

/// The highest version that is read.
const MAX_VERSION: u32 = 1;

/// What a zlib stream adds to deflate data: two bytes of header and an Adler-32.
pub const ZLIB_OVERHEAD: u32 = 2 + 4;

/// The most bytes that one frame takes which is written: a zlib stream of one stored block, whose own header has
/// five bytes.
pub const MAX_FRAME_LEN: u32 = ZLIB_OVERHEAD + 5 + FRAME_SIZE;

/// What is written.
pub const WRITTEN: WriteLimits =
    WriteLimits { block_sizes: (FRAME_SIZE, FRAME_SIZE), max_position: u32::MAX, max_shift: 0 };

/// Of frames outside and inside of uncompressed areas.
pub(super) const CODINGS: [Coding; 2] = [Coding::Zlib, Coding::Stored];

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the decoded image.
    pub image_size: u32,
    /// The version.
    pub version: u32,
    /// How many uncompressed areas are listed; 0 in version 0.
    pub area_count: u32,
}

/// What the tables of offsets and sizes say of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the frame begins in the file.
    pub offset: u32,
    /// How many bytes it has there.
    pub size: u16,
}

/// Neighbouring frames that are plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The first of them.
    pub first: u32,
    /// How many there are.
    pub frames: u32,
}

impl Header {
    /// Returns the header that is written.
    pub const fn new(image_size: u32) -> Self {
        Self { image_size, version: VERSION, area_count: 0 }
    }

    /// Reads and checks the header at the beginning of a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it. The magic is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        Self::read(bytes).map(|(header, _)| header)
    }

    #[inline(always)]
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, Geometry), HeaderError> {
        let bytes: &[u8; HEADER_LEN] = header_bytes(bytes)?;
        let (image_size, version) = (u32_at(bytes, 0x04), u32_at(bytes, 0x08));
        let geometry = Geometry::new(image_size.into(), FRAME_SIZE)?;
        if version > MAX_VERSION {
            return Err(HeaderError::Version { format: Format::Dax, got: version, max: MAX_VERSION });
        }
        let area_count = if version == 0 { 0 } else { u32_at(bytes, 0x0C) };
        // Each area covers a frame at least, so more areas than frames is damage. It also bounds the work
        // of looking through the list.
        if area_count > geometry.block_count {
            return Err(HeaderError::TooManyAreas { areas: area_count, frames: geometry.block_count });
        }
        Ok((Self { image_size, version, area_count }, geometry))
    }

    /// Returns the header as it stands in a file.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[0x04..0x08].copy_from_slice(&self.image_size.to_le_bytes());
        bytes[0x08..0x0C].copy_from_slice(&self.version.to_le_bytes());
        bytes[0x0C..0x10].copy_from_slice(&self.area_count.to_le_bytes());
        bytes
    }

    pub(super) const fn index_shape(&self, frames: u32) -> IndexShape {
        let offsets = HEADER_LEN as u64;
        IndexShape::Frames {
            offsets,
            sizes: sizes_at(frames),
            areas: areas_at(frames),
            area_count: self.area_count,
        }
    }
}

impl Entry {
    /// Bytes of an entry in the table of offsets.
    pub const OFFSET_LEN: usize = 4;
    /// Bytes of an entry in the table of sizes.
    pub const SIZE_LEN: usize = 2;

    /// Reads a frame's entries.
    pub const fn decode(offset: [u8; Self::OFFSET_LEN], size: [u8; Self::SIZE_LEN]) -> Self {
        Self { offset: u32::from_le_bytes(offset), size: u16::from_le_bytes(size) }
    }

    /// Returns the entries as they stand in the two tables.
    pub const fn encode(self) -> ([u8; Self::OFFSET_LEN], [u8; Self::SIZE_LEN]) {
        (self.offset.to_le_bytes(), self.size.to_le_bytes())
    }
}

impl Area {
    /// Bytes of an area in the list.
    pub const LEN: usize = 8;

    /// Reads an area of the list.
    pub fn decode(bytes: [u8; Self::LEN]) -> Self {
        Self { first: u32_at(&bytes, 0), frames: u32_at(&bytes, 4) }
    }

    /// Returns the area as it stands in the list.
    pub fn encode(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&self.first.to_le_bytes());
        bytes[4..].copy_from_slice(&self.frames.to_le_bytes());
        bytes
    }
}

/// Returns where the table of sizes begins in a file of so many frames.
pub const fn sizes_at(frames: u32) -> u64 {
    HEADER_LEN as u64 + Entry::OFFSET_LEN as u64 * frames as u64
}

/// Returns where the list of areas begins in a file of so many frames.
pub const fn areas_at(frames: u32) -> u64 {
    sizes_at(frames) + Entry::SIZE_LEN as u64 * frames as u64
}

/// Returns where the index ends in a file of so many frames and areas.
pub const fn index_end(frames: u32, areas: u32) -> u64 {
    areas_at(frames) + Area::LEN as u64 * areas as u64
}
