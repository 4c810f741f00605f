//! Lays out CSO v0/v1, CSO v2 and ZSO files: header, index, blocks that begin at multiples of 2^shift.

use sector_decode::container::ciso::{Entry, Header, Variant};
use sector_decode::container::{cso, cso2, zso};

use super::bytes::Bytes;
use super::{image, pack};

pub use sector_decode::container::ciso::HEADER_LEN;
/// The blocks of the two files at the end.
const SECTOR: usize = 2048;
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
    pub variant: Variant,
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
            variant: cso::VARIANT,
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
        Self { variant: cso2::VARIANT, version: 2, ..Self::cso(image_size, block_size, blocks) }
    }

    /// As [`cso`](Self::cso), in the other format.
    pub fn zso(image_size: usize, block_size: usize, blocks: Vec<Stored>) -> Self {
        Self { variant: zso::VARIANT, ..Self::cso(image_size, block_size, blocks) }
    }

    /// The bytes of the file.
    pub fn file(&self) -> Vec<u8> {
        let unit = 1 << self.shift;
        let mut file = Bytes::default();
        let Self { header_size, image_size, block_size, version, shift, .. } = *self;
        let header = Header { header_size, image_size, block_size, version, index_shift: shift };
        file.raw(&self.variant.to_bytes(&header)[..HEADER_LEN - self.unused.len()]).raw(&self.unused);

        let mut at = (HEADER_LEN + 4 * (self.blocks.len() + 1)).next_multiple_of(unit);
        for block in &self.blocks {
            file.raw(&self.entry(at, block.flag));
            at = (at + block.bytes.len()).next_multiple_of(unit);
        }
        file.raw(&self.entry(at, false));

        for block in &self.blocks {
            file.pad(unit, self.padding);
            file.raw(&block.bytes);
        }
        file.pad(unit, self.padding).finish()
    }

    fn entry(&self, at: usize, flag: bool) -> [u8; 4] {
        Entry { position: at as u64, flag }.encode(self.shift).expect("blocks begin where an entry can say")
    }
}

/// Where the index value of `block` stands in the file.
pub fn entry_at(block: usize) -> usize {
    HEADER_LEN + 4 * block
}

/// A CSO of four sectors of text.
pub fn four_sectors() -> Vec<u8> {
    let image = image::text(4 * SECTOR, 1);
    let blocks = image.chunks(SECTOR).map(|block| Stored::unflagged(pack::deflate(block, 9))).collect();
    Ciso::cso(image.len(), SECTOR, blocks).file()
}

/// A CSO of one block with these bytes in it.
pub fn one_block(block: Stored) -> Vec<u8> {
    Ciso::cso(SECTOR, SECTOR, vec![block]).file()
}

/// A file as the Xbox tool ciso makes it.
pub fn xbox(image: &[u8]) -> Vec<u8> {
    let block = |block: &[u8]| {
        let packed = pack::lz4(block);
        if packed.len() + 12 >= block.len() {
            return Stored::unflagged(block.to_vec());
        }
        let len = u32::try_from(packed.len()).expect("less than a block");
        Stored { flag: true, bytes: [&len.to_le_bytes()[..], &packed].concat() }
    };
    let blocks = image.chunks(SECTOR).map(block).collect();
    Ciso { shift: 2, ..Ciso::cso2(image.len(), SECTOR, blocks) }.file()
}
