//! Raw deflate by libdeflate: faster and smaller than zlib.
//!
//! Since 1.19 it no longer writes blocks with an empty distance code; its output is still checked by the
//! lint.

use libdeflater::{CompressionLvl, Compressor};

use super::Encoder;

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
