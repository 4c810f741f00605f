//! Raw deflate by libdeflate: faster and smaller than zlib.
//!
//! From 1.19 on it writes no more blocks with an empty distance code; what it does write is looked at
//! by the lint all the same.

use libdeflater::{CompressionLvl, Compressor};

use super::Encoder;

/// The level that packs best.
pub(super) const BEST: u8 = 12;

pub(super) struct Libdeflate(Compressor);

impl Libdeflate {
    pub(super) fn new(level: u8) -> Self {
        let level = CompressionLvl::new(i32::from(level)).unwrap_or_default();
        Self(Compressor::new(level))
    }
}

impl Encoder for Libdeflate {
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        self.0.deflate_compress(block, out).ok()
    }
}
