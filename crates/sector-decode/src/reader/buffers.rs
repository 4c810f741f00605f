//! The memory that a reader works in.

use crate::codec::Decoder;
use crate::container::Layout;
use crate::error::BufferError;
use crate::index::IndexWindows;
#[cfg(doc)]
use crate::reader::SectorReader;

/// How many blocks the index window describes when a caller takes the size that is suggested.
const SUGGESTED_WINDOW: u32 = 1024;

/// How much memory a reader of an image wants, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferSizes {
    /// Suggested: a window of 1024 blocks. Any size from `index_min` up works.
    pub index: usize,
    /// The window of a single block.
    pub index_min: usize,
    /// With this much, [`SectorReader::keeping_windows`] has as many windows as make sense where reading the index is
    /// dear: all of a small one.
    pub index_kept: usize,
    /// One packed block of the largest kind, the least that works. With more, several blocks are
    /// fetched with one read, and from twice as much on reads in sequence are fetched ahead.
    pub packed: usize,
    /// With this much for packed bytes, no request takes more than two reads of data, unless blocks grew when
    /// they were packed: then it takes as much more as they grew.
    pub packed_for_two: usize,
    /// One decoded block, exactly what is used.
    pub block: usize,
}

/// The memory that a [`SectorReader`] works in. No content is expected.
pub struct Buffers<'b> {
    /// Windows of the index, at least [`BufferSizes::index_min`] bytes.
    pub index: &'b mut [u8],
    /// Packed bytes, at least [`BufferSizes::packed`] bytes.
    pub packed: &'b mut [u8],
    /// One decoded block, at least [`BufferSizes::block`] bytes.
    pub block: &'b mut [u8],
    /// Tables of the decoders.
    pub decoder: &'b mut Decoder,
}

impl Layout {
    /// Returns how much memory a [`SectorReader`] of this image wants.
    pub fn buffer_sizes(&self) -> BufferSizes {
        BufferSizes {
            index: IndexWindows::buffer_size(self, SUGGESTED_WINDOW),
            index_min: IndexWindows::buffer_size(self, 1),
            index_kept: IndexWindows::buffer_size_kept(self),
            packed: self.max_packed_len() as usize,
            packed_for_two: (2 * self.block_size() + self.max_packed_len()) as usize,
            block: self.block_size() as usize,
        }
    }
}

impl BufferSizes {
    /// Says which of the buffers is too small to read at all.
    pub(super) fn check(&self, buffers: &Buffers<'_>) -> Result<(), BufferError> {
        let check = |buffer, got, needed| {
            if got < needed { Err(BufferError { buffer, got, needed }) } else { Ok(()) }
        };
        check("index", buffers.index.len(), self.index_min)?;
        check("packed", buffers.packed.len(), self.packed)?;
        check("block", buffers.block.len(), self.block)
    }
}
