//! The sector reader: any byte range of the image, from buffers that the caller provides.
//!
//! Glossary of the state:
//!
//! - `index`: the windows of index entries in memory (see [`crate::index`]).
//! - `packed`: packed bytes as they come from the file. As many neighbouring blocks as fit are fetched
//!   with one read.
//! - `held`: which part of the file `packed` holds, for the blocks that are wanted next.
//! - `block`: the last block that was wanted in part, decoded; reads of single sectors from larger
//!   blocks decode each block once.
//! - `cached`: which block `block` holds. It is cleared before the buffer is touched and set after the
//!   block decoded, so that a failed read can never leave bytes that pass for a block. `held` obeys the
//!   same rule.
//! - `began`, `next`: the range of the image that reads have gone through in sequence up to now; `next` is behind
//!   every image before the first read. A read that goes on at `next` fetches the blocks that follow too: as many
//!   bytes in all as that range has, and no more than `ahead`. So a long sequence soon fetches as much as it
//!   may, and two sectors that are read one after the other do not cost a fetch of 64 KiB.
//!
//! A request of more blocks than `packed` has room for is fetched into the end of the caller's own memory
//! and decoded from there to the beginning. `Run` tells when that works.
//!
//! How many reads of data a request takes, `w` bytes long:
//!
//! - One, if it begins and ends on block borders and no row of blocks at its end is longer packed than plain;
//!   or if all its packed bytes fit into `packed`.
//! - Two, if those fit into `packed` that do not fit into the caller's memory: as many as are in the blocks that the
//!   request cuts (less than two blocks), what blocks grew when they were packed, and one packed block for the
//!   border between the two. [`ReaderOptions::with_two_reads_at_most`] takes that without the growth.
//! - More only with less memory than that, and where the only window of the index ends inside the request. With several windows it is
//!   not cut there.

mod buffers;
#[cfg(test)]
mod every_run;
mod options;
#[cfg(feature = "alloc")]
mod owned;
mod run;
#[cfg(test)]
mod tests;

use core::ops::DerefMut;

use crate::bytes::{ReadAt, fetch};
use crate::codec::{Coding, Decoder};
use crate::container::{Extent, Layout};
use crate::error::{BlockError, BufferError, ReadError};
use crate::index::IndexWindows;
use crate::units::{BlockIndex, FileOffset, Lba, SECTOR_SIZE};
pub use buffers::{BufferSizes, Buffers, MemoryPlan};
pub use options::ReaderOptions;
#[cfg(feature = "alloc")]
pub use owned::{AlignedBytes, ImageReader};
use run::{Held, Run, RunLimits, distance, gather, packed_of};

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
/// It implements [`ReadAt`] itself, so an image can be read like the plain file it stands for. `B` and `D` are the
/// memory that it works in: the caller's in a [`SectorReader`], its own in an `ImageReader`.
pub struct Reader<S, B, D> {
    source: S,
    layout: Layout,
    index: IndexWindows<B>,
    packed: B,
    held: Held,
    block: B,
    cached: Option<BlockIndex>,
    began: u64,
    next: u64,
    ahead: usize,
    /// One less than the power of two at whose multiples reads into the output begin.
    align_mask: usize,
    decoder: D,
}

/// A [`Reader`] in memory of the caller's.
pub type SectorReader<'b, S> = Reader<S, &'b mut [u8], &'b mut Decoder>;

/// Where the packed bytes of a run are.
#[derive(Clone, Copy)]
enum Place {
    /// In the reader's packed buffer, which says itself which part of the file it holds.
    Packed,
    /// In the output, from this byte on, which stands for this place in the file.
    Output(usize, FileOffset),
}

impl<'b, S: ReadAt> SectorReader<'b, S> {
    /// Makes a reader of an image that was probed before, in one piece of memory that it divides as
    /// [`Layout::memory`] says. Reads nothing yet.
    ///
    /// # Errors
    ///
    /// When `memory` has fewer bytes than [`MemoryPlan::size`].
    pub fn with_memory(
        source: S,
        layout: Layout,
        options: &ReaderOptions,
        memory: &'b mut [u8],
        decoder: &'b mut Decoder,
    ) -> Result<Self, BufferError> {
        let buffers = layout.memory(options).split(memory, decoder)?;
        Self::with_options(source, layout, options, buffers)
    }

    /// As [`with_memory`](Self::with_memory), with a piece of memory for each purpose. More than
    /// [`Layout::memory`] says is made use of, but for `block`.
    ///
    /// # Errors
    ///
    /// When one of the buffers has fewer bytes than reading needs at all.
    #[inline(always)]
    pub fn with_options(
        source: S,
        layout: Layout,
        options: &ReaderOptions,
        buffers: Buffers<'b>,
    ) -> Result<Self, BufferError> {
        let sizes = layout.buffer_sizes();
        sizes.check(&buffers)?;
        let Buffers { index, packed, block, decoder } = buffers;
        let block = &mut block[..sizes.block];
        Ok(Self::build(source, layout, index, packed, block, decoder, options))
    }

    /// As [`with_options`](Self::with_options), with one window and no alignment. All of `packed` serves to read ahead
    /// if it has room for two blocks.
    ///
    /// # Errors
    ///
    /// When one of the buffers has fewer bytes than reading needs at all.
    pub fn new(source: S, layout: Layout, buffers: Buffers<'b>) -> Result<Self, BufferError> {
        let sizes = layout.buffer_sizes();
        sizes.check(&buffers)?;
        let ahead = if buffers.packed.len() >= 2 * sizes.packed { buffers.packed.len() } else { 0 };
        let Buffers { index, packed, block, decoder } = buffers;
        let block = &mut block[..sizes.block];
        let options = ReaderOptions::new().with_read_ahead(ahead);
        Ok(Self::build(source, layout, index, packed, block, decoder, &options))
    }
}

impl<S: ReadAt, B: DerefMut<Target = [u8]>, D: DerefMut<Target = Decoder>> Reader<S, B, D> {
    /// Works as `options` say as far as the memory allows. `block` has exactly the size of a block.
    #[inline(always)]
    fn build(
        source: S,
        layout: Layout,
        index: B,
        packed: B,
        block: B,
        decoder: D,
        options: &ReaderOptions,
    ) -> Self {
        Self {
            source,
            index: IndexWindows::new(
                &layout,
                index,
                options.kept(),
                options.alignment(),
                options.checks_windows(),
            ),
            layout,
            ahead: options.read_ahead().min(packed.len()),
            packed,
            held: Held::NOTHING,
            block,
            cached: None,
            began: 0,
            next: u64::MAX,
            align_mask: options.alignment() - 1,
            decoder,
        }
    }

    /// Returns the layout that the reader was made with.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the source.
    pub fn source(&self) -> &S {
        &self.source
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
        let layout = &self.layout;
        if block.0 >= layout.block_count() {
            let block_size = u64::from(layout.block_size());
            return Err(ReadError::OutOfRange {
                offset: u64::from(block.0) * block_size,
                len: block_size,
                image_size: layout.image_size(),
            });
        }
        if let Some(extent) = layout.locate_without_index(block) {
            return Ok(extent);
        }
        self.index.cover(layout, &mut self.source, block, 1)?;
        self.located(block)
    }

    /// As [`extent`](Self::extent), for a block that an index window describes.
    fn located(&mut self, block: BlockIndex) -> Result<Extent, ReadError<S::Error>> {
        self.index.locate(&self.layout, block).ok_or_else(|| match self.index.fault(&self.layout, block) {
            Some((offset, error)) => ReadError::Block { block, offset, error },
            None => ReadError::Internal { block },
        })
    }

    /// Decodes `block` into the reader's own buffer and shows it beside its packed bytes.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn view(&mut self, block: BlockIndex) -> Result<BlockView<'_>, ReadError<S::Error>> {
        let extent = self.extent(block)?;
        if !self.held.has(extent) {
            self.hold(extent.offset, extent.len as usize)?;
        }
        self.decode_to_cache(block, extent, Place::Packed, &[])?;
        Ok(BlockView {
            extent,
            packed: packed_of(&self.packed, self.held.start, extent).unwrap_or_default(),
            data: &self.block[..self.layout.block_len(block) as usize],
        })
    }

    fn read_blocks(&mut self, offset: u64, out: &mut [u8]) -> Result<(), ReadError<S::Error>> {
        if offset != self.next {
            (self.began, self.next) = (offset, offset);
        }
        let ahead = usize::try_from(offset - self.began).unwrap_or(usize::MAX).min(self.ahead);
        let mut done = 0;
        while done < out.len() {
            let (block, inside) = self.block_at(offset + done as u64);
            let rest = &mut out[done..];
            done += if self.cached == Some(block) {
                self.copy_cached(block, inside, rest)
            } else {
                self.read_run(block, inside, rest, ahead)?
            };
        }
        self.next = offset + done as u64;
        Ok(())
    }

    /// The block that holds a byte of the image, and how many of the block's bytes come before it.
    fn block_at(&self, offset: u64) -> (BlockIndex, usize) {
        let sector_size = u64::from(SECTOR_SIZE);
        let block_sectors = self.layout.block_size() / SECTOR_SIZE;
        #[expect(clippy::cast_possible_truncation, reason = "inside an image of a u32 number of sectors")]
        let (sector, inside) = ((offset / sector_size) as u32, (offset % sector_size) as u32);
        (BlockIndex(sector / block_sectors), (sector % block_sectors * SECTOR_SIZE + inside) as usize)
    }

    /// Copies from the cached block, which is `block`; returns how many bytes.
    fn copy_cached(&self, block: BlockIndex, inside: usize, out: &mut [u8]) -> usize {
        let data = &self.block[inside..self.layout.block_len(block) as usize];
        let served = data.len().min(out.len());
        out[..served].copy_from_slice(&data[..served]);
        served
    }

    /// Decodes blocks into `out`, the first one from its byte `inside` on: that alone when its packed bytes are there,
    /// else as many as are fetched with one read. Returns how many bytes.
    fn read_run(
        &mut self,
        first: BlockIndex,
        inside: usize,
        out: &mut [u8],
        ahead: usize,
    ) -> Result<usize, ReadError<S::Error>> {
        let block_size = self.layout.block_size() as usize;
        let (mut last, mut place) = (first, Place::Packed);
        let mut extent = match self.index.locate(&self.layout, first) {
            Some(extent) if self.held.has(extent) => extent,
            _ => {
                let limit = u32::try_from((inside + out.len()).div_ceil(block_size)).unwrap_or(u32::MAX);
                self.index.cover(&self.layout, &mut self.source, first, limit)?;
                let extent = self.located(first)?;
                let (wanted, room) = (out.len(), self.packed.len());
                let limits = RunLimits { first, inside, limit, wanted, ahead, room, block_size };
                let run = gather(limits, extent, |block| self.index.locate(&self.layout, block));
                place = self.fetch_run(&run, out)?;
                last.0 += run.blocks - 1;
                extent
            }
        };
        let (mut block, mut skipped, mut served) = (first, inside, 0);
        loop {
            if skipped == 0 && out.len() - served >= block_size {
                self.decode_to_output(block, extent, place, out, served)?;
                served += block_size;
            } else {
                self.decode_to_cache(block, extent, place, out)?;
                served += self.copy_cached(block, skipped, &mut out[served..]);
                skipped = 0;
            }
            if block == last {
                return Ok(served);
            }
            block.0 += 1;
            extent = self.located(block)?;
        }
    }

    /// Fetches the packed bytes of a run, and says where they are.
    fn fetch_run(&mut self, run: &Run, out: &mut [u8]) -> Result<Place, ReadError<S::Error>> {
        if run.len <= self.packed.len() {
            self.hold(run.start, run.fetched)?;
            return Ok(Place::Packed);
        }
        // At the end, but at an aligned address where that is possible: some systems copy what they read to other
        // addresses once more.
        let mut at = out.len() - run.len;
        let beyond = out[at..].as_ptr().addr() & self.align_mask;
        if at >= run.lead + beyond {
            at -= beyond;
        }
        fetch(&mut self.source, &mut out[at..at + run.len], run.start)?;
        Ok(Place::Output(at, run.start))
    }

    /// Fills the packed buffer with `len` bytes of the file.
    fn hold(&mut self, start: FileOffset, len: usize) -> Result<(), ReadError<S::Error>> {
        self.held = Held::NOTHING;
        fetch(&mut self.source, &mut self.packed[..len], start)?;
        self.held = Held { start, len };
        Ok(())
    }

    /// Decodes `block` into the reader's own buffer.
    fn decode_to_cache(
        &mut self,
        block: BlockIndex,
        extent: Extent,
        place: Place,
        out: &[u8],
    ) -> Result<(), ReadError<S::Error>> {
        self.cached = None;
        let (bytes, start) = match place {
            Place::Packed => (&*self.packed, self.held.start),
            Place::Output(at, start) => (&out[at..], start),
        };
        let packed = packed_of(bytes, start, extent);
        let needed = self.layout.block_len(block) as usize;
        decode(&mut self.decoder, block, extent, packed, &mut self.block, needed)?;
        self.cached = Some(block);
        Ok(())
    }

    /// Decodes `block`, which fills its part of `out` from `to` on, straight to there.
    fn decode_to_output(
        &mut self,
        block: BlockIndex,
        extent: Extent,
        place: Place,
        out: &mut [u8],
        to: usize,
    ) -> Result<(), ReadError<S::Error>> {
        let needed = self.layout.block_size() as usize;
        let end = to + needed;
        let len = extent.len as usize;
        let (packed, out) = match place {
            Place::Packed => (packed_of(&self.packed, self.held.start, extent), &mut out[to..end]),
            Place::Output(at, start) => {
                let from = at + distance(start, extent.offset);
                if extent.coding == Coding::Stored {
                    if from != to {
                        out.copy_within(from..from + needed, to);
                    }
                    return Ok(());
                }
                if from >= end {
                    let (done, packed) = out.split_at_mut(from);
                    (Some(&packed[..len]), &mut done[to..end])
                } else {
                    // The last blocks of a run lie under their own output: each is moved away first.
                    self.held = Held::NOTHING;
                    self.packed[..len].copy_from_slice(&out[from..from + len]);
                    (Some(&self.packed[..len]), &mut out[to..end])
                }
            }
        };
        decode(&mut self.decoder, block, extent, packed, out, needed)
    }
}

fn decode<E>(
    decoder: &mut Decoder,
    block: BlockIndex,
    extent: Extent,
    packed: Option<&[u8]>,
    out: &mut [u8],
    needed: usize,
) -> Result<(), ReadError<E>> {
    let Some(packed) = packed else { return Err(ReadError::Internal { block }) };
    decoder.decode(extent.coding, packed, out, needed).map_err(|error| ReadError::Block {
        block,
        offset: extent.offset,
        error: BlockError::Codec(error),
    })
}

impl<S: ReadAt, B: DerefMut<Target = [u8]>, D: DerefMut<Target = Decoder>> ReadAt for Reader<S, B, D> {
    type Error = ReadError<S::Error>;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Self::Error> {
        self.read(offset, buf)
    }

    fn byte_len(&mut self) -> Result<u64, Self::Error> {
        Ok(self.layout.image_size())
    }
}

impl<S, B, D> core::fmt::Debug for Reader<S, B, D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader")
            .field("layout", &self.layout)
            .field("cached", &self.cached)
            .finish_non_exhaustive()
    }
}
