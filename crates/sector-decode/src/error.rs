//! Everything that can be wrong, in layers: a header, a block's place, a block's content, a read.
//!
//! All of these are small and `Copy` and carry the numbers that a person needs to understand them.

use core::error::Error;
use core::fmt;

use crate::format::{Foreign, Format};
use crate::units::{BlockIndex, FileOffset};

/// What is wrong with the header, so that nothing of the file can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The file belongs to another program's format that shares or resembles a magic of ours.
    Foreign(Foreign),
    /// The file ends inside its header.
    FileTooShort {
        /// Length of the file in bytes.
        len: u64,
        /// Bytes that the header needs.
        needed: u32,
    },
    /// The version field is higher than any known version of this format.
    Version {
        /// The format, by its magic.
        format: Format,
        /// What the file says.
        got: u32,
        /// The highest known version.
        max: u32,
    },
    /// The method is none that JSO files are packed with.
    Method {
        /// What the file says.
        got: u16,
    },
    /// The index is placed inside the header.
    IndexPosition {
        /// Where the file says that it begins, in bytes from the beginning.
        got: u32,
        /// The first place behind the header.
        min: u32,
    },
    /// The header size field differs from the only value this format allows.
    HeaderSize {
        /// What the file says, in bytes.
        got: u32,
        /// The allowed value, in bytes.
        expected: u32,
    },
    /// The block size is outside the range that is read, or not a multiple of 2048.
    BlockSize {
        /// What the file says, in bytes.
        got: u32,
        /// Smallest block size that is read, in bytes.
        min: u32,
        /// Largest block size that is read, in bytes.
        max: u32,
    },
    /// The index shift is larger than any reader takes.
    IndexShift {
        /// What the file says.
        got: u8,
        /// The largest allowed value.
        max: u8,
    },
    /// The file has no bytes.
    EmptyFile,
    /// The header says that the image has no bytes.
    EmptyImage,
    /// The image has more sectors than 32-bit numbers can tell apart.
    TooManyBlocks {
        /// Number of blocks by the header, if each is one sector.
        blocks: u64,
    },
    /// The file ends before its index does.
    IndexPastEnd {
        /// Where the index ends, in bytes from the beginning of the file.
        index_end: u64,
        /// Length of the file in bytes.
        file_len: u64,
    },
    /// DAX: the list of uncompressed areas is longer than the list of frames.
    TooManyAreas {
        /// Number of areas by the header.
        areas: u32,
        /// Number of frames in the image.
        frames: u32,
    },
}

/// What is wrong with one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockError {
    /// The index says that the block ends where it starts, or before.
    NotMonotonic {
        /// Where the block starts by the index.
        start: u64,
        /// Where it ends by the index.
        end: u64,
    },
    /// The index places the block inside the header or the index.
    InsideIndex {
        /// Where the block starts by the index.
        start: u64,
        /// Where the first block can start at the earliest.
        data_start: u64,
    },
    /// The index places the block's end behind the end of the file.
    PastEnd {
        /// Where the block ends by the index.
        end: u64,
        /// Length of the file in bytes.
        file_len: u64,
    },
    /// The block's packed bytes are more than any packed block of this size can need.
    TooLong {
        /// Bytes by the index.
        len: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// A block that is stored plain has fewer bytes than the image needs of it.
    TooShort {
        /// Bytes by the index.
        len: u64,
        /// Bytes that the block stands for.
        needed: u32,
    },
    /// The last block, less than a whole one, is not in the file: neither it nor its index value was written. ziso.py
    /// does that to images that are not whole blocks.
    NotIndexed {
        /// Bytes of the image that are lost with it.
        lost: u32,
    },
    /// The packed bytes do not decode.
    Codec(CodecError),
}

/// Why packed bytes do not decode. Counts are in bytes of the decoded block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecError {
    /// The packed bytes end in the middle of the stream.
    InputEnded {
        /// Bytes decoded until then.
        produced: u32,
        /// Bytes that the block stands for.
        expected: u32,
    },
    /// The stream says that it is complete, but is too short.
    Short {
        /// Bytes decoded.
        produced: u32,
        /// Bytes that the block stands for.
        expected: u32,
    },
    /// The stream goes on behind the end of the block.
    Overlong {
        /// Size of a whole block.
        block_size: u32,
    },
    /// The stream breaks the rules of its codec.
    Invalid {
        /// Bytes decoded until then.
        produced: u32,
        /// Bytes that the block stands for.
        expected: u32,
    },
    /// The two bytes before the deflate data are not a zlib header (DAX).
    ZlibHeader {
        /// The two bytes, the first one in the high byte.
        got: u16,
    },
    /// The decoded bytes do not have the Adler-32 that stands behind them (DAX).
    Checksum {
        /// Adler-32 in the file.
        expected: u32,
        /// Adler-32 of the decoded bytes.
        got: u32,
    },
}

/// Why [`Layout::probe`](crate::Layout::probe) failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError<E> {
    /// The source could not be read.
    Source(E),
    /// The header is damaged, or of a kind that is not read.
    Header(HeaderError),
}

/// Why a read from the image failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// The source could not be read.
    Source {
        /// Where in the file.
        offset: FileOffset,
        /// The source's own error.
        error: E,
    },
    /// A block is damaged.
    Block {
        /// Which one.
        block: BlockIndex,
        /// Where its packed bytes start by the index.
        offset: FileOffset,
        /// What is wrong with it.
        error: BlockError,
    },
    /// The reader does not hold what it has just fetched. That is a mistake in the reader, of which none is known, and says
    /// nothing about the file.
    Internal {
        /// The block that was wanted.
        block: BlockIndex,
    },
    /// The range is not inside the image.
    OutOfRange {
        /// First byte that was wanted.
        offset: u64,
        /// How many bytes were wanted.
        len: u64,
        /// Size of the image in bytes.
        image_size: u64,
    },
}

/// Memory that a reader works in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BufferName {
    /// [`Buffers::index`](crate::Buffers::index).
    Index,
    /// [`Buffers::packed`](crate::Buffers::packed).
    Packed,
    /// [`Buffers::block`](crate::Buffers::block).
    Block,
    /// The one piece that [`MemoryPlan::split`](crate::MemoryPlan::split) divides.
    Memory,
}

/// Why an `ImageReader` cannot be made. `E` is the error of the source.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError<E> {
    /// It is no image that can be read.
    Open(OpenError<E>),
    /// There is not enough memory.
    Memory(OutOfMemory),
}

/// There is no memory for this many bytes at once.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// How many were wanted.
    pub bytes: usize,
}

/// A buffer given to [`SectorReader`](crate::SectorReader) is smaller than the layout needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferError {
    /// Which buffer.
    pub buffer: BufferName,
    /// Its length in bytes.
    pub got: usize,
    /// The length it must have at least.
    pub needed: usize,
}

impl From<CodecError> for BlockError {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}

impl<E> From<HeaderError> for OpenError<E> {
    fn from(error: HeaderError) -> Self {
        Self::Header(error)
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Foreign(foreign) => write!(f, "this is {foreign}"),
            Self::FileTooShort { len, needed } => {
                write!(f, "the file has {len} bytes, but its header alone needs {needed}")
            }
            Self::Version { format, got, max } => {
                write!(f, "{format} version {got} is not known (highest known: {max})")
            }
            Self::Method { got } => write!(f, "JSO method {got} is not known (known: 0 and 1)"),
            Self::IndexPosition { got, min } => {
                write!(f, "the header places the index at byte {got}, inside itself; it ends at byte {min}")
            }
            Self::HeaderSize { got, expected } => {
                write!(f, "the header says that it is {got} bytes long, expected {expected}")
            }
            Self::BlockSize { got, min, max } => {
                write!(f, "block size {got} is not a multiple of 2048 from {min} to {max}")
            }
            Self::IndexShift { got, max } => write!(f, "index shift {got} is over the limit of {max}"),
            Self::EmptyFile => f.write_str("the file is empty"),
            Self::EmptyImage => write!(f, "the header says that the image has no bytes"),
            Self::TooManyBlocks { blocks } => write!(f, "the header asks for {blocks} blocks, too many"),
            Self::IndexPastEnd { index_end, file_len } => {
                write!(f, "the index goes to byte {index_end}, but the file has only {file_len} bytes")
            }
            Self::TooManyAreas { areas, frames } => {
                write!(f, "the header lists {areas} uncompressed areas for {frames} frames")
            }
        }
    }
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotMonotonic { start, end } => {
                write!(f, "the index gives it no bytes: expected an end after {start:#X}, got {end:#X}")
            }
            Self::InsideIndex { start, data_start } => write!(
                f,
                "the index places it inside the header: expected {data_start:#X} or later, got {start:#X}"
            ),
            Self::PastEnd { end, file_len } => {
                let (end, file_len) = (Grouped(end), Grouped(file_len));
                write!(f, "the file is cut off: it has {file_len} bytes, and the block needs {end}")
            }
            Self::TooLong { len, max } => {
                write!(f, "the index gives it too many bytes: expected at most {max}, got {len}")
            }
            Self::TooShort { len, needed } => {
                write!(f, "it is stored with too few bytes: expected {needed}, got {len}")
            }
            Self::NotIndexed { lost } => write!(
                f,
                "the file does not hold the image's last {lost} bytes: its writer dropped them, as ziso.py does"
            ),
            Self::Codec(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::InputEnded { produced, expected } => {
                write!(f, "the packed data ends too early: expected {expected} bytes, got {produced}")
            }
            Self::Short { produced, expected } => write!(
                f,
                "the packed data is complete but too short: expected {expected} bytes, got {produced}"
            ),
            Self::Overlong { block_size } => {
                write!(f, "the packed data holds too much: expected {block_size} bytes, got more")
            }
            Self::Invalid { produced, expected } => write!(
                f,
                "the packed data is invalid: expected {expected} bytes, got {produced} before the fault"
            ),
            Self::ZlibHeader { got } => write!(f, "expected a zlib header, got {got:#06X}"),
            Self::Checksum { expected, got } => {
                write!(f, "its Adler-32 does not match: expected {expected:08X}, got {got:08X}")
            }
        }
    }
}

/// A number with its digits in groups of three.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number @ 0..1000 => number.fmt(f),
            number => write!(f, "{},{:03}", Self(number / 1000), number % 1000),
        }
    }
}

impl<E: fmt::Display> fmt::Display for OpenError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Header(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source { offset, error } => write!(f, "cannot read at {offset}: {error}"),
            Self::Block { block, offset, error } => write!(f, "block {block} at {offset}: {error}"),
            Self::Internal { block } => {
                write!(
                    f,
                    "block {block} was fetched and is not there: a mistake in the reader, not in the file"
                )
            }
            Self::OutOfRange { offset, len, image_size } => {
                write!(f, "wanted {len} bytes at {offset:#X} of an image of {image_size} bytes")
            }
        }
    }
}

impl fmt::Display for BufferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { buffer, got, needed } = self;
        let name = match buffer {
            BufferName::Index => "index buffer",
            BufferName::Packed => "packed buffer",
            BufferName::Block => "block buffer",
            BufferName::Memory => "memory",
        };
        write!(f, "the {name} has {got} bytes, needed {needed}")
    }
}

#[cfg(feature = "alloc")]
impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no memory for {} bytes", self.bytes)
    }
}

#[cfg(feature = "alloc")]
impl<E: fmt::Display> fmt::Display for ImageError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Memory(error) => error.fmt(f),
        }
    }
}

impl Error for HeaderError {}
impl Error for CodecError {}
impl Error for BufferError {}
#[cfg(feature = "alloc")]
impl Error for OutOfMemory {}

impl Error for BlockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Codec(error) => Some(error),
            _ => None,
        }
    }
}

impl<E: Error + 'static> Error for OpenError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source(error) => Some(error),
            Self::Header(error) => Some(error),
        }
    }
}

#[cfg(feature = "alloc")]
impl<E: Error + 'static> Error for ImageError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open(error) => Some(error),
            Self::Memory(error) => Some(error),
        }
    }
}

impl<E: Error + 'static> Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source { error, .. } => Some(error),
            Self::Block { error, .. } => Some(error),
            Self::Internal { .. } | Self::OutOfRange { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
