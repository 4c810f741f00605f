//! Raw deflate by this project's own encoder, the smallest streams.

use block_encode::deflate::{Deflate, Effort};

use super::Encoder;

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
