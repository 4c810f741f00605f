//! Replays a trace on a file.

use std::cell::Cell;
use std::fmt;

use sector_decode::{
    BlockIndex, Coding, Extent, Format, ImageReader, Layout, OpenError, OutOfMemory, ReadAt, ReadError,
    ReaderOptions, SECTOR_SIZE,
};

use crate::model::{CodecCosts, Load, Model};
use crate::trace::{Access, Trace};

/// How many blocks the index window of a classic reader covers, and the size of an index entry of CSO, ZSO
/// and JSO in bytes.
const INDEX_WINDOW: u32 = 1024;
const INDEX_ENTRY: u64 = 4;

/// An image, compressed or not, with the location of every block known.
pub struct PackedImage<S> {
    source: S,
    layout: Layout,
    extents: Vec<Extent>,
    model: Model,
}

/// Why a trace cannot be replayed. `E` is the error of the file.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError<E> {
    /// It is not a valid image.
    Open(OpenError<E>),
    /// Its reader wants more memory than there is.
    Memory(OutOfMemory),
    /// A block, or the index, cannot be read.
    Read(ReadError<E>),
    /// An access is not on the disc.
    BehindEnd {
        /// The failed access.
        access: Access,
        /// How many sectors the disc has.
        sectors: u64,
    },
}

impl<E: fmt::Display> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Memory(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::BehindEnd { access, sectors } => write!(
                f,
                "the trace reads {} sectors at {}, but the disc has only {sectors}",
                access.sectors, access.lba.0
            ),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for LoadError<E> {}

impl<S: ReadAt> PackedImage<S> {
    /// Opens an image for a PSP and reads all of its index.
    ///
    /// # Errors
    ///
    /// When it is not a valid image, or damaged.
    pub fn open(mut source: S) -> Result<Self, LoadError<S::Error>> {
        let layout = Layout::probe(&mut source).map_err(LoadError::Open)?;
        let mut extents = Vec::new();
        let mut reader = reader(&mut source, layout, 0)?;
        for block in 0..layout.block_count() {
            extents.push(reader.extent(BlockIndex(block)).map_err(LoadError::Read)?);
        }
        Ok(Self { source, layout, extents, model: Model::PSP })
    }

    /// Returns how many sectors the disc has.
    pub fn sectors(&self) -> u64 {
        self.layout.image_size() / u64::from(SECTOR_SIZE)
    }

    /// Replays a trace through the project's own reader, as the driver uses it: with the same read-ahead,
    /// counting every call of the card, including those for the index. An uncompressed image is read as the
    /// firmware reads it.
    ///
    /// # Errors
    ///
    /// When an access is not on the disc or a block is damaged.
    pub fn load(&mut self, trace: &Trace) -> Result<Load, LoadError<S::Error>> {
        let (layout, extents, model) = (self.layout, &self.extents, self.model);
        let counts = Cell::new(Load::default());
        let source = Counting { source: &mut self.source, counts: &counts };
        let mut out = Vec::new();
        let mut instructions = 0.0;
        let mut cached = None;
        let mut reader = reader(source, layout, model.read_ahead)?;
        for access in &trace.accesses {
            let (offset, len) = range(layout, *access)?;
            out.resize(len, 0);
            reader.read(offset, &mut out).map_err(LoadError::Read)?;
            instructions += model.ours.per_request;
            if layout.format() != Format::Iso {
                instructions += decoding(&model.ours, layout, extents, *access, &mut cached);
            }
        }
        Ok(Load { instructions, ..counts.get() })
    }

    /// Replays a trace through a model of how earlier readers worked: one call of the card per block, zlib,
    /// and several copies of the decoded data. Reads of an uncompressed image go straight to their
    /// destination with one call.
    ///
    /// The model keeps one window of the index, and the block decoded last for reuse.
    ///
    /// # Errors
    ///
    /// When an access is not on the disc.
    pub fn load_classic(&self, trace: &Trace) -> Result<Load, LoadError<S::Error>> {
        let costs = &self.model.classic;
        let mut load = Load::default();
        let (mut last, mut window) = (None, 0..0);
        for access in &trace.accesses {
            let (_, len) = range(self.layout, *access)?;
            load.instructions += costs.per_request;
            if self.layout.format() == Format::Iso {
                load.card_calls += 1;
                load.card_bytes += len as u64;
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "some thousands")]
            let copied = len as f64 * costs.copy * self.model.classic_copies;
            load.instructions += copied;
            for block in blocks(self.layout, *access) {
                if last == Some(block) {
                    continue;
                }
                if !window.contains(&block) {
                    window = block..(block + INDEX_WINDOW).min(self.layout.block_count());
                    load.card_calls += 1;
                    load.card_bytes += INDEX_ENTRY * (1 + window.len() as u64);
                }
                let extent = self.extents[block as usize];
                load.card_calls += 1;
                load.card_bytes += u64::from(extent.len);
                // A stored block is only copied.
                if extent.coding != Coding::Stored {
                    load.instructions += costs.block(extent.coding, self.layout.block_size());
                }
                last = Some(block);
            }
        }
        Ok(load)
    }
}

/// Counts calls and bytes.
struct Counting<'c, S> {
    source: S,
    counts: &'c Cell<Load>,
}

impl<S: ReadAt> ReadAt for Counting<'_, S> {
    type Error = S::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), S::Error> {
        let counts = self.counts.get();
        self.counts.set(Load {
            card_calls: counts.card_calls + 1,
            card_bytes: counts.card_bytes + buf.len() as u64,
            ..counts
        });
        self.source.read_exact_at(buf, offset)
    }

    fn byte_len(&mut self) -> Result<u64, S::Error> {
        self.source.byte_len()
    }
}

/// A reader that works as the driver does.
fn reader<S: ReadAt>(
    source: S,
    layout: Layout,
    read_ahead: usize,
) -> Result<ImageReader<S>, LoadError<S::Error>> {
    let options = ReaderOptions::PSP_DRIVER.with_read_ahead(read_ahead);
    ImageReader::with_layout(source, layout, &options).map_err(LoadError::Memory)
}

/// Where in the image an access begins and how many bytes it reads.
fn range<E>(layout: Layout, access: Access) -> Result<(u64, usize), LoadError<E>> {
    let sectors = layout.image_size() / u64::from(SECTOR_SIZE);
    let offset = u64::from(access.lba.0) * u64::from(SECTOR_SIZE);
    let end = u64::from(access.lba.0) + u64::from(access.sectors);
    match usize::try_from(u64::from(access.sectors) * u64::from(SECTOR_SIZE)) {
        Ok(len) if end <= sectors => Ok((offset, len)),
        _ => Err(LoadError::BehindEnd { access, sectors }),
    }
}

/// The blocks that an access needs.
fn blocks(layout: Layout, access: Access) -> std::ops::RangeInclusive<u32> {
    let per_block = layout.block_size() / SECTOR_SIZE;
    access.lba.0 / per_block..=(access.lba.0 + (access.sectors - 1)) / per_block
}

/// The instructions that the project's reader takes for the blocks of an access. `cached` is the last block
/// that was only partly wanted: such a block is decoded into the reader's own memory and copied from there.
fn decoding(
    costs: &CodecCosts,
    layout: Layout,
    extents: &[Extent],
    access: Access,
    cached: &mut Option<u32>,
) -> f64 {
    let per_block = layout.block_size() / SECTOR_SIZE;
    let (first, end) = (access.lba.0, access.lba.0 + access.sectors);
    let mut instructions = 0.0;
    for block in blocks(layout, access) {
        let (begins, ends) = (block * per_block, (block + 1) * per_block);
        let wanted = ends.min(end) - begins.max(first);
        if *cached != Some(block) {
            instructions += costs.block(extents[block as usize].coding, layout.block_size());
        }
        if wanted < per_block || *cached == Some(block) {
            instructions += costs.copy * f64::from(wanted * SECTOR_SIZE);
            *cached = Some(block);
        }
    }
    instructions
}
