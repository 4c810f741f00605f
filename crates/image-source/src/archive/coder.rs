//! The methods by which files are packed in archives.

use std::io::{self, BufReader, Read};

use super::section::Section;

/// Packed bytes that are read at once.
const READ_AHEAD: usize = 256 << 10;
/// The most memory that decoders of one file may take.
pub(super) const MOST_MEMORY: u64 = 256 << 20;

/// A method with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coder {
    Copy,
    Deflate,
    Deflate64,
    Bzip2,
    /// Zstandard; its decoder wants to know a limit.
    Zstd {
        len: u64,
    },
    Lzma {
        properties: u8,
        dictionary: u32,
        len: u64,
    },
    Lzma2 {
        dictionary: u32,
    },
    Ppmd {
        order: u8,
        memory: u32,
        len: u64,
    },
}

impl Coder {
    /// Returns how much memory its window takes.
    pub(super) fn memory(self) -> u64 {
        match self {
            Self::Lzma { dictionary, .. } | Self::Lzma2 { dictionary } => dictionary.into(),
            Self::Ppmd { memory, .. } => memory.into(),
            // At most 128 MiB, which the decoder checks.
            Self::Zstd { .. } => 0,
            Self::Copy | Self::Deflate | Self::Deflate64 | Self::Bzip2 => 0,
        }
    }
}

/// Returns the maximum decoded size of a deflated file of this many bytes: a match takes at least two bits. A
/// directory that gives a larger one is wrong.
pub(super) const fn most_deflated(packed: u64) -> u64 {
    /// The longest match of deflate64.
    const LONGEST: u64 = 65_538;
    packed.saturating_mul(4 * LONGEST)
}

pub(super) type Decoder = Box<dyn Read + Send>;

/// Connects the decoders, the one that reads the file first.
pub(super) fn chain(file: Section, coders: &[Coder]) -> io::Result<Decoder> {
    let start: Decoder = Box::new(BufReader::with_capacity(READ_AHEAD, file));
    coders.iter().try_fold(start, |inner, &coder| add(inner, coder))
}

fn add(inner: Decoder, coder: Coder) -> io::Result<Decoder> {
    Ok(match coder {
        Coder::Copy => inner,
        Coder::Deflate => Box::new(flate2::read::DeflateDecoder::new(inner)),
        Coder::Deflate64 => Box::new(deflate64::Deflate64Decoder::new(inner)),
        Coder::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(inner)),
        Coder::Zstd { len } => {
            // Beyond that it would be decoded in vain.
            let most = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(1);
            Box::new(zrip::FrameDecoder::with_limit(inner, most))
        }
        Coder::Lzma { properties, dictionary, len } => {
            Box::new(lzma_rust2::LzmaReader::new_with_props(inner, len, properties, dictionary, None)?)
        }
        Coder::Lzma2 { dictionary } => Box::new(lzma_rust2::Lzma2Reader::new(inner, dictionary, None)),
        Coder::Ppmd { order, memory, len } => {
            let decoder = ppmd_rust::Ppmd7Decoder::new(inner, order.into(), memory);
            Box::new(decoder.map_err(|error| io::Error::other(error.to_string()))?.take(len))
        }
    })
}
