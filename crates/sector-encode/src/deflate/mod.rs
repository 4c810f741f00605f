//! Raw deflate streams (RFC 1951) for blocks that are there as a whole.
//!
//! Every stream has a distance code of at least two codewords, also where a block has no match: that is one thing
//! the inflate of the PSP's firmware is believed to insist on (docs/firmware-safe-deflate.md). The streams of
//! [`Effort::Quick`] keep to all of that page's rules: one block with complete codes, never a stored one.

#![expect(
    clippy::cast_possible_truncation,
    reason = "everything counted here is bounded by the length of a block or of an alphabet"
)]

mod bits;
mod block;
mod chains;
mod header;
mod huffman;
mod quick;
mod symbols;

use bits::BitWriter;
use block::{BlockCoder, Histogram};
use quick::Quick;

/// The longest block, in bytes.
pub const MAX_BLOCK: usize = 64 << 10;

/// How much is done to make a stream small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effort {
    /// One pass: a match is taken unless there is a better one a byte later. About zlib 9's size.
    Quick,
}

/// Packs blocks into raw deflate streams, each on its own.
///
/// All memory is allocated when it is made. [`Effort::Quick`] takes 10 bytes for each byte of the longest block, or less,
/// and 12 KiB.
pub struct Deflate {
    parser: Quick,
    coder: BlockCoder,
    max_block: usize,
}

impl Deflate {
    /// Makes an encoder for blocks of up to `max_block` bytes; no more than [`MAX_BLOCK`], which is taken instead.
    #[must_use]
    pub fn new(effort: Effort, max_block: usize) -> Self {
        let max_block = max_block.min(MAX_BLOCK);
        let Effort::Quick = effort;
        Self { parser: Quick::new(max_block), coder: BlockCoder::new(), max_block }
    }

    /// Packs `block` into `out`; returns how many bytes that took.
    ///
    /// `None` when the stream does not fit, which is when a block is better stored plain, or when `block` is longer
    /// than this encoder was made for. `out` has no meaning then.
    pub fn encode(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        if block.len() > self.max_block {
            return None;
        }
        let tokens = self.parser.parse(block);
        debug_assert_eq!(tokens.iter().map(|token| token.len()).sum::<usize>(), block.len());
        let needed = self.coder.plan(&Histogram::of(tokens)).div_ceil(8) as usize;
        if needed > out.len() {
            return None;
        }
        let mut bits = BitWriter::new(out);
        self.coder.write(tokens, true, &mut bits);
        bits.finish()
    }
}
