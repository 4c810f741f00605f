//! What to write. Whether a format can hold it is checked in `validation`.

use std::fmt;
use std::num::{NonZeroU16, NonZeroUsize};

use block_encode::deflate::Effort;
use sector_decode::Format;

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// `CISO` version 1, raw deflate.
    Cso,
    /// `CISO` version 2, raw deflate or LZ4, whichever is smaller in each block.
    Cso2,
    /// `ZISO`, raw LZ4.
    Zso,
    /// DAX version 0, zlib streams of 8 KiB.
    Dax,
    /// `JISO` with raw deflate and without block headers.
    Jso,
    /// CHD version 5 of a DVD. Its blocks are called hunks. Only [`encode`](crate::encode()) writes it, and only with
    /// the feature `chd`; of a plan it uses the block size and the threads.
    Chd,
}

/// The encoder for deflate streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeflateEncoder {
    /// Stock zlib at a level from 1 to 9.
    Zlib {
        /// zlib's own level.
        level: u8,
    },
    /// libdeflate at a level from 1 to 12.
    Libdeflate {
        /// libdeflate's own level.
        level: u8,
    },
    /// This project's own encoder, made for blocks from one sector to 64 KiB. For larger ones libdeflate 12
    /// is used instead.
    Sector {
        /// How much effort to spend on making blocks small.
        effort: Effort,
    },
}

/// The encoder for LZ4 blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lz4Encoder {
    /// liblz4's fast mode.
    Fast,
    /// liblz4's high compression at a level from 3 to 12.
    Hc {
        /// liblz4's own level.
        level: u8,
    },
    /// The project's own, which finds the cheapest path through a block ([`block_encode::lz4::Optimal`]).
    Optimal {
        /// The maximum number of places to search for a repetition.
        attempts: NonZeroU16,
    },
}

/// How to choose between the available encodings of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Optimize {
    /// By the number of bytes in the file.
    #[default]
    Size,
    /// By the time that a PSP is predicted to need for it ([`load_model::Model::PSP`]): a block that takes
    /// longer to decode than its saved bytes take to read is stored. Not possible in DAX, which does not have
    /// stored blocks.
    Load,
}

impl Optimize {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Size, Self::Load];

    /// Returns its name in options and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Load => "load",
        }
    }
}

/// The packed size from which on a block is stored, in percent of the block: 100 stores only blocks that do
/// not get smaller, 95 also those that save less than a twentieth. DAX does not have stored blocks; there,
/// such a frame contains the data as a stored deflate block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold(u8);

/// Everything that decides how an image is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The container.
    pub format: OutputFormat,
    /// Bytes of the image in each block; a power of two.
    pub block_size: u32,
    /// Left shift of the index values. Blocks begin at multiples of two to this power. 0 in DAX and JSO.
    pub index_shift: u8,
    /// Encoder of deflate streams; unused in ZSO.
    pub deflate: DeflateEncoder,
    /// Encoder of LZ4 blocks; unused except in ZSO and CSO v2.
    pub lz4: Lz4Encoder,
    /// When to store a block.
    pub threshold: Threshold,
    /// How to choose between the encodings that the format has and the threshold allows.
    pub optimize: Optimize,
    /// Whether to store blocks whose deflate stream does not pass [`sector_decode::deflate_lint`]. Not
    /// possible in DAX, which does not have stored blocks.
    pub firmware_safe: bool,
    /// The file is padded with zeros to a multiple of this many bytes; 1 for none. The index's last value
    /// remains at the end of the data.
    pub pad_file_to: u32,
    /// How many threads pack blocks. Fewer are used if their encoders would take too much memory: with the
    /// best levels of libdeflate, [`Effort::Best`], and blocks of 16 KiB or more.
    pub threads: NonZeroUsize,
}

impl Lz4Encoder {
    /// The one with the smallest blocks.
    pub const SMALLEST: Self = Self::optimal(16384);

    /// Returns the project's own encoder with this many attempts, at least one.
    pub const fn optimal(attempts: u16) -> Self {
        match NonZeroU16::new(attempts) {
            Some(attempts) => Self::Optimal { attempts },
            None => Self::Optimal { attempts: NonZeroU16::MIN },
        }
    }
}

impl Threshold {
    /// Stores every block, whatever packing would save. DAX does not have stored blocks.
    pub const STORE_ALL: Self = Self(0);

    /// Takes a percentage from 1 to 100.
    pub const fn new(percent: u8) -> Option<Self> {
        if matches!(percent, 1..=100) { Some(Self(percent)) } else { None }
    }

    /// Returns the percentage.
    pub const fn percent(self) -> u8 {
        self.0
    }

    /// Returns the most bytes that a packed block may have; always less than the block itself.
    pub const fn max_packed(self, block_size: u32) -> u32 {
        // At most 99.99 % of a u32, so the division's result fits.
        #[expect(clippy::cast_possible_truncation, reason = "at most block_size")]
        let limit = (block_size as u64 * self.0 as u64).div_ceil(100) as u32;
        limit.saturating_sub(1)
    }
}

impl OutputFormat {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Cso, Self::Cso2, Self::Zso, Self::Dax, Self::Jso, Self::Chd];

    /// Returns the name that `sector-decode` has for the format; `None` for the one that it does not decode.
    pub const fn format(self) -> Option<Format> {
        match self {
            Self::Cso => Some(Format::Cso),
            Self::Cso2 => Some(Format::Cso2),
            Self::Zso => Some(Format::Zso),
            Self::Dax => Some(Format::Dax),
            Self::Jso => Some(Format::Jso),
            Self::Chd => None,
        }
    }

    /// Returns the short name in lower case, for options and records.
    pub const fn name(self) -> &'static str {
        match self.format() {
            Some(format) => format.name(),
            None => "chd",
        }
    }

    /// Returns whether any block of this format is a deflate stream.
    pub(crate) const fn uses_deflate(self) -> bool {
        !matches!(self, Self::Zso | Self::Chd)
    }

    /// Returns whether any block of this format is LZ4.
    pub(crate) const fn uses_lz4(self) -> bool {
        matches!(self, Self::Cso2 | Self::Zso)
    }
}

#[cfg(test)]
impl Plan {
    /// Returns the plan that the tests of this crate start from: zlib and one thread.
    pub(crate) const fn of_tests(format: OutputFormat, block_size: u32) -> Self {
        Self {
            format,
            block_size,
            index_shift: 0,
            deflate: DeflateEncoder::Zlib { level: 9 },
            lz4: Lz4Encoder::SMALLEST,
            threshold: Threshold(100),
            optimize: Optimize::Size,
            firmware_safe: false,
            pad_file_to: 1,
            threads: NonZeroUsize::MIN,
        }
    }
}

impl fmt::Display for OutputFormat {
    /// The name for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.format() {
            Some(format) => format.fmt(f),
            None => f.pad("CHD"),
        }
    }
}
