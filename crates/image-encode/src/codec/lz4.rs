//! Raw LZ4 blocks by liblz4, without a frame and without a size in front.

use lz4::block::{CompressionMode, compress_to_buffer};

use super::Encoder;
use crate::plan::Lz4Encoder;

pub(crate) struct Lz4(CompressionMode);

impl Lz4 {
    pub(crate) fn new(encoder: Lz4Encoder) -> Self {
        Self(match encoder {
            Lz4Encoder::Fast => CompressionMode::DEFAULT,
            Lz4Encoder::Hc { level } => CompressionMode::HIGHCOMPRESSION(i32::from(level)),
        })
    }
}

impl Encoder for Lz4 {
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        compress_to_buffer(block, Some(self.0), false, out).ok()
    }
}
