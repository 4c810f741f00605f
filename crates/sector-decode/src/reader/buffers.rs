//! The memory that a reader works in.

use crate::codec::Decoder;
use crate::container::Layout;
use crate::error::{BufferError, BufferName};
use crate::index::{buffer_size, buffer_size_kept};
use crate::reader::ReaderOptions;
#[cfg(doc)]
use crate::reader::SectorReader;

/// The least memory that a reader of an image works in, in bytes. [`Layout::memory`] says how much it makes use of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferSizes {
    /// The entry of a single block.
    pub index: usize,
    /// One packed block of the largest kind.
    pub packed: usize,
    /// One decoded block.
    pub block: usize,
}

/// The memory that a [`SectorReader`] works in. No content is expected.
#[derive(Debug)]
pub struct Buffers<'b> {
    /// Windows of the index, at least [`BufferSizes::index`] bytes.
    pub index: &'b mut [u8],
    /// Packed bytes, at least [`BufferSizes::packed`] bytes.
    pub packed: &'b mut [u8],
    /// One decoded block, at least [`BufferSizes::block`] bytes.
    pub block: &'b mut [u8],
    /// Tables of the decoders.
    pub decoder: &'b mut Decoder,
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
    /// Returns the least memory that a reader of this image works in.
    #[inline(always)]
    pub fn buffer_sizes(&self) -> BufferSizes {
        BufferSizes {
            index: buffer_size(self, 1),
            packed: self.max_packed_len() as usize,
            block: self.block_size() as usize,
        }
    }

    /// Plans the memory of a reader that works as `options` say.
    #[inline(always)]
    pub fn memory(&self, options: &ReaderOptions) -> MemoryPlan {
        let (packed, block) = (self.max_packed_len() as usize, self.block_size() as usize);
        let index = match options.kept() {
            Some(kept) => buffer_size_kept(self, kept),
            None => buffer_size(self, options.window_blocks()),
        };
        let room = if options.reads_twice_at_most() { 2 * block + packed } else { packed };
        MemoryPlan { index, packed: room.max(options.read_ahead()), block, alignment: options.alignment() }
    }
}

impl MemoryPlan {
    /// Returns how many bytes of it are for windows of the index.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Returns how many bytes of it are for packed bytes.
    pub const fn packed(&self) -> usize {
        self.packed
    }

    /// Returns how many bytes of it are for a decoded block, exactly what is used.
    pub const fn block(&self) -> usize {
        self.block
    }

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
        check(BufferName::Index, buffers.index.len(), self.index)?;
        check(BufferName::Packed, buffers.packed.len(), self.packed)?;
        check(BufferName::Block, buffers.block.len(), self.block)
    }
}
