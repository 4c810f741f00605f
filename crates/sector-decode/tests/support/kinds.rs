//! One file of each kind from any image, for the tests that hold for all formats.

use super::ciso::{Ciso, Stored};
use super::dax::{Dax, FRAME_SIZE};
use super::jso::{self, Jso};
use super::{image, pack};

/// A format with a choice of its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Iso,
    Cso { shift: u8 },
    Cso2 { shift: u8 },
    Zso { shift: u8 },
    DaxV0,
    DaxV1,
    Jso { method: u16, block_headers: bool },
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Iso,
        Self::Cso { shift: 0 },
        Self::Cso { shift: 3 },
        Self::Cso2 { shift: 0 },
        Self::Cso2 { shift: 2 },
        Self::Zso { shift: 0 },
        Self::Zso { shift: 3 },
        Self::DaxV0,
        Self::DaxV1,
        Self::Jso { method: jso::ZLIB, block_headers: false },
        Self::Jso { method: jso::ZLIB, block_headers: true },
        Self::Jso { method: jso::LZO, block_headers: false },
        Self::Jso { method: jso::LZO, block_headers: true },
    ];

    /// The block size that a file of this kind gets when `wanted` is asked for.
    pub fn block_size(self, wanted: usize) -> usize {
        match self {
            Self::Iso => 2048,
            Self::DaxV0 | Self::DaxV1 => FRAME_SIZE,
            // The field has 16 bits.
            Self::Jso { .. } => wanted.min(0xF800),
            _ => wanted,
        }
    }
}

/// What becomes of a last block that is partial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// It is packed as short as it is.
    Short,
    /// It is filled up with zeros to a whole block first.
    ZeroFilled,
}

/// Lays out a file of this kind that decodes to `image`.
pub fn build(kind: Kind, image: &[u8], wanted_block_size: usize, last: Last) -> Vec<u8> {
    let block_size = kind.block_size(wanted_block_size);
    let blocks = image.chunks(block_size).map(|data| Block { data, block_size, last });
    let count = image.len();
    match kind {
        Kind::Iso => image.to_vec(),
        Kind::Cso { shift } => {
            let stored = blocks.map(|block| block.plain_or(|data| pack::deflate(data, 9))).collect();
            Ciso { shift, padding: b'X', ..Ciso::cso(count, block_size, stored) }.file()
        }
        Kind::Zso { shift } => {
            let stored = blocks.map(|block| block.plain_or(pack::lz4)).collect();
            Ciso { shift, padding: b'X', ..Ciso::zso(count, block_size, stored) }.file()
        }
        Kind::Cso2 { shift } => {
            let stored = blocks.enumerate().map(|(number, block)| block.cso2(number, 1 << shift)).collect();
            Ciso { shift, ..Ciso::cso2(count, block_size, stored) }.file()
        }
        Kind::DaxV0 => Dax::v0(count, blocks.map(|block| pack::zlib(&block.filled(), 9)).collect()).file(),
        Kind::DaxV1 => {
            let (frames, areas) = blocks.enumerate().map(|(number, block)| block.dax_v1(number)).unzip();
            let areas: Vec<Option<(u32, u32)>> = areas;
            Dax::v1(count, frames, areas.into_iter().flatten().collect()).file()
        }
        Kind::Jso { method, block_headers } => {
            let payloads = blocks.map(|block| block.jso(method)).collect();
            Jso { block_headers, ..Jso::new(count, block_size, method, payloads) }.file()
        }
    }
}

struct Block<'a> {
    data: &'a [u8],
    block_size: usize,
    last: Last,
}

impl Block<'_> {
    /// A whole block, whatever is asked for.
    fn zero_filled(&self) -> Vec<u8> {
        pack::zero_filled(self.data, self.block_size)
    }

    fn filled(&self) -> Vec<u8> {
        match self.last {
            Last::Short => self.data.to_vec(),
            Last::ZeroFilled => self.zero_filled(),
        }
    }

    /// CSO v1 and ZSO: plain behind a flag when packing does not help.
    fn plain_or(&self, pack: impl Fn(&[u8]) -> Vec<u8>) -> Stored {
        let filled = self.filled();
        let packed = pack(&filled);
        if packed.len() < filled.len() { Stored::unflagged(packed) } else { Stored::flagged(filled) }
    }

    /// CSO v2: plain is what takes a whole block or more with its padding; else the two codecs in turn.
    fn cso2(&self, number: usize, unit: usize) -> Stored {
        let filled = self.filled();
        let lz4 = number.is_multiple_of(2);
        let packed = if lz4 { pack::lz4(&filled) } else { pack::deflate(&filled, 9) };
        if packed.len().next_multiple_of(unit) >= self.block_size {
            Stored::unflagged(self.zero_filled())
        } else {
            Stored { flag: lz4, bytes: packed }
        }
    }

    /// DAX v1: plain frames are listed as areas.
    fn dax_v1(&self, number: usize) -> (Vec<u8>, Option<(u32, u32)>) {
        let packed = pack::zlib(&self.filled(), 9);
        if packed.len() < FRAME_SIZE {
            return (packed, None);
        }
        (self.zero_filled(), Some((u32::try_from(number).expect("a frame number"), 1)))
    }

    /// JSO: plain is what has exactly the block's size.
    fn jso(&self, method: u16) -> Vec<u8> {
        let filled = self.filled();
        let packed = if method == jso::LZO { pack::lzo(&filled) } else { pack::deflate(&filled, 9) };
        if packed.len() < self.block_size { packed } else { self.zero_filled() }
    }
}

/// A file and what it decodes to.
#[derive(Clone)]
pub struct Sample {
    pub kind: Kind,
    pub image: Vec<u8>,
    pub file: Vec<u8>,
}

/// A file of each kind: plain and packed blocks of 4 KiB, the last one filled up with zeros.
pub fn samples(sectors: usize) -> Vec<Sample> {
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let image = image::mixed(sectors * 2048, 7);
            let file = build(kind, &image, 4096, Last::ZeroFilled);
            Sample { kind, image, file }
        })
        .collect()
}
