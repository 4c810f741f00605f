//! Packs single blocks and proves each.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use block_encode::deflate::{Deflate, Effort};
use block_encode::lz4::Fast;
use sector_decode::{Coding, Decoder, SECTOR_SIZE, deflate_lint};

use crate::dump::Kind;

const BLOCK: usize = SECTOR_SIZE as usize;

/// Packs blocks of one sector.
pub(super) struct Packer {
    encoder: Encoder,
    packed: Vec<u8>,
    proof: Vec<u8>,
    decoder: Decoder,
}

enum Encoder {
    None,
    Deflate(Box<Deflate>),
    Lz4(Fast),
}

impl Packer {
    pub(super) fn new(kind: Kind) -> Self {
        let encoder = match kind {
            Kind::Iso => Encoder::None,
            Kind::Cso => Encoder::Deflate(Box::new(Deflate::new(Effort::Quick, BLOCK))),
            Kind::Zso => Encoder::Lz4(Fast::new()),
        };
        // Anything that does not get smaller is better stored.
        Self { encoder, packed: vec![0; BLOCK - 1], proof: vec![0; BLOCK], decoder: Decoder::new() }
    }

    /// Packs a block. `None` when it is better stored: when it does not get smaller, when the packed data is
    /// not known to work with the firmware's decoder, or when it does not decode to the block.
    pub(super) fn pack(&mut self, block: &[u8]) -> Option<&[u8]> {
        let len = match &mut self.encoder {
            Encoder::None => return None,
            Encoder::Deflate(deflate) => {
                let len = deflate.encode(block, &mut self.packed)?;
                deflate_lint::lint(&self.packed[..len]).ok()?;
                len
            }
            Encoder::Lz4(fast) => fast.pack(block, &mut self.packed)?,
        };
        let coding = match self.encoder {
            Encoder::Lz4(_) => Coding::Lz4,
            _ => Coding::Deflate,
        };
        let packed = &self.packed[..len];
        self.proof.fill(!*block.first()?);
        self.decoder.decode_last_block(coding, packed, &mut self.proof, block.len()).ok()?;
        (self.proof[..block.len()] == *block).then_some(packed)
    }
}
