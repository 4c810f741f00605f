//! Raw deflate by stock zlib, the encoder whose streams are known to run on the PSP's firmware.
//!
//! With the feature `rust-only` zlib-rs takes its place: it packs alike, but does not write the same bytes.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::Encoder;

/// The level that packs best.
pub(super) const BEST: u8 = 9;

pub(super) struct Zlib(Compress);

impl Zlib {
    pub(super) fn new(level: u8) -> Self {
        // No zlib header; the window is zlib's largest, 32 KiB, for every block size.
        Self(Compress::new(Compression::new(u32::from(level)), false))
    }
}

impl Encoder for Zlib {
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        self.0.reset();
        match self.0.compress(block, out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => usize::try_from(self.0.total_out()).ok(),
            // The space was used up before the stream ended.
            _ => None,
        }
    }
}
