//! Encoders, one file each, and the choice between their deflate streams.

mod libdeflate;
mod lz4;
mod zlib;
mod zopfli;

use sector_decode::deflate_lint::{Finding, lint};

pub(crate) use lz4::Lz4;

use crate::plan::DeflateEncoder;

/// Packs blocks, each on its own.
pub(crate) trait Encoder {
    /// Packs `block` into `out` and returns how many bytes that took; `None` when they do not fit.
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize>;
}

/// Makes raw deflate streams: the smallest one of those that the encoders make and the lint allows.
pub(crate) struct Deflate {
    encoders: Vec<Box<dyn Encoder>>,
    /// Tried when none of the streams is allowed. libdeflate splits large blocks (a quarter of those of
    /// 16 KiB in mixed data); stock zlib keeps them whole, which beats storing them plain.
    fallback: Option<zlib::Zlib>,
    firmware_safe: bool,
    attempt: Vec<u8>,
}

/// What came of packing a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Length in bytes; `None` when no stream fits and is allowed.
    pub(crate) len: Option<usize>,
    /// What the lint says of this stream, or, when there is none, of the first one that was not allowed.
    pub(crate) finding: Option<Finding>,
}

impl Deflate {
    pub(crate) fn new(encoder: DeflateEncoder, firmware_safe: bool, block_size: usize) -> Self {
        let encoders: Vec<Box<dyn Encoder>> = match encoder {
            DeflateEncoder::Zlib { level } => vec![Box::new(zlib::Zlib::new(level))],
            DeflateEncoder::Libdeflate { level } => vec![Box::new(libdeflate::Libdeflate::new(level))],
            DeflateEncoder::Zopfli { iterations } => vec![
                Box::new(libdeflate::Libdeflate::new(libdeflate::BEST)),
                Box::new(zopfli::Zopfli::new(
                    iterations,
                    // Streams of several deflate blocks never pass the lint.
                    !firmware_safe && block_size >= zopfli::MIN_SPLIT,
                )),
            ],
        };
        let has_fallback = firmware_safe && !matches!(encoder, DeflateEncoder::Zlib { .. });
        let fallback = has_fallback.then(|| zlib::Zlib::new(zlib::BEST));
        Self { encoders, fallback, firmware_safe, attempt: vec![0; block_size] }
    }

    /// For tests of what becomes of a faulty encoder's output.
    #[cfg(test)]
    pub(crate) fn with_encoder(encoder: Box<dyn Encoder>, block_size: usize) -> Self {
        Self { encoders: vec![encoder], fallback: None, firmware_safe: false, attempt: vec![0; block_size] }
    }

    /// Packs `block` into `out`, which is not larger than a block.
    pub(crate) fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Stream {
        let mut best = Stream::default();
        for encoder in &mut self.encoders {
            best = attempt(encoder.as_mut(), block, &mut self.attempt, self.firmware_safe, best, out);
        }
        match &mut self.fallback {
            Some(zlib) if best.len.is_none() && best.finding.is_some() => {
                attempt(zlib, block, &mut self.attempt, self.firmware_safe, best, out)
            }
            _ => best,
        }
    }
}

/// Lets one encoder try to beat the best stream so far, which is in `out`; returns the best one then.
fn attempt(
    encoder: &mut dyn Encoder,
    block: &[u8],
    scratch: &mut [u8],
    firmware_safe: bool,
    best: Stream,
    out: &mut [u8],
) -> Stream {
    let room = best.len.map_or(out.len(), |len| len.saturating_sub(1));
    let Some(len) = encoder.pack(block, &mut scratch[..room]) else { return best };
    let finding = lint(&scratch[..len]).err();
    if firmware_safe && finding.is_some() {
        return Stream { finding: best.finding.or(finding.filter(|_| best.len.is_none())), ..best };
    }
    out[..len].copy_from_slice(&scratch[..len]);
    Stream { len: Some(len), finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two halves that want different codes, so that libdeflate ends a deflate block between them.
    fn two_kinds_of_data() -> Vec<u8> {
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24).to_le_bytes()[0]
        };
        let mut block: Vec<u8> = (0..8192).map(|_| random() & 0x07).collect();
        block.extend((0..8192).map(|_| random() | 0xE0));
        block
    }

    #[test]
    fn stock_zlib_steps_in_where_another_encoder_splits_a_block() {
        let block = two_kinds_of_data();
        let mut out = vec![0; block.len()];
        let mut careless = Deflate::new(DeflateEncoder::Libdeflate { level: 12 }, false, block.len());
        assert_eq!(careless.pack(&block, &mut out).finding, Some(Finding::SeveralBlocks));
        let mut safe = Deflate::new(DeflateEncoder::Libdeflate { level: 12 }, true, block.len());
        let stream = safe.pack(&block, &mut out);
        let len = stream.len.expect("zlib writes one deflate block");
        assert_eq!((stream.finding, lint(&out[..len])), (None, Ok(())));
    }
}
