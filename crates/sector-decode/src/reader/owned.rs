//! A reader that owns its memory.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

use crate::bytes::ReadAt;
use crate::codec::Decoder;
use crate::container::Layout;
use crate::error::{ImageError, OutOfMemory};
use crate::reader::{Reader, ReaderOptions};

/// A [`Reader`] that owns its memory.
///
/// ```
/// use sector_decode::{ImageReader, ReaderOptions};
///
/// let file: &[u8] = &[0x5A; 4096]; // no magic: a plain image of two sectors
/// let mut image = ImageReader::open(file, &ReaderOptions::default())?;
/// let mut sector = [0; 2048];
/// image.read(2048, &mut sector)?;
/// assert_eq!(sector, [0x5A; 2048]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type ImageReader<S> = Reader<S, AlignedBytes, Box<Decoder>>;

impl<S: ReadAt> ImageReader<S> {
    /// Reads the header of an image and makes a reader of it.
    ///
    /// # Errors
    ///
    /// When the source cannot be read, the header is damaged, or there is not enough memory.
    pub fn open(mut source: S, options: &ReaderOptions) -> Result<Self, ImageError<S::Error>> {
        let layout = Layout::probe(&mut source).map_err(ImageError::Open)?;
        Self::with_layout(source, layout, options).map_err(ImageError::Memory)
    }

    /// Makes a reader of an image that was probed before. Reads nothing yet.
    ///
    /// # Errors
    ///
    /// When there is not enough memory.
    pub fn with_layout(source: S, layout: Layout, options: &ReaderOptions) -> Result<Self, OutOfMemory> {
        let [index, packed, block] = layout.memory(options).parts();
        let bytes = |len| AlignedBytes::new(len, options.alignment());
        let (index, packed, block) = (bytes(index)?, bytes(packed)?, bytes(block)?);
        Ok(Self::build(source, layout, index, packed, block, Box::new(Decoder::new()), options))
    }
}

/// Bytes that an [`ImageReader`] owns and that begin at an aligned address.
pub struct AlignedBytes {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl AlignedBytes {
    /// `alignment` is a power of two.
    fn new(len: usize, alignment: usize) -> Result<Self, OutOfMemory> {
        let bytes = len.saturating_add(alignment - 1);
        let mut memory = Vec::new();
        memory.try_reserve_exact(bytes).map_err(|_| OutOfMemory { bytes })?;
        memory.resize(bytes, 0);
        let start = memory.as_ptr().addr().wrapping_neg() & (alignment - 1);
        Ok(Self { memory, start, len })
    }
}

impl Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

impl fmt::Debug for AlignedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedBytes").field("len", &self.len).finish_non_exhaustive()
    }
}
