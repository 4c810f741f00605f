//! DAX (Dark_AleX), versions 0 and 1: zlib streams of 8 KiB frames.
//!
//! | offset | size | field |
//! |---:|---:|---|
//! | 0x00 | 4 | magic `DAX\0` |
//! | 0x04 | 4 | size of the decoded image in bytes |
//! | 0x08 | 4 | version: 0, or 1 with uncompressed areas |
//! | 0x0C | 4 | number of uncompressed ("NC") areas |
//! | 0x10 | 16 | unused, unknown |
//!
//! From 0x20 on, back to back: a file offset (32 bits) per frame; a stored size (16 bits) per frame; in
//! version 1 a pair of 32-bit numbers per area, its first frame and its number of frames. Frames in an
//! area are plain. Version 0 has no areas whatever the field says (so does maxcso read it).

use super::{Format, Geometry, IndexShape, PROBE_LEN, u32_at};
use crate::codec::Coding;
use crate::error::HeaderError;

pub(super) const MAGIC: u32 = u32::from_le_bytes(*b"DAX\0");

const HEADER_LEN: u32 = 32;
const FRAME_SIZE: u32 = 0x2000;
const MAX_VERSION: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) area_count: u32,
}

pub(super) fn parse(head: &[u8; PROBE_LEN], file_len: u64) -> Result<(Geometry, Header), HeaderError> {
    if file_len < u64::from(HEADER_LEN) {
        return Err(HeaderError::FileTooShort { len: file_len, needed: HEADER_LEN });
    }
    let geometry = Geometry::new(file_len, u64::from(u32_at(head, 0x04)), FRAME_SIZE)?;
    let version = u32_at(head, 0x08);
    if version > MAX_VERSION {
        return Err(HeaderError::Version { format: Format::Dax, got: version, max: MAX_VERSION });
    }
    let area_count = if version == 0 { 0 } else { u32_at(head, 0x0C) };
    // Each area covers a frame at least, so more areas than frames is damage. It also bounds the work
    // of looking through the list.
    if area_count > geometry.block_count {
        return Err(HeaderError::TooManyAreas { areas: area_count, frames: geometry.block_count });
    }
    let index_end = u64::from(HEADER_LEN) + 6 * u64::from(geometry.block_count) + 8 * u64::from(area_count);
    Ok((geometry.behind_index(index_end)?, Header { version, area_count }))
}

impl Header {
    pub(super) const fn index_shape(&self, frames: u32) -> IndexShape {
        let offsets = HEADER_LEN as u64;
        let sizes = offsets + 4 * frames as u64;
        let areas = sizes + 2 * frames as u64;
        IndexShape::Frames { offsets, sizes, areas, area_count: self.area_count }
    }
}

/// Of frames outside and inside of uncompressed areas.
pub(super) const CODINGS: [Coding; 2] = [Coding::Zlib, Coding::Stored];
