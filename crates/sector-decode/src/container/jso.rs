//! JSO (jiso.exe 1.00 by Uncle Jam): `JISO` with LZO1X or raw deflate blocks.
//!
//! | offset | size | field |
//! |---:|---:|---|
//! | 0x00 | 4 | magic `JISO` |
//! | 0x04 | 2 | 1 as jiso.exe 1.00 writes it; 0x0103 has been reported; meaning unknown, ignored |
//! | 0x06 | 2 | block size in bytes |
//! | 0x08 | 2 | block headers: 1 when present |
//! | 0x0A | 2 | method: 0 is LZO1X, anything else raw deflate |
//! | 0x0C | 4 | size of the decoded image in bytes |
//! | 0x10 | 16 | MD5 of the decoded image |
//! | 0x20 | 4 | file offset of the index |
//! | 0x24 | 12 | unused, unknown |
//!
//! The index holds a 32-bit file offset per block and one for the end; there are no flags. With block
//! headers each block begins with 0x01, 0x04 and the next block's stored size (16 bits, 0 in the last
//! one), which say nothing that the index does not and are skipped. A payload of exactly the block's
//! size is plain.

use super::{Geometry, PROBE_LEN, u16_at, u32_at};
use crate::codec::Coding;
use crate::error::HeaderError;

pub(super) const MAGIC: u32 = u32::from_le_bytes(*b"JISO");

const HEADER_LEN: u32 = 48;
const BLOCK_HEADER_LEN: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: u16,
    pub(super) block_headers: bool,
    pub(super) image_md5: [u8; 16],
    pub(super) index_at: u64,
    /// How blocks are packed whose payload is not exactly as long as the block.
    pub(super) packed: Coding,
}

pub(super) fn parse(head: &[u8; PROBE_LEN], file_len: u64) -> Result<(Geometry, Header), HeaderError> {
    if file_len < u64::from(HEADER_LEN) {
        return Err(HeaderError::FileTooShort { len: file_len, needed: HEADER_LEN });
    }
    let geometry = Geometry::new(file_len, u64::from(u32_at(head, 0x0C)), u32::from(u16_at(head, 0x06)))?;
    let index_at = u64::from(u32_at(head, 0x20));
    // An index inside the header cannot be right; behind the header it may lie anywhere.
    if index_at < u64::from(HEADER_LEN) {
        return Err(HeaderError::HeaderSize { got: u32_at(head, 0x20), expected: HEADER_LEN });
    }
    let mut geometry = geometry.behind_index(geometry.positions_end(index_at))?;
    // Where the index lies elsewhere, the blocks may fill the room before it.
    if index_at != u64::from(HEADER_LEN) {
        geometry.data_start = u64::from(HEADER_LEN);
    }
    let mut image_md5 = [0; 16];
    image_md5.copy_from_slice(&head[0x10..0x20]);
    let header = Header {
        version: u16_at(head, 0x04),
        block_headers: u16_at(head, 0x08) != 0,
        image_md5,
        index_at,
        packed: if u16_at(head, 0x0A) == 0 { Coding::Lzo } else { Coding::Deflate },
    };
    Ok((geometry, header))
}

impl Header {
    /// How many bytes of each block are a header of its own.
    pub(super) fn head_len(&self) -> u32 {
        if self.block_headers { BLOCK_HEADER_LEN } else { 0 }
    }
}
