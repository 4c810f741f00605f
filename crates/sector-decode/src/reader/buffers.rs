//! The memory that a reader works in.

use crate::codec::Decoder;
use crate::container::Layout;
use crate::error::{BufferError, BufferName};
use crate::index::{buffer_size, buffer_size_kept};
use crate::reader::ReaderOptions;
#[cfg(doc)]
use crate::reader::SectorReader;

/// How much memory a reader of an image wants, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferSizes {
    /// Suggested: a window of 1024 blocks. Any size from `index_min` up works.
    pub index: usize,
    /// The window of a single block.
    pub index_min: usize,
    /// With this much, [`ReaderOptions::PSP_DRIVER`] has all of its windows that the index fills.
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
#[derive(Debug)]
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
            index: buffer_size(self, ReaderOptions::SUGGESTED_WINDOW),
            index_min: buffer_size(self, 1),
            index_kept: buffer_size_kept(self, ReaderOptions::PSP_WINDOWS),
            packed: self.max_packed_len() as usize,
            packed_for_two: (2 * self.block_size() + self.max_packed_len()) as usize,
            block: self.block_size() as usize,
        }
    }
}

/// One piece of memory for a reader, and how it is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    index: usize,
    packed: usize,
    block: usize,
    alignment: usize,
}

impl Layout {
    /// Plans the memory of a reader that works as `options` say.
    pub fn memory(&self, options: &ReaderOptions) -> MemoryPlan {
        let sizes = self.buffer_sizes();
        let index = match options.kept() {
            Some(kept) => buffer_size_kept(self, kept).max(sizes.index_min),
            None => buffer_size(self, options.window_blocks()),
        };
        let room = if options.reads_twice_at_most() { sizes.packed_for_two } else { sizes.packed };
        MemoryPlan {
            index,
            packed: room.max(options.read_ahead()),
            block: sizes.block,
            alignment: options.alignment(),
        }
    }
}

impl MemoryPlan {
    /// How many bytes the reader needs, wherever they begin.
    pub const fn size(&self) -> usize {
        self.aligned(self.packed)
            .saturating_add(self.aligned(self.block))
            .saturating_add(self.index)
            .saturating_add(self.alignment - 1)
    }

    /// Divides `memory`.
    ///
    /// # Errors
    ///
    /// When it has fewer bytes than [`size`](Self::size).
    pub fn split<'b>(
        &self,
        memory: &'b mut [u8],
        decoder: &'b mut Decoder,
    ) -> Result<Buffers<'b>, BufferError> {
        let (got, needed) = (memory.len(), self.size());
        if got < needed {
            return Err(BufferError { buffer: BufferName::Memory, got, needed });
        }
        // To the next multiple, without trusting `align_offset`, which may refuse.
        let skipped = memory.as_ptr().addr().wrapping_neg() & (self.alignment - 1);
        let (packed, rest) = memory[skipped..].split_at_mut(self.aligned(self.packed));
        let (block, rest) = rest.split_at_mut(self.aligned(self.block));
        Ok(Buffers { index: &mut rest[..self.index], packed: &mut packed[..self.packed], block, decoder })
    }

    /// A length, so much longer that what follows is aligned if this is.
    const fn aligned(&self, len: usize) -> usize {
        len.saturating_add(self.alignment - 1) & !(self.alignment - 1)
    }

    #[cfg(feature = "alloc")]
    pub(super) const fn parts(&self) -> [usize; 3] {
        [self.index, self.packed, self.block]
    }
}

impl BufferSizes {
    /// Says which of the buffers is too small to read at all.
    pub(super) fn check(&self, buffers: &Buffers<'_>) -> Result<(), BufferError> {
        let check = |buffer, got, needed| {
            if got < needed { Err(BufferError { buffer, got, needed }) } else { Ok(()) }
        };
        check(BufferName::Index, buffers.index.len(), self.index_min)?;
        check(BufferName::Packed, buffers.packed.len(), self.packed)?;
        check(BufferName::Block, buffers.block.len(), self.block)
    }
}
