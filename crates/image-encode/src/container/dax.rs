//! DAX version 0: every frame is a complete zlib stream.
//!
//! | offset | size | field | written |
//! |---:|---:|---|---|
//! | 0x00 | 4 | magic | `DAX\0` |
//! | 0x04 | 4 | size of the decoded image in bytes | |
//! | 0x08 | 4 | version | 0 |
//! | 0x0C | 4 | number of uncompressed ("NC") areas | 0 |
//! | 0x10 | 16 | unused | 0 |
//!
//! Then a 32-bit position per frame, then a 16-bit size per frame; no end entry.
//!
//! Version 1 could store frames plain in NC areas. It is not written, because the readers of ARK-4 and
//! its kin read such frames two bytes too late. In version 0 a frame that does not get smaller is longer
//! than 8 KiB: a zlib stream of one stored block. Readers have buffers of 0x2400 bytes for it.

use super::{Container, Placed, Table, field};
use crate::digest::ImageDigests;

const HEADER_LEN: u32 = 32;
const FRAME_SIZE: usize = 0x2000;

/// What a zlib stream adds to deflate data: two bytes of header and an Adler-32.
pub(crate) const ZLIB_OVERHEAD: usize = 2 + 4;

/// The most bytes that one frame can have: a stored block of a whole frame.
#[expect(clippy::cast_possible_truncation, reason = "a constant of some thousands")]
pub(crate) const MAX_FRAME_LEN: u32 = (ZLIB_OVERHEAD + STORED_BLOCK_HEADER + FRAME_SIZE) as u32;

const STORED_BLOCK_HEADER: usize = 5;

/// Header bytes of a zlib stream with a window of 32 KiB and without a dictionary (RFC 1950).
const ZLIB_HEADER: [u8; 2] = [0x78, 0x9C];

pub(super) struct Dax {
    pub(super) image_size: u64,
    pub(super) blocks: u64,
}

pub(super) fn index_end(blocks: u128) -> u128 {
    u128::from(HEADER_LEN) + 6 * blocks
}

impl Container for Dax {
    fn tables(&self) -> Vec<Table> {
        let offsets = u64::from(HEADER_LEN);
        let sizes = offsets + 4 * self.blocks;
        vec![Table::new(offsets), Table::new(sizes)]
    }

    fn add_block(&self, tables: &mut [Table], block: Placed) {
        tables[0].push(&field::<_, u32>(block.start).to_le_bytes());
        tables[1].push(&field::<_, u16>(block.len).to_le_bytes());
    }

    fn add_end(&self, _tables: &mut [Table], _end: u64) {}

    fn header(&self, _digests: &ImageDigests) -> Vec<u8> {
        let mut header = Vec::with_capacity(HEADER_LEN as usize);
        header.extend_from_slice(b"DAX\0");
        header.extend_from_slice(&field::<_, u32>(self.image_size).to_le_bytes());
        header.resize(HEADER_LEN as usize, 0);
        header
    }
}

/// Whether a frame of this much raw deflate data would be as long as a block.
///
/// Readers of the ARK family look at a frame's length alone and would take it for a plain one.
pub(crate) fn looks_plain(deflate_len: usize) -> bool {
    ZLIB_OVERHEAD + deflate_len == FRAME_SIZE
}

/// Makes a frame of raw deflate data, which decodes to `block`.
pub(crate) fn wrap(deflate: &[u8], block: &[u8], frame: &mut Vec<u8>) {
    frame.extend_from_slice(&ZLIB_HEADER);
    frame.extend_from_slice(deflate);
    frame.extend_from_slice(&libdeflater::adler32(block).to_be_bytes());
}

/// Makes a frame that holds `block` as it is: one final stored deflate block (RFC 1951, 3.2.4).
pub(crate) fn wrap_stored(block: &[u8], frame: &mut Vec<u8>) {
    let len: u16 = field(block.len());
    let mut deflate = Vec::with_capacity(STORED_BLOCK_HEADER + block.len());
    deflate.push(1);
    deflate.extend_from_slice(&len.to_le_bytes());
    deflate.extend_from_slice(&(!len).to_le_bytes());
    deflate.extend_from_slice(block);
    wrap(&deflate, block, frame);
}
