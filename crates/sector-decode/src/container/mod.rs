//! The containers, one file each: what a header and an index entry hold, for those who read and those who write them.
//!
//! | format | file | header | index entry |
//! |---|---|---|---|
//! | CSO | [`cso`], and [`ciso`] for what it shares | [`ciso::Header`] | [`ciso::Entry`] |
//! | CSO v2 | [`cso2`], and [`ciso`] | [`ciso::Header`] | [`ciso::Entry`] |
//! | ZSO | [`zso`], and [`ciso`] | [`ciso::Header`] | [`ciso::Entry`] |
//! | DAX | [`dax`] | [`dax::Header`] | [`dax::Entry`], [`dax::Area`] |
//! | JSO | [`jso`] | [`jso::Header`] | [`jso::Entry`] |
//!
//! `parse` takes back what `to_bytes` makes of a header, and `decode` what `encode` makes of an entry.
//!
//! Nothing here reads the index of a file: a block's place follows from its index entries, which are numbers by then,
//! by arithmetic alone, so that every rule about positions can be tested without a file.

pub mod ciso;
pub mod cso;
pub mod cso2;
pub mod dax;
mod entry;
#[cfg(test)]
mod every_entry;
mod foreign;
mod iso;
pub mod jso;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod tests;
pub mod zso;

pub(crate) use entry::{EntryRules, RawEntry};

use crate::bytes::ReadAt;
use crate::codec::Coding;
use crate::error::{HeaderError, OpenError};
pub use crate::format::{Foreign, Format};
use crate::units::{BlockIndex, FileOffset, SECTOR_SIZE};

/// The smallest block size that is read: one sector.
pub const MIN_BLOCK_SIZE: u32 = 2048;

/// The largest block size that is read, in bytes. No known tool writes blocks over 256 KiB.
pub const MAX_BLOCK_SIZE: u32 = 1 << 20;

/// The largest index shift that is read, the limit of PPSSPP.
pub const MAX_INDEX_SHIFT: u8 = 20;

/// Bytes from the beginning of the file that tell the formats apart and hold each one's header.
const PROBE_LEN: usize = 48;

/// The magic that CSO and CSO v2 share.
const CISO: [u8; 4] = cso::VARIANT.magic;
const ZISO: [u8; 4] = zso::VARIANT.magic;

/// What is written of a format. More than that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteLimits {
    /// The smallest and the largest block size in bytes. All powers of two between them are possible.
    pub block_sizes: (u32, u32),
    /// The highest position that an index value can hold, before it is shifted.
    pub max_position: u32,
    /// The largest index shift.
    pub max_shift: u8,
}

/// Where a block's packed bytes lie and how they are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// First byte of the packed data.
    pub offset: FileOffset,
    /// Bytes to read; padding behind the longest possible packed block is left out.
    pub len: u32,
    /// How the bytes are packed.
    pub coding: Coding,
}

/// A validated header: everything that is known of an image before its index is read.
///
/// All positions that a layout names outside the index are inside the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    geometry: Geometry,
    container: Container,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Iso,
    Cso(ciso::Header),
    Cso2(ciso::Header),
    Zso(ciso::Header),
    Dax(dax::Header),
    Jso(jso::Header),
}

/// Where the index lies and of what shape it is, for the index window to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexShape {
    /// No index: a plain image.
    None,
    /// One table of 32-bit values, one more than there are blocks.
    Positions { table: u64 },
    /// DAX: a table of 32-bit offsets, one of 16-bit sizes, and a list of uncompressed areas.
    Frames { offsets: u64, sizes: u64, areas: u64, area_count: u32 },
}

impl Layout {
    /// Reads the header of an image and checks all of it that can be checked without the index.
    ///
    /// The format is recognised by the file's first bytes alone. A file without a known magic is a
    /// plain image; whether it holds a disc is for the caller to look at.
    ///
    /// # Errors
    ///
    /// [`OpenError::Source`] when the file cannot be read, [`OpenError::Header`] when the header is
    /// damaged, of an unknown version, or of one of the [`Foreign`] formats.
    pub fn probe<S: ReadAt>(source: &mut S) -> Result<Self, OpenError<S::Error>> {
        let file_len = source.byte_len().map_err(OpenError::Source)?;
        let mut head = [0; PROBE_LEN];
        let present = usize::try_from(file_len).unwrap_or(PROBE_LEN).min(PROBE_LEN);
        source.read_exact_at(&mut head[..present], 0).map_err(OpenError::Source)?;
        Ok(Self::parse(&head[..present], file_len)?)
    }

    /// `head` is the file's beginning, or all of it.
    fn parse(head: &[u8], file_len: u64) -> Result<Self, HeaderError> {
        if let Some(foreign) = foreign::detect(head) {
            return Err(HeaderError::Foreign(foreign));
        }
        let (container, mut geometry, index_end) = match head.first_chunk() {
            Some(&(CISO | ZISO)) => {
                let format = match (head[0], head.get(ciso::VERSION_AT)) {
                    (b'Z', _) => Format::Zso,
                    (_, Some(2..)) => Format::Cso2,
                    _ => Format::Cso,
                };
                let variant = match format {
                    Format::Zso => zso::VARIANT,
                    Format::Cso2 => cso2::VARIANT,
                    _ => cso::VARIANT,
                };
                let (header, geometry) = variant.read(head)?;
                let container = match format {
                    Format::Zso => Container::Zso(header),
                    Format::Cso2 => Container::Cso2(header),
                    _ => Container::Cso(header),
                };
                (container, geometry, ciso::index_end(geometry.block_count))
            }
            Some(&dax::MAGIC) => {
                let (header, geometry) = dax::Header::read(head)?;
                let index_end = dax::index_end(geometry.block_count, header.area_count);
                (Container::Dax(header), geometry, index_end)
            }
            Some(&jso::MAGIC) => {
                let (header, geometry) = jso::Header::read(head)?;
                let index_end = positions_end(header.index_at.into(), geometry.block_count);
                (Container::Jso(header), geometry, index_end)
            }
            _ if file_len == 0 => return Err(HeaderError::EmptyFile),
            _ => (Container::Iso, Geometry::new(file_len, MIN_BLOCK_SIZE)?, 0),
        };
        if index_end > file_len {
            return Err(HeaderError::IndexPastEnd { index_end, file_len });
        }
        geometry.file_len = file_len;
        geometry.data_start = match container {
            Container::Jso(header) => header.data_start(index_end),
            // Left out on the console: no block of such a file is read there.
            Container::Cso(header) | Container::Cso2(header) | Container::Zso(header)
                if cfg!(not(feature = "terse")) && ciso::is_one_value_short(head, &header, &geometry) =>
            {
                index_end - 4
            }
            _ => index_end,
        };
        Ok(Self { geometry, container })
    }

    /// Returns the format that the magic and the version say.
    pub const fn format(&self) -> Format {
        match self.container {
            Container::Iso => Format::Iso,
            Container::Cso(_) => Format::Cso,
            Container::Cso2(_) => Format::Cso2,
            Container::Zso(_) => Format::Zso,
            Container::Dax(_) => Format::Dax,
            Container::Jso(_) => Format::Jso,
        }
    }

    /// Returns the version field of the header; `None` for a plain image.
    pub const fn version(&self) -> Option<u32> {
        match self.container {
            Container::Iso => None,
            Container::Cso(header) | Container::Cso2(header) | Container::Zso(header) => {
                Some(header.version as u32)
            }
            Container::Dax(header) => Some(header.version),
            Container::Jso(header) => Some(header.version as u32),
        }
    }

    /// Returns the header size field as the file has it, in bytes, where the format has such a field.
    /// No known reader of CSO v0/v1 uses it; only 0 and 24 are known to be written.
    pub const fn header_size_field(&self) -> Option<u32> {
        match self.container {
            Container::Cso(header) | Container::Cso2(header) | Container::Zso(header) => {
                Some(header.header_size)
            }
            _ => None,
        }
    }

    /// Returns the size of the decoded image in bytes.
    pub const fn image_size(&self) -> u64 {
        self.geometry.image_size
    }

    /// Returns the length that the file had when it was probed, in bytes.
    pub const fn file_len(&self) -> u64 {
        self.geometry.file_len
    }

    /// Returns how many bytes of the image a whole block stands for.
    pub const fn block_size(&self) -> u32 {
        self.geometry.block_size
    }

    /// Returns the number of blocks, the last one of which may be partial.
    pub const fn block_count(&self) -> u32 {
        self.geometry.block_count
    }

    /// Returns how many bytes of the image `block` stands for: the block size, or less for the last
    /// block; 0 when there is no such block.
    pub const fn block_len(&self, block: BlockIndex) -> u32 {
        self.geometry.block_len(block)
    }

    /// Returns the left shift of the index values; 0 in the formats that have none.
    pub const fn index_shift(&self) -> u8 {
        match self.container {
            Container::Cso(header) | Container::Cso2(header) | Container::Zso(header) => header.index_shift,
            _ => 0,
        }
    }

    /// Returns where the first block can begin at the earliest: the end of header and index, or of the
    /// header alone in a JSO file whose index is elsewhere.
    pub const fn data_start(&self) -> FileOffset {
        FileOffset(self.geometry.data_start)
    }

    /// Returns how many blocks the index describes: all of them, or all but the last in a file of ziso.py that lacks
    /// that one (see [`BlockError::NotIndexed`](crate::BlockError::NotIndexed)).
    pub(crate) const fn indexed_blocks(&self) -> u32 {
        let blocks = self.geometry.block_count;
        match self.container {
            Container::Cso(_) | Container::Cso2(_) | Container::Zso(_)
                if cfg!(not(feature = "terse")) && self.geometry.data_start < ciso::index_end(blocks) =>
            {
                blocks - 1
            }
            _ => blocks,
        }
    }

    /// Returns the MD5 of the decoded image that a JSO header carries.
    pub const fn image_md5(&self) -> Option<[u8; 16]> {
        match self.container {
            Container::Jso(header) => Some(header.image_md5),
            _ => None,
        }
    }

    /// Returns whether each block begins with a four-byte header of its own, as JSO files can have.
    pub const fn has_block_headers(&self) -> bool {
        matches!(self.container, Container::Jso(jso::Header { block_headers: true, .. }))
    }

    /// Returns how many uncompressed areas a DAX v1 header lists; 0 in every other file.
    pub const fn uncompressed_areas(&self) -> u32 {
        match self.container {
            Container::Dax(header) => header.area_count,
            _ => 0,
        }
    }

    /// Returns the most bytes that one packed block is read with. Longer blocks are padded or damaged.
    pub const fn max_packed_len(&self) -> u32 {
        self.geometry.max_packed_len()
    }

    /// Not inlined: it is asked for in several places, and the driver has little room.
    #[inline(never)]
    pub(crate) const fn index_shape(&self) -> IndexShape {
        match self.container {
            Container::Iso => IndexShape::None,
            Container::Cso(_) | Container::Cso2(_) | Container::Zso(_) => {
                IndexShape::Positions { table: ciso::INDEX_AT }
            }
            Container::Dax(header) => header.index_shape(self.geometry.block_count),
            Container::Jso(header) => IndexShape::Positions { table: header.index_at as u64 },
        }
    }

    /// Returns where `block` of a plain image lies; `None` when an index entry is needed to tell.
    pub(crate) fn locate_without_index(&self, block: BlockIndex) -> Option<Extent> {
        matches!(self.container, Container::Iso).then(|| iso::locate(&self.geometry, block))
    }
}

/// The sizes and places that all formats have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Geometry {
    file_len: u64,
    image_size: u64,
    block_size: u32,
    block_count: u32,
    /// Bytes of the image that the last block stands for.
    last_len: u32,
    /// Where the first block can begin at the earliest.
    data_start: u64,
}

impl Geometry {
    /// Divides an image into blocks; the file is not known yet.
    fn new(image_size: u64, block_size: u32) -> Result<Self, HeaderError> {
        // Tools exist that write any multiple of a sector (ziso.py -b), so no power of two is asked for.
        if !(MIN_BLOCK_SIZE..=MAX_BLOCK_SIZE).contains(&block_size)
            || !block_size.is_multiple_of(MIN_BLOCK_SIZE)
        {
            return Err(HeaderError::BlockSize { got: block_size, min: MIN_BLOCK_SIZE, max: MAX_BLOCK_SIZE });
        }
        if image_size == 0 {
            return Err(HeaderError::EmptyImage);
        }
        // Positions are computed from sector numbers, in 32 bits: the console divides 64-bit numbers by
        // software only. The index has one entry more than there are blocks, which must still be countable.
        let sectors = image_size.div_ceil(u64::from(SECTOR_SIZE));
        match u32::try_from(sectors) {
            Ok(sectors) if sectors < u32::MAX => {
                let block_count = sectors.div_ceil(block_size / SECTOR_SIZE);
                let before_last = u64::from(block_count - 1) * u64::from(block_size);
                #[expect(clippy::cast_possible_truncation, reason = "not more than a block")]
                let last_len = (image_size - before_last) as u32;
                Ok(Self { file_len: 0, image_size, block_size, block_count, last_len, data_start: 0 })
            }
            _ => Err(HeaderError::TooManyBlocks { blocks: sectors }),
        }
    }

    const fn block_len(&self, block: BlockIndex) -> u32 {
        if block.0 < self.block_count - 1 {
            self.block_size
        } else if block.0 < self.block_count {
            self.last_len
        } else {
            0
        }
    }

    /// Deflate and LZ4 in their worst forms grow by less than an eighth; DAX v0 frames have been
    /// seen to need up to 0x2400 bytes for 0x2000, and ciso.py leaves an Adler-32 behind each block.
    const fn max_packed_len(&self) -> u32 {
        self.block_size + self.block_size / 8 + 64
    }
}

/// Where an index that begins at `table` ends: it has a 32-bit value per block, and one for the end of the data.
const fn positions_end(table: u64, blocks: u32) -> u64 {
    table + 4 * (blocks as u64 + 1)
}

/// The header at the beginning of a file that is long enough for it. `bytes` are the file's first, or all of them.
fn header_bytes<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], HeaderError> {
    const { assert!(N <= PROBE_LEN) };
    #[expect(clippy::cast_possible_truncation, reason = "not more than PROBE_LEN")]
    let needed = N as u32;
    bytes.first_chunk().ok_or(HeaderError::FileTooShort { len: bytes.len() as u64, needed })
}

fn u16_at<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
