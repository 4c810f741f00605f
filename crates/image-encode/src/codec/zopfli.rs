//! Raw deflate by zopfli: the smallest streams, some hundred times slower than zlib.

use std::io::Write;
use std::num::NonZeroU64;

use zopfli::{BlockType, DeflateEncoder, Options};

use super::Encoder;

/// From this block size on several deflate blocks pay: they save about 0.7 % at 8 KiB. In smaller blocks it
/// is 0.2 % and less, for fifteen times the time.
pub(super) const MIN_SPLIT: usize = 8 << 10;

/// Zopfli's own default limit.
const MAX_SPLITS: u16 = 15;
const NO_SPLITS: u16 = 1;

pub(super) struct Zopfli {
    options: Options,
    stream: Vec<u8>,
}

impl Zopfli {
    /// With `split` the stream may consist of several deflate blocks.
    pub(super) fn new(iterations: u8, split: bool) -> Self {
        let options = Options {
            iteration_count: NonZeroU64::new(u64::from(iterations)).unwrap_or(NonZeroU64::MIN),
            maximum_block_splits: if split { MAX_SPLITS } else { NO_SPLITS },
            ..Options::default()
        };
        Self { options, stream: Vec::new() }
    }
}

impl Encoder for Zopfli {
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        self.stream.clear();
        // It cannot be told how much room there is. A stream that does not get smaller holds stored
        // blocks, so it is never much longer than the data.
        let mut encoder = DeflateEncoder::new(self.options, BlockType::Dynamic, &mut self.stream);
        encoder.write_all(block).ok()?;
        encoder.finish().ok()?;
        out.get_mut(..self.stream.len())?.copy_from_slice(&self.stream);
        Some(self.stream.len())
    }
}
