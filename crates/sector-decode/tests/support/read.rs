//! Opens files and reads them, with any amount of memory.

use sector_decode::{
    BlockIndex, Buffers, Decoder, EndOfSlice, Format, HeaderError, Layout, OpenError, ReadAt, ReadError,
    ReaderOptions, SectorReader,
};

/// One window, and as much read ahead as there is room for.
pub const SUGGESTED: ReaderOptions = ReaderOptions::new().with_read_ahead(usize::MAX);

/// The windows of the PSP driver.
pub const KEPT: ReaderOptions = SUGGESTED.with_windows(32, 2048).with_alignment(64);

/// The buffers of a reader.
pub struct Memory {
    index: Vec<u8>,
    packed: Vec<u8>,
    block: Vec<u8>,
    decoder: Decoder,
}

impl Memory {
    /// The least that works: a window of one block, one packed block.
    pub fn minimal(layout: &Layout) -> Self {
        Self::sized(layout, 1, 1)
    }

    /// What the layout suggests.
    pub fn suggested(layout: &Layout) -> Self {
        Self::sized(layout, 1024, 1)
    }

    /// An index window of `window` blocks, and room for `packed` blocks of the largest kind.
    pub fn sized(layout: &Layout, window: usize, packed: usize) -> Self {
        let index = match layout.format() {
            Format::Iso => 0,
            Format::Dax => 7 * window,
            _ => 4 * (window + 1),
        };
        let sizes = layout.buffer_sizes();
        Self {
            index: vec![0xA1; index.max(sizes.index)],
            packed: vec![0xA2; sizes.packed * packed],
            block: vec![0xA3; sizes.block],
            decoder: Decoder::new(),
        }
    }

    /// Room for `windows` windows of the index, to be kept, and for 64 packed blocks.
    pub fn kept(layout: &Layout, windows: usize) -> Self {
        Self { index: vec![0xA1; windows * 2048], ..Self::sized(layout, 1, 64) }
    }

    /// Fills every buffer with `byte`.
    pub fn filled_with(mut self, byte: u8) -> Self {
        self.index.fill(byte);
        self.packed.fill(byte);
        self.block.fill(byte);
        self
    }

    pub fn buffers(&mut self) -> Buffers<'_> {
        Buffers {
            index: &mut self.index,
            packed: &mut self.packed,
            block: &mut self.block,
            decoder: &mut self.decoder,
        }
    }

    pub fn reader<S: ReadAt>(&mut self, source: S, layout: Layout) -> SectorReader<'_, S> {
        SectorReader::new(source, layout, self.buffers()).expect("the buffers are large enough")
    }

    pub fn reader_with<S: ReadAt>(
        &mut self,
        source: S,
        layout: Layout,
        options: &ReaderOptions,
    ) -> SectorReader<'_, S> {
        SectorReader::with_options(source, layout, options, self.buffers())
            .expect("the buffers are large enough")
    }
}

/// Why a file in memory cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Open(OpenError<EndOfSlice>),
    Read(ReadError<EndOfSlice>),
}

impl From<OpenError<EndOfSlice>> for Failure {
    fn from(error: OpenError<EndOfSlice>) -> Self {
        Self::Open(error)
    }
}

impl From<ReadError<EndOfSlice>> for Failure {
    fn from(error: ReadError<EndOfSlice>) -> Self {
        Self::Read(error)
    }
}

/// Images over this size are not decoded whole: a mutated header can ask for terabytes.
const MOST_DECODED: u64 = 4 << 20;

/// Decodes a whole file with the suggested amount of memory, or the beginning of a huge image.
pub fn image_of(mut file: &[u8]) -> Result<Vec<u8>, Failure> {
    let layout = Layout::probe(&mut file)?;
    let mut memory = Memory::suggested(&layout);
    let len = usize::try_from(layout.image_size().min(MOST_DECODED)).expect("4 MiB");
    let mut image = vec![0; len];
    memory.reader(file, layout).read(0, &mut image)?;
    Ok(image)
}

/// The layout of a file that must open.
pub fn layout_of(mut file: &[u8]) -> Layout {
    Layout::probe(&mut file).expect("the header is sound")
}

/// What is wrong with the header of a file that must not open.
#[track_caller]
pub fn header_error(mut file: &[u8]) -> HeaderError {
    match Layout::probe(&mut file) {
        Err(OpenError::Header(error)) => error,
        other => panic!("expected a header error, got {other:?}"),
    }
}

/// What is wrong with the first damaged block of a file whose header is sound.
#[track_caller]
pub fn block_error(file: &[u8]) -> (u32, sector_decode::BlockError) {
    match image_of(file) {
        Err(Failure::Read(ReadError::Block { block: BlockIndex(number), error, .. })) => (number, error),
        Ok(_) => panic!("expected a block error, but all blocks decode"),
        Err(other) => panic!("expected a block error, got {other:?}"),
    }
}

/// Checks that a file decodes to `image`: as a whole and sector by sector, with little memory and much.
#[track_caller]
pub fn assert_decodes(file: &[u8], image: &[u8]) {
    let layout = layout_of(file);
    assert_eq!(layout.image_size(), image.len() as u64);
    for (window, packed) in [(1, 1), (2, 1), (3, 4), (1024, 64)] {
        let mut memory = Memory::sized(&layout, window, packed);
        let mut reader = memory.reader(file, layout);
        let mut whole = vec![0x77; image.len()];
        reader.read(0, &mut whole).expect("the file is sound");
        assert!(whole == image, "the image differs (window {window}, packed {packed})");
        for (number, sector) in image.chunks(2048).enumerate() {
            let mut out = vec![0x88; sector.len()];
            reader.read(number as u64 * 2048, &mut out).expect("the file is sound");
            assert!(out == sector, "sector {number} differs (window {window}, packed {packed})");
        }
    }
}
