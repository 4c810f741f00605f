//! Encoders, one per file, and the choice between their deflate streams.

#[cfg(feature = "native")]
mod libdeflate;
mod lz4;
mod sector;
mod zlib;

use block_encode::deflate::MAX_BLOCK;
use sector_decode::deflate_lint::{Finding, lint};

pub(crate) use lz4::Lz4;

use crate::plan::DeflateEncoder;

/// Packs blocks, each on its own.
pub(crate) trait Encoder {
    /// Packs `block` into `out` and returns how many bytes that took; `None` when they do not fit.
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize>;
}

/// Makes raw deflate streams that the lint allows.
pub(crate) struct Deflate {
    encoder: Box<dyn Encoder>,
    /// Tried when the stream is not allowed. libdeflate splits large blocks (a quarter of those of 16 KiB in
    /// mixed data); stock zlib keeps them whole, which is better than storing them.
    fallback: Option<zlib::Zlib>,
    firmware_safe: bool,
}

/// libdeflate's level that packs best.
const BEST_LIBDEFLATE: u8 = 12;

/// The encoder that is actually used for blocks of this size: libdeflate 12 where our own does not support
/// them.
pub(crate) const fn for_block_size(encoder: DeflateEncoder, block_size: usize) -> DeflateEncoder {
    match encoder {
        DeflateEncoder::Sector { .. } if block_size > MAX_BLOCK => {
            DeflateEncoder::Libdeflate { level: BEST_LIBDEFLATE }
        }
        other => other,
    }
}

/// Whether stock zlib is used as a fallback for streams that are not allowed. Our own encoder and zlib itself
/// never produce any.
pub(crate) const fn has_fallback(encoder: DeflateEncoder, firmware_safe: bool) -> bool {
    firmware_safe && matches!(encoder, DeflateEncoder::Libdeflate { .. })
}

/// The result of packing a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Length in bytes; `None` when there is no stream that fits and is allowed.
    pub(crate) len: Option<usize>,
    /// The lint's finding for this stream or, if there is none, for the one that was not allowed.
    pub(crate) finding: Option<Finding>,
}

impl Deflate {
    pub(crate) fn new(encoder: DeflateEncoder, firmware_safe: bool, block_size: usize) -> Self {
        let encoder = for_block_size(encoder, block_size);
        let fallback = has_fallback(encoder, firmware_safe).then(|| zlib::Zlib::new(zlib::BEST));
        let encoder: Box<dyn Encoder> = match encoder {
            DeflateEncoder::Zlib { level } => Box::new(zlib::Zlib::new(level)),
            #[cfg(feature = "native")]
            DeflateEncoder::Libdeflate { level } => Box::new(libdeflate::Libdeflate::new(level)),
            #[cfg(not(feature = "native"))]
            DeflateEncoder::Libdeflate { level } => Box::new(zlib::Zlib::new(level.min(zlib::BEST))),
            DeflateEncoder::Sector { effort } => {
                Box::new(sector::Sector::new(effort, firmware_safe, block_size))
            }
        };
        Self { encoder, fallback, firmware_safe }
    }

    /// For tests of how a faulty encoder's output is handled.
    #[cfg(test)]
    pub(crate) fn with_encoder(encoder: Box<dyn Encoder>) -> Self {
        Self { encoder, fallback: None, firmware_safe: false }
    }

    /// Packs `block` into `out`, which must not be larger than a block.
    pub(crate) fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Stream {
        let first = attempt(self.encoder.as_mut(), block, self.firmware_safe, out);
        match &mut self.fallback {
            Some(zlib) if first.len.is_none() && first.finding.is_some() => {
                let second = attempt(zlib, block, self.firmware_safe, out);
                Stream {
                    finding: if second.len.is_some() { second.finding } else { first.finding },
                    ..second
                }
            }
            _ => first,
        }
    }
}

/// Lets an encoder try; its result is in `out` if it is allowed.
fn attempt(encoder: &mut dyn Encoder, block: &[u8], firmware_safe: bool, out: &mut [u8]) -> Stream {
    let Some(len) = encoder.pack(block, out) else { return Stream::default() };
    let finding = lint(&out[..len]).err();
    Stream { len: (!firmware_safe || finding.is_none()).then_some(len), finding }
}

#[cfg(test)]
mod tests {
    use test_noise::Noise;

    use super::*;

    /// Two halves that need different codes, so that libdeflate ends a deflate block between them.
    fn two_kinds_of_data() -> Vec<u8> {
        let mut noise = Noise::new(1);
        let mut block: Vec<u8> = (0..8192).map(|_| noise.byte() & 0x07).collect();
        block.extend((0..8192).map(|_| noise.byte() | 0xE0));
        block
    }

    #[test]
    fn stock_zlib_steps_in_where_another_encoder_splits_a_block() {
        let block = two_kinds_of_data();
        let mut out = vec![0; block.len()];
        let mut careless = Deflate::new(DeflateEncoder::Libdeflate { level: 12 }, false, block.len());
        let split = careless.pack(&block, &mut out);
        assert_eq!(split.finding, Some(Finding::SeveralBlocks));
        let mut safe = Deflate::new(DeflateEncoder::Libdeflate { level: 12 }, true, block.len());
        let stream = safe.pack(&block, &mut out);
        let len = stream.len.expect("zlib writes one deflate block");
        assert_eq!((stream.finding, lint(&out[..len])), (None, Ok(())));
        // Where zlib's stream, which is longer, does not fit, it was for this that there is none.
        let refused = Stream { len: None, finding: split.finding };
        assert_eq!(safe.pack(&block, &mut out[..split.len.unwrap()]), refused);
    }
}
