//! Lays out CSO v0/v1, CSO v2 and ZSO files.
//!
//! Header of 24 bytes, index of one 32-bit value per block and one for the end, blocks that begin at
//! multiples of 2^shift.

use super::bytes::Bytes;

pub const HEADER_LEN: usize = 24;
/// Bit 31 of an index value.
pub const FLAG: u32 = 1 << 31;

/// A block as it stands in the file.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Bit 31 of its index value: plain in CSO v0/v1 and ZSO, LZ4 in CSO v2.
    pub flag: bool,
    pub bytes: Vec<u8>,
}

impl Stored {
    pub fn flagged(bytes: Vec<u8>) -> Self {
        Self { flag: true, bytes }
    }

    pub fn unflagged(bytes: Vec<u8>) -> Self {
        Self { flag: false, bytes }
    }
}

/// A file by its fields; [`file`](Self::file) puts them in order.
#[derive(Clone)]
pub struct Ciso {
    pub magic: [u8; 4],
    pub header_size: u32,
    pub image_size: u64,
    pub block_size: u32,
    pub version: u8,
    pub shift: u8,
    pub unused: [u8; 2],
    pub blocks: Vec<Stored>,
    /// What fills the gaps between blocks.
    pub padding: u8,
}

impl Ciso {
    /// CSO v1 with the field values that most tools write.
    pub fn cso(image_size: usize, block_size: usize, blocks: Vec<Stored>) -> Self {
        Self {
            magic: *b"CISO",
            header_size: 24,
            image_size: image_size as u64,
            block_size: u32::try_from(block_size).expect("a block size"),
            version: 1,
            shift: 0,
            unused: [0; 2],
            blocks,
            padding: 0,
        }
    }

    /// As [`cso`](Self::cso), version 2.
    pub fn cso2(image_size: usize, block_size: usize, blocks: Vec<Stored>) -> Self {
        Self { version: 2, ..Self::cso(image_size, block_size, blocks) }
    }

    /// As [`cso`](Self::cso), with the other magic.
    pub fn zso(image_size: usize, block_size: usize, blocks: Vec<Stored>) -> Self {
        Self { magic: *b"ZISO", ..Self::cso(image_size, block_size, blocks) }
    }

    /// The bytes of the file.
    pub fn file(&self) -> Vec<u8> {
        let unit = 1 << self.shift;
        let mut file = Bytes::default();
        file.raw(&self.magic);
        file.u32(self.header_size);
        file.u64(self.image_size);
        file.u32(self.block_size);
        file.u8(self.version);
        file.u8(self.shift);
        file.raw(&self.unused);

        let mut at = (HEADER_LEN + 4 * (self.blocks.len() + 1)).next_multiple_of(unit);
        for block in &self.blocks {
            file.u32(self.value(at) | if block.flag { FLAG } else { 0 });
            at = (at + block.bytes.len()).next_multiple_of(unit);
        }
        file.u32(self.value(at));

        for block in &self.blocks {
            file.pad(unit, self.padding);
            file.raw(&block.bytes);
        }
        file.pad(unit, self.padding).finish()
    }

    fn value(&self, at: usize) -> u32 {
        u32::try_from(at >> self.shift).expect("test files are small")
    }
}

/// Where the index value of `block` stands in the file.
pub fn entry_at(block: usize) -> usize {
    HEADER_LEN + 4 * block
}
