//! The sector reader: any byte range of the image, from buffers that the caller provides.
//!
//! Glossary of the state:
//!
//! - `index`: the window of index entries in memory (see [`crate::index`]).
//! - `packed`: packed bytes as they come from the file. As many neighbouring blocks as fit are fetched
//!   with one read.
//! - `block`: the last block that was wanted in part, decoded; reads of single sectors from larger
//!   blocks decode each block once.
//! - `cached`: which block `block` holds. It is cleared before the buffer is touched and set after the
//!   block decoded, so that a failed read can never leave bytes that pass for a block.

use crate::bytes::ReadAt;
use crate::codec::{Decoder, copy_bytes};
use crate::container::{Extent, Layout};
use crate::error::{BlockError, BufferError, ReadError};
use crate::index::IndexWindow;
use crate::units::{BlockIndex, FileOffset, Lba};

/// How many blocks the index window describes when a caller takes the size that is suggested.
const SUGGESTED_WINDOW: u32 = 1024;

/// How much memory a reader of an image wants, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferSizes {
    /// Suggested: a window of 1024 blocks. Any size from `index_min` up works.
    pub index: usize,
    /// The window of a single block.
    pub index_min: usize,
    /// One packed block of the largest kind, the least that works. With more, several blocks are
    /// fetched with one read.
    pub packed: usize,
    /// One decoded block, exactly what is used.
    pub block: usize,
}

/// The memory that a [`SectorReader`] works in. No content is expected.
pub struct Buffers<'b> {
    /// Window of the index, at least [`BufferSizes::index_min`] bytes.
    pub index: &'b mut [u8],
    /// Packed bytes, at least [`BufferSizes::packed`] bytes.
    pub packed: &'b mut [u8],
    /// One decoded block, at least [`BufferSizes::block`] bytes.
    pub block: &'b mut [u8],
    /// Tables of the decoders.
    pub decoder: &'b mut Decoder,
}

/// One block, as it is stored and as it decodes.
#[derive(Clone, Copy, Debug)]
pub struct BlockView<'a> {
    /// Where the packed bytes lie and how they are packed.
    pub extent: Extent,
    /// The packed bytes, possibly followed by padding.
    pub packed: &'a [u8],
    /// What the block stands for in the image.
    pub data: &'a [u8],
}

/// Serves any byte range of an image.
///
/// It implements [`ReadAt`] itself, so an image can be read like the plain file it stands for.
pub struct SectorReader<'b, S> {
    source: S,
    layout: Layout,
    index: IndexWindow<'b>,
    packed: &'b mut [u8],
    block: &'b mut [u8],
    cached: Option<BlockIndex>,
    decoder: &'b mut Decoder,
}

/// Neighbouring blocks that are fetched with one read.
struct Run {
    blocks: u32,
    /// Where the first block's packed bytes begin in the file.
    start: FileOffset,
    /// Bytes from there to the end of the last block's.
    len: usize,
}

impl Layout {
    /// Returns how much memory a [`SectorReader`] of this image wants.
    pub fn buffer_sizes(&self) -> BufferSizes {
        BufferSizes {
            index: IndexWindow::buffer_size(self, SUGGESTED_WINDOW),
            index_min: IndexWindow::buffer_size(self, 1),
            packed: self.max_packed_len() as usize,
            block: self.block_size() as usize,
        }
    }
}

impl<'b, S: ReadAt> SectorReader<'b, S> {
    /// Makes a reader of an image that was probed before. Reads nothing yet.
    ///
    /// # Errors
    ///
    /// When one of the buffers is smaller than [`Layout::buffer_sizes`] says.
    pub fn new(source: S, layout: Layout, buffers: Buffers<'b>) -> Result<Self, BufferError> {
        let sizes = layout.buffer_sizes();
        let check = |buffer, got, needed| {
            if got < needed { Err(BufferError { buffer, got, needed }) } else { Ok(()) }
        };
        check("index", buffers.index.len(), sizes.index_min)?;
        check("packed", buffers.packed.len(), sizes.packed)?;
        check("block", buffers.block.len(), sizes.block)?;
        Ok(Self {
            source,
            layout,
            index: IndexWindow::new(&layout, buffers.index),
            packed: buffers.packed,
            block: &mut buffers.block[..sizes.block],
            cached: None,
            decoder: buffers.decoder,
        })
    }

    /// Returns the layout that the reader was made with.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Gives the source back.
    pub fn into_source(self) -> S {
        self.source
    }

    /// Fills `out` with the bytes of the image from `offset` on.
    ///
    /// # Errors
    ///
    /// A full read or an error, never less: when the range is not inside the image, when the source
    /// cannot be read, when a block is damaged. What `out` holds after an error is unspecified.
    pub fn read(&mut self, offset: u64, out: &mut [u8]) -> Result<(), ReadError<S::Error>> {
        let image_size = self.layout.image_size();
        let len = out.len() as u64;
        if offset.checked_add(len).is_none_or(|end| end > image_size) {
            return Err(ReadError::OutOfRange { offset, len, image_size });
        }
        if self.layout.locate_without_index(BlockIndex(0)).is_some() {
            return self
                .source
                .read_exact_at(out, offset)
                .map_err(|error| ReadError::Source { offset: FileOffset(offset), error });
        }
        self.read_blocks(offset, out)
    }

    /// Fills `out` with whole sectors from `lba` on; its length is the number of bytes.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_sectors(&mut self, lba: Lba, out: &mut [u8]) -> Result<(), ReadError<S::Error>> {
        self.read(lba.byte_offset(), out)
    }

    /// Returns where `block` lies by the index.
    ///
    /// # Errors
    ///
    /// When there is no such block, the index cannot be read, or its entry cannot be right.
    pub fn extent(&mut self, block: BlockIndex) -> Result<Extent, ReadError<S::Error>> {
        let layout = self.layout;
        if block.0 >= layout.block_count() {
            let block_size = u64::from(layout.block_size());
            return Err(ReadError::OutOfRange {
                offset: u64::from(block.0) * block_size,
                len: block_size,
                image_size: layout.image_size(),
            });
        }
        let located = match layout.locate_without_index(block) {
            Some(located) => (located, FileOffset(0)),
            None => {
                let entry = self.index.entry(&layout, &mut self.source, block)?;
                (layout.locate(block, entry), layout.entry_position(entry))
            }
        };
        located.0.map_err(|error| ReadError::Block { block, offset: located.1, error })
    }

    /// Decodes `block` into the reader's own buffer and shows it beside its packed bytes.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn view(&mut self, block: BlockIndex) -> Result<BlockView<'_>, ReadError<S::Error>> {
        let extent = self.extent(block)?;
        self.fill_cache(block, extent)?;
        Ok(BlockView {
            extent,
            packed: &self.packed[..extent.len as usize],
            data: &self.block[..self.layout.block_len(block) as usize],
        })
    }

    fn read_blocks(&mut self, mut offset: u64, mut out: &mut [u8]) -> Result<(), ReadError<S::Error>> {
        let block_size = self.layout.block_size() as usize;
        while !out.is_empty() {
            let (block, inside) = self.block_at(offset);
            let whole = inside == 0 && out.len() >= block_size;
            let served = if whole && self.cached != Some(block) {
                self.read_run(block, out)?
            } else {
                self.read_part(block, inside, out)?
            };
            out = &mut out[served..];
            offset += served as u64;
        }
        Ok(())
    }

    /// The block that holds a byte of the image, and how many of the block's bytes come before it.
    fn block_at(&self, offset: u64) -> (BlockIndex, usize) {
        let block_size = u64::from(self.layout.block_size());
        #[expect(clippy::cast_possible_truncation, reason = "inside an image of a u32 number of blocks")]
        (BlockIndex((offset / block_size) as u32), (offset % block_size) as usize)
    }

    /// Copies from one block through the cache; returns how many bytes.
    fn read_part(
        &mut self,
        block: BlockIndex,
        inside: usize,
        out: &mut [u8],
    ) -> Result<usize, ReadError<S::Error>> {
        if self.cached != Some(block) {
            let extent = self.extent(block)?;
            self.fill_cache(block, extent)?;
        }
        let data = &self.block[inside..self.layout.block_len(block) as usize];
        let served = data.len().min(out.len());
        copy_bytes(&data[..served], &mut out[..served]);
        Ok(served)
    }

    fn fill_cache(&mut self, block: BlockIndex, extent: Extent) -> Result<(), ReadError<S::Error>> {
        self.cached = None;
        let packed = &mut self.packed[..extent.len as usize];
        fetch(&mut self.source, packed, extent.offset)?;
        let needed = self.layout.block_len(block) as usize;
        decode(self.decoder, block, extent, packed, self.block, needed)?;
        self.cached = Some(block);
        Ok(())
    }

    /// Decodes whole blocks from `first` on straight into `out`, which holds at least one; returns how
    /// many bytes.
    fn read_run(&mut self, first: BlockIndex, out: &mut [u8]) -> Result<usize, ReadError<S::Error>> {
        let block_size = self.layout.block_size() as usize;
        let run = self.gather(first, out.len() / block_size)?;
        fetch(&mut self.source, &mut self.packed[..run.len], run.start)?;
        let mut blocks = out.chunks_exact_mut(block_size);
        for number in first.0..first.0 + run.blocks {
            let block = BlockIndex(number);
            let extent = self.extent(block)?;
            let Some(out) = blocks.next() else { break };
            let packed = packed_of(self.packed, &run, extent);
            decode(self.decoder, block, extent, packed, out, block_size)?;
        }
        Ok(run.blocks as usize * block_size)
    }

    /// Finds how many blocks from `first` on lie one behind the other in the file, fit into the packed
    /// buffer together, and are in one index window: at most `limit`, at least one. A damaged entry ends
    /// the run before it: its error belongs to the read that begins with it.
    fn gather(&mut self, first: BlockIndex, limit: usize) -> Result<Run, ReadError<S::Error>> {
        let wanted = u32::try_from(limit).unwrap_or(u32::MAX);
        self.index.cover(&self.layout, &mut self.source, first, wanted)?;
        let extent = self.extent(first)?;
        let start = extent.offset;
        let mut run = Run { blocks: 1, start, len: extent.len as usize };
        while (run.blocks as usize) < limit {
            let block = BlockIndex(first.0 + run.blocks);
            if !self.index.holds(block) {
                break;
            }
            let Ok(next) = self.extent(block) else { break };
            let end_of_run = start.0 + run.len as u64;
            let len = (next.offset.0 + u64::from(next.len)).saturating_sub(start.0);
            if next.offset.0 < end_of_run || len > self.packed.len() as u64 {
                break;
            }
            #[expect(clippy::cast_possible_truncation, reason = "not more than a slice's length")]
            {
                run.len = len as usize;
            }
            run.blocks += 1;
        }
        Ok(run)
    }
}

/// The packed bytes of a block inside a fetched run.
fn packed_of<'a>(packed: &'a [u8], run: &Run, extent: Extent) -> &'a [u8] {
    #[expect(clippy::cast_possible_truncation, reason = "inside the run, which is a slice")]
    let at = extent.offset.0.saturating_sub(run.start.0) as usize;
    packed.get(at..at + extent.len as usize).unwrap_or_default()
}

fn fetch<S: ReadAt>(source: &mut S, buf: &mut [u8], at: FileOffset) -> Result<(), ReadError<S::Error>> {
    source.read_exact_at(buf, at.0).map_err(|error| ReadError::Source { offset: at, error })
}

fn decode<E>(
    decoder: &mut Decoder,
    block: BlockIndex,
    extent: Extent,
    packed: &[u8],
    out: &mut [u8],
    needed: usize,
) -> Result<(), ReadError<E>> {
    decoder.decode(extent.coding, packed, out, needed).map_err(|error| ReadError::Block {
        block,
        offset: extent.offset,
        error: BlockError::Codec(error),
    })
}

impl<S: ReadAt> ReadAt for SectorReader<'_, S> {
    type Error = ReadError<S::Error>;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Self::Error> {
        self.read(offset, buf)
    }

    fn byte_len(&mut self) -> Result<u64, Self::Error> {
        Ok(self.layout.image_size())
    }
}

impl<S> core::fmt::Debug for SectorReader<'_, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SectorReader").field("layout", &self.layout).field("cached", &self.cached).finish()
    }
}
