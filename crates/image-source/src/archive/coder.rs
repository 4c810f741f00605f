//! The methods by which files are packed in archives.

use std::io::{self, BufReader, Read};

use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::delta::DeltaReader;

use super::fields::Fields;
use super::section::Section;
use crate::archive_error::ArchiveError;

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
    /// A whole .xz file.
    Xz,
    /// Variant H, as in 7z.
    Ppmd {
        order: u8,
        memory: u32,
        len: u64,
    },
    /// Variant I, as in ZIP.
    PpmdI {
        order: u8,
        memory: u32,
        restore: u8,
        len: u64,
    },
    /// Each byte is what has to be added to the one that lies `distance` bytes before it.
    Delta {
        distance: u16,
    },
    /// The targets of jumps are positions instead of distances, as if the data began at `start`.
    Jumps {
        of: Processor,
        start: u32,
    },
}

/// Whose machine code a filter expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Processor {
    X86,
    PowerPc,
    Itanium,
    Arm,
    Thumb,
    Sparc,
    Arm64,
    RiscV,
}

impl Coder {
    /// Returns how much memory its window takes.
    fn memory(self) -> u64 {
        match self {
            Self::Lzma { dictionary, .. } | Self::Lzma2 { dictionary } => dictionary.into(),
            Self::Ppmd { memory, .. } | Self::PpmdI { memory, .. } => memory.into(),
            // At most 128 MiB, and at most `MOST_MEMORY`, which the decoders check.
            Self::Zstd { .. } | Self::Xz => 0,
            Self::Copy | Self::Deflate | Self::Deflate64 | Self::Bzip2 => 0,
            Self::Delta { .. } | Self::Jumps { .. } => 0,
        }
    }

    /// LZMA with the five bytes of properties that archives have, for a file of this many bytes. `None` if there are
    /// fewer bytes.
    pub(super) fn lzma(mut properties: Fields<'_>, len: u64) -> Option<Self> {
        let (byte, size) = (properties.u8()?, properties.u32()?);
        Some(Self::Lzma { properties: byte, dictionary: dictionary(size, len), len })
    }
}

/// Returns how large a dictionary is needed: nothing can lie farther back than the beginning of the file. The decoder
/// lets it grow up to that.
pub(super) fn dictionary(size: u32, len: u64) -> u32 {
    size.min(u32::try_from(len).unwrap_or(u32::MAX)).max(4096)
}

/// Refuses a file whose decoders need more memory together than one may take.
pub(super) fn check_memory(name: &str, coders: &[Coder]) -> Result<(), ArchiveError> {
    let needed = coders.iter().map(|coder| coder.memory()).sum();
    if needed > MOST_MEMORY {
        return Err(ArchiveError::Memory { name: name.to_owned(), needed: Some(needed), most: MOST_MEMORY });
    }
    Ok(())
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
        Coder::Xz => {
            let most = u32::try_from(MOST_MEMORY >> 10).expect("a few hundred thousand");
            Box::new(lzma_rust2::XzReader::new_mem_limit(inner, true, most))
        }
        Coder::Ppmd { order, memory, len } => {
            let decoder = ppmd_rust::Ppmd7Decoder::new(inner, order.into(), memory);
            Box::new(decoder.map_err(|error| io::Error::other(error.to_string()))?.take(len))
        }
        Coder::PpmdI { order, memory, restore, len } => {
            let decoder = ppmd_rust::Ppmd8Decoder::new(inner, order.into(), memory, restore.into());
            Box::new(decoder.map_err(|error| io::Error::other(error.to_string()))?.take(len))
        }
        Coder::Delta { distance } => Box::new(DeltaReader::new(inner, distance.into())),
        Coder::Jumps { of, start } => Box::new(jumps(inner, of, start as usize)),
    })
}

fn jumps(inner: Decoder, of: Processor, start: usize) -> BcjReader<Decoder> {
    match of {
        Processor::X86 => BcjReader::new_x86(inner, start),
        Processor::PowerPc => BcjReader::new_ppc(inner, start),
        Processor::Itanium => BcjReader::new_ia64(inner, start),
        Processor::Arm => BcjReader::new_arm(inner, start),
        Processor::Thumb => BcjReader::new_arm_thumb(inner, start),
        Processor::Sparc => BcjReader::new_sparc(inner, start),
        Processor::Arm64 => BcjReader::new_arm64(inner, start),
        Processor::RiscV => BcjReader::new_riscv(inner, start),
    }
}
