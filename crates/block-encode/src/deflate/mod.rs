//! Raw deflate streams (RFC 1951) for blocks that are completely in memory.
//!
//! Every stream has a distance code of at least two codewords, even when a block has no matches: the inflate
//! of the PSP's firmware is believed to require this (docs/firmware-safe-deflate.md). The streams of
//! [`Effort::Quick`] and of [`Deflate::firmware_safe`] follow all of that page's rules: one block with
//! complete codes, never a stored one.

#![expect(
    clippy::cast_possible_truncation,
    reason = "everything counted here is bounded by the length of a block or of an alphabet"
)]

mod bits;
mod block;
mod chains;
mod costs;
mod division;
mod header;
mod huffman;
mod matches;
mod parse;
mod quick;
mod settings;
mod smooth;
mod strong;
mod symbols;
mod trees;

use alloc::boxed::Box;

use bits::BitWriter;
use block::{BlockCoder, Histogram};
use quick::Quick;
use settings::Settings;
use strong::Strong;

/// The longest block, in bytes.
pub const MAX_BLOCK: usize = 64 << 10;

/// How much effort to spend on making a stream small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effort {
    /// One pass: takes a match unless there is a better one a byte later. Smaller than zlib 9, and faster.
    Quick,
    /// The cheaper of two parses, and code lengths that are cheap together with their header. Smaller than
    /// libdeflate 12; faster for blocks of 2 KiB, about as fast for larger ones.
    Thorough,
    /// All matches, up to fifteen parses, several deflate blocks. Smaller than zopfli with its usual fifteen
    /// iterations and several deflate blocks, in a twentieth of its time.
    Best,
}

/// Packs blocks into raw deflate streams, each on its own.
///
/// All memory is allocated at construction: with [`Effort::Quick`] at most 10 bytes for each byte of the
/// longest block, plus 12 KiB; with the others 84, plus 56 KiB. Only a block divided into many may need a
/// little more.
pub struct Deflate {
    parser: Parser,
    coder: BlockCoder,
    max_block: usize,
}

enum Parser {
    Quick(Quick),
    Strong(Box<Strong>),
}

impl Deflate {
    /// Makes an encoder for blocks of up to `max_block` bytes; larger values are reduced to [`MAX_BLOCK`].
    ///
    /// [`Effort::Thorough`] divides blocks of 4 KiB and more into several deflate blocks where that pays,
    /// [`Effort::Best`] also smaller ones.
    #[must_use]
    pub fn new(effort: Effort, max_block: usize) -> Self {
        Self::with(effort, max_block, true)
    }

    /// The same, but every stream is one deflate block: the lint of `sector-decode` finds nothing in it.
    #[must_use]
    pub fn firmware_safe(effort: Effort, max_block: usize) -> Self {
        Self::with(effort, max_block, false)
    }

    fn with(effort: Effort, max_block: usize, divides: bool) -> Self {
        let max_block = max_block.min(MAX_BLOCK);
        let settings = match effort {
            Effort::Quick => None,
            Effort::Thorough if max_block < 4096 => Some(Settings::THOROUGH),
            Effort::Thorough => Some(Settings::THOROUGH_LARGE),
            Effort::Best if max_block <= 8192 => Some(Settings::BEST),
            Effort::Best => Some(Settings::BEST_LARGE),
        };
        let parser = match settings {
            None => Parser::Quick(Quick::new(max_block)),
            Some(settings) if divides => Parser::Strong(Box::new(Strong::new(settings, max_block))),
            Some(settings) => {
                let settings = Settings { divisible: usize::MAX, ..settings };
                Parser::Strong(Box::new(Strong::new(settings, max_block)))
            }
        };
        let coder = BlockCoder::new(settings.is_some());
        Self { parser, coder, max_block }
    }

    /// Packs `block` into `out`; returns how many bytes that took.
    ///
    /// `None` when the stream does not fit (the block is then better stored), or when `block` is longer than
    /// this encoder was made for. The contents of `out` are then unspecified. The stronger efforts may give
    /// up early when `out` is much shorter than `block`, even if the stream would just have fitted.
    pub fn encode(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        if block.len() > self.max_block {
            return None;
        }
        match &mut self.parser {
            Parser::Quick(quick) => {
                let tokens = quick.parse(block);
                let bits = self.coder.plan(&Histogram::of(tokens));
                if bits.div_ceil(8) as usize > out.len() {
                    return None;
                }
                let mut bits = BitWriter::new(out);
                self.coder.write(tokens, true, &mut bits);
                bits.finish()
            }
            Parser::Strong(strong) => strong.encode(block, out, &mut self.coder),
        }
    }
}
