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
        Self { encoders, firmware_safe, attempt: vec![0; block_size] }
    }

    /// Packs `block` into `out`, which is not larger than a block.
    pub(crate) fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Stream {
        let mut best = Stream::default();
        let mut room = out.len();
        for encoder in &mut self.encoders {
            let Some(len) = encoder.pack(block, &mut self.attempt[..room]) else { continue };
            let finding = lint(&self.attempt[..len]).err();
            if self.firmware_safe && finding.is_some() {
                best.finding = best.finding.or(finding.filter(|_| best.len.is_none()));
                continue;
            }
            out[..len].copy_from_slice(&self.attempt[..len]);
            best = Stream { len: Some(len), finding };
            room = len.saturating_sub(1);
        }
        best
    }
}
