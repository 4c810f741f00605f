//! Raw LZ4 blocks, without a frame and without a size in front: by liblz4 when it is faster, by the project's
//! own encoder when its result is smaller.

use block_encode::lz4::Optimal;
#[cfg(feature = "native")]
use lz4::block::{CompressionMode, compress_to_buffer};

use super::Encoder;
use crate::plan::Lz4Encoder;

/// The effort of the own encoder where it takes liblz4's place.
#[cfg(not(feature = "native"))]
const FEW_ATTEMPTS: u32 = 16;

pub(crate) enum Lz4 {
    #[cfg(feature = "native")]
    Library(CompressionMode),
    Optimal(Optimal),
}

impl Lz4 {
    pub(crate) fn new(encoder: Lz4Encoder) -> Self {
        match encoder {
            #[cfg(not(feature = "native"))]
            Lz4Encoder::Fast | Lz4Encoder::Hc { .. } => Self::Optimal(Optimal::new(FEW_ATTEMPTS)),
            #[cfg(feature = "native")]
            Lz4Encoder::Fast => Self::Library(CompressionMode::DEFAULT),
            #[cfg(feature = "native")]
            Lz4Encoder::Hc { level } => Self::Library(CompressionMode::HIGHCOMPRESSION(i32::from(level))),
            Lz4Encoder::Optimal { attempts } => Self::Optimal(Optimal::new(attempts.get().into())),
        }
    }
}

impl Encoder for Lz4 {
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        match self {
            #[cfg(feature = "native")]
            Self::Library(mode) => compress_to_buffer(block, Some(*mode), false, out).ok(),
            Self::Optimal(encoder) => encoder.pack(block, out),
        }
    }
}
