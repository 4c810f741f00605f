//! JSO with raw deflate blocks and without block headers, as `jiso.exe` 1.00 reads it.
//!
//! | offset | size | field | written |
//! |---:|---:|---|---|
//! | 0x00 | 4 | magic | `JISO` |
//! | 0x04 | 2 | unknown; `jiso.exe` writes 1 | 1 |
//! | 0x06 | 2 | block size in bytes | |
//! | 0x08 | 2 | block headers | 0 |
//! | 0x0A | 2 | method: 0 is LZO1X, anything else raw deflate | 1 |
//! | 0x0C | 4 | size of the decoded image in bytes | |
//! | 0x10 | 16 | MD5 of the decoded image | |
//! | 0x20 | 4 | file position of the index | 0x30 |
//! | 0x24 | 12 | unused | 0 |
//!
//! The index holds a 32-bit position per block and one for the end; there are no flags. A block of
//! exactly the block size is plain.

use super::{Container, Placed, Table, field};
use crate::digest::ImageDigests;

const HEADER_LEN: u32 = 48;
const NO_BLOCK_HEADERS: u16 = 0;
const METHOD_DEFLATE: u16 = 1;

pub(super) struct Jso {
    pub(super) image_size: u64,
    pub(super) block_size: u32,
}

pub(super) fn index_end(blocks: u128) -> u128 {
    u128::from(HEADER_LEN) + 4 * (blocks + 1)
}

impl Container for Jso {
    fn tables(&self) -> Vec<Table> {
        vec![Table::new(u64::from(HEADER_LEN))]
    }

    fn add_block(&self, tables: &mut [Table], block: Placed) {
        self.add_end(tables, block.start);
    }

    fn add_end(&self, tables: &mut [Table], end: u64) {
        tables[0].push(&field::<_, u32>(end).to_le_bytes());
    }

    fn header(&self, digests: &ImageDigests) -> Vec<u8> {
        let mut header = Vec::with_capacity(HEADER_LEN as usize);
        header.extend_from_slice(b"JISO");
        header.extend_from_slice(&1u16.to_le_bytes());
        header.extend_from_slice(&field::<_, u16>(self.block_size).to_le_bytes());
        header.extend_from_slice(&NO_BLOCK_HEADERS.to_le_bytes());
        header.extend_from_slice(&METHOD_DEFLATE.to_le_bytes());
        header.extend_from_slice(&field::<_, u32>(self.image_size).to_le_bytes());
        // Zeros say that there is none; `encode` takes care that there is.
        header.extend_from_slice(&digests.all().map_or([0; 16], |digests| digests.md5));
        header.extend_from_slice(&HEADER_LEN.to_le_bytes());
        header.resize(HEADER_LEN as usize, 0);
        header
    }
}
