//! Raw deflate by this project's own encoder, the smallest streams.

use sector_encode::deflate::{Deflate, Effort, MAX_BLOCK};

use super::Encoder;

/// The largest block for which an effort is worth its time; libdeflate 12 does as well on larger ones, or nearly.
pub(super) const fn max_block(effort: Effort) -> usize {
    match effort {
        Effort::Thorough => 16 << 10,
        Effort::Quick | Effort::Best => MAX_BLOCK,
    }
}

pub(super) struct Sector(Deflate);

impl Sector {
    /// With `firmware_safe` every stream passes the lint.
    pub(super) fn new(effort: Effort, firmware_safe: bool, block_size: usize) -> Self {
        let make = if firmware_safe { Deflate::firmware_safe } else { Deflate::new };
        Self(make(effort, block_size))
    }
}

impl Encoder for Sector {
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        self.0.encode(block, out)
    }
}
