//! JSO (jiso.exe 1.00 by Uncle Jam): `JISO` with LZO1X or raw deflate blocks.
//!
//! | offset | size | field | written |
//! |---:|---:|---|---|
//! | 0x00 | 4 | magic | `JISO` |
//! | 0x04 | 2 | 1 as jiso.exe 1.00 writes it; 0x0103 has been reported; meaning unknown, ignored | 1 |
//! | 0x06 | 2 | block size in bytes | |
//! | 0x08 | 2 | block headers: 1 when present | 0 |
//! | 0x0A | 2 | method: 0 is LZO1X, 1 raw deflate; jiso.exe takes anything else for deflate too, and never writes it | 1 |
//! | 0x0C | 4 | size of the decoded image in bytes | |
//! | 0x10 | 16 | MD5 of the decoded image | |
//! | 0x20 | 4 | file offset of the index | 0x30 |
//! | 0x24 | 12 | unused, unknown | 0 |
//!
//! The index holds a 32-bit file offset per block and one for the end; there are no flags. With block
//! headers each block begins with 0x01, 0x04 and the next block's stored size (16 bits, 0 in the last
//! one), which say nothing that the index does not and are skipped. A payload of exactly the block's
//! size is plain.

use super::{Geometry, MIN_BLOCK_SIZE, WriteLimits, header_bytes, u16_at, u32_at};
use crate::codec::Coding;
use crate::error::HeaderError;

/// The first four bytes of a file.
pub const MAGIC: [u8; 4] = *b"JISO";

const LEN: u32 = 48;

/// Bytes of the header. The index mostly follows.
pub const HEADER_LEN: usize = LEN as usize;

/// What is written in the field at 4.
pub const VERSION: u16 = 1;

const BLOCK_HEADER_LEN: u32 = 4;

/// What is written.
pub const WRITTEN: WriteLimits = WriteLimits {
    // jiso.exe's own list.
    block_sizes: (MIN_BLOCK_SIZE, 16 << 10),
    max_position: u32::MAX,
    max_shift: 0,
};

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The field at 4.
    pub version: u16,
    /// Bytes of the image in each block.
    pub block_size: u16,
    /// Whether each block begins with a header of its own.
    pub block_headers: bool,
    /// How blocks are packed that are not plain.
    pub method: Method,
    /// Bytes of the decoded image.
    pub image_size: u32,
    /// MD5 of the decoded image.
    pub image_md5: [u8; 16],
    /// Where the index begins.
    pub index_at: u32,
}

/// How the packed blocks of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// LZO1X.
    Lzo = 0,
    /// Raw deflate.
    Deflate = 1,
}

/// A value of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the block begins in the file; in the last entry, where the data ends.
    pub position: u32,
}

impl Header {
    /// Returns the header that is written.
    pub const fn new(image_size: u32, block_size: u16, image_md5: [u8; 16]) -> Self {
        Self {
            version: VERSION,
            block_size,
            block_headers: false,
            method: Method::Deflate,
            image_size,
            image_md5,
            index_at: LEN,
        }
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
        let (block_size, image_size) = (u16_at(bytes, 0x06), u32_at(bytes, 0x0C));
        let geometry = Geometry::new(image_size.into(), block_size.into())?;
        let method = match u16_at(bytes, 0x0A) {
            0 => Method::Lzo,
            1 => Method::Deflate,
            got => return Err(HeaderError::Method { got }),
        };
        // An index inside the header cannot be right; behind the header it may lie anywhere.
        let index_at = u32_at(bytes, 0x20);
        if index_at < LEN {
            return Err(HeaderError::IndexPosition { got: index_at, min: LEN });
        }
        let mut image_md5 = [0; 16];
        image_md5.copy_from_slice(&bytes[0x10..0x20]);
        let header = Self {
            version: u16_at(bytes, 0x04),
            block_size,
            block_headers: u16_at(bytes, 0x08) != 0,
            method,
            image_size,
            image_md5,
            index_at,
        };
        Ok((header, geometry))
    }

    /// Returns the header as it stands in a file.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[0x04..0x06].copy_from_slice(&self.version.to_le_bytes());
        bytes[0x06..0x08].copy_from_slice(&self.block_size.to_le_bytes());
        bytes[0x08] = self.block_headers.into();
        bytes[0x0A] = self.method as u8;
        bytes[0x0C..0x10].copy_from_slice(&self.image_size.to_le_bytes());
        bytes[0x10..0x20].copy_from_slice(&self.image_md5);
        bytes[0x20..0x24].copy_from_slice(&self.index_at.to_le_bytes());
        bytes
    }

    /// How many bytes of each block are a header of its own.
    pub(super) const fn block_header_len(&self) -> u32 {
        if self.block_headers { BLOCK_HEADER_LEN } else { 0 }
    }

    /// Where the first block can begin at the earliest. Where the index does not follow the header, the blocks may fill
    /// the room between them.
    pub(super) const fn data_start(&self, index_end: u64) -> u64 {
        if self.index_at == LEN { index_end } else { HEADER_LEN as u64 }
    }
}

impl Method {
    pub(super) const fn coding(self) -> Coding {
        match self {
            Self::Lzo => Coding::Lzo,
            Self::Deflate => Coding::Deflate,
        }
    }
}

impl Entry {
    /// Reads a value of the index.
    pub const fn decode(bytes: [u8; 4]) -> Self {
        Self { position: u32::from_le_bytes(bytes) }
    }

    /// Returns the value as it stands in the index.
    pub const fn encode(self) -> [u8; 4] {
        self.position.to_le_bytes()
    }
}

/// Returns where the index of this many blocks, which follows the header, ends.
pub const fn index_end(blocks: u32) -> u64 {
    super::positions_end(HEADER_LEN as u64, blocks)
}
