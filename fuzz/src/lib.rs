//! Shared by the fuzz targets: reading a file of any content with any amount of memory, and a server of
//! UDPFS without sockets and disks.

pub mod disc;
pub mod steps;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::OnceLock;

use sector_decode::{
    BlockIndex, BufferSizes, Buffers, Decoder, Foreign, ImageCursor, ImageReader, Layout, Lba, ReadError,
    ReaderOptions, SECTOR_SIZE, SectorReader,
};

/// Maximum bytes read from an image: a header can declare terabytes.
const MOST_READ: u64 = 1 << 18;

/// How many requests come before those for single blocks.
const PARTS: usize = 4;

/// Bytes of one of several windows of the index.
const WINDOW_BYTES: usize = 2048;

/// Length of the plan at the beginning of an input; the file follows.
pub const PLAN_LEN: usize = 5;

/// How a file is read, taken from the first bytes of an input.
pub struct Plan {
    window: usize,
    room: usize,
    memory: Memory,
    start: u8,
    len: u8,
    options: u8,
}

impl Plan {
    /// Splits an input into plan and file. `None` when it is too short for a plan.
    pub fn split(input: &[u8]) -> Option<(Self, &[u8])> {
        let (&[window, room, start, len, options], file) = input.split_first_chunk::<PLAN_LEN>()?;
        let memory =
            [Memory::Plan, Memory::Usual, Memory::Driver, Memory::OneWindow][usize::from(room >> 4 & 3)];
        let plan = Self { window: window.into(), room: (room % 16).into(), memory, start, len, options };
        Some((plan, file))
    }

    /// Whether one impossible index entry makes its whole window unreadable.
    pub fn is_checking(&self) -> bool {
        match self.memory {
            Memory::Usual => false,
            Memory::Driver => true,
            Memory::Plan | Memory::OneWindow => self.options & 1 != 0,
        }
    }

    /// Number of index windows; `None` for a single one, of the size given in the plan.
    fn windows(&self) -> Option<usize> {
        let windows = usize::from(self.options >> 1 & 0b111);
        (windows > 0).then_some(windows)
    }

    /// How a reader works that divides its memory itself.
    fn divided(&self) -> ReaderOptions {
        if self.memory == Memory::Driver {
            return ReaderOptions::PSP_DRIVER;
        }
        let options = ReaderOptions::new()
            .with_one_window(u32::try_from(self.window).expect("a byte"))
            .with_checked_windows(self.is_checking())
            .with_two_reads_at_most(self.room & 1 != 0);
        self.ahead().map_or(options, |ahead| options.with_read_ahead(ahead))
    }

    /// Number of bytes read ahead; `None` to leave it to the reader.
    fn ahead(&self) -> Option<usize> {
        let shift = u32::from(self.options >> 4);
        (shift > 0).then(|| 1 << (shift + 4))
    }

    /// Reads a file as a whole, block by block, and between odd offsets; returns the result of each
    /// request. All buffers are filled with `fill` beforehand. `None` when the header is refused.
    pub fn read(&self, file: &[u8], fill: u8) -> Option<Vec<Answer>> {
        let layout = Layout::probe(&mut &file[..]).ok()?;
        // Blocks of another program's format are recognised, or not.
        let foreign = Foreign::in_blocks(&layout, &mut &file[..]).ok().flatten();
        assert!(foreign.is_none_or(|foreign| !foreign.to_string().is_empty()));
        let mut decoder = Decoder::default();
        let (mut index, mut packed, mut block, mut memory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let made = if matches!(self.memory, Memory::Plan | Memory::Usual) {
            let sizes = layout.buffer_sizes();
            let windows = self.windows().map_or(0, |windows| windows * WINDOW_BYTES);
            index.resize(sizes.index + self.window + windows, fill);
            packed.resize(sizes.packed * (1 + self.room), fill);
            block.resize(sizes.block, fill);
            refuses_less(file, layout, sizes);
            let buffers =
                Buffers { index: &mut index, packed: &mut packed, block: &mut block, decoder: &mut decoder };
            if self.memory == Memory::Usual {
                SectorReader::new(file, layout, buffers)
            } else {
                let room = buffers.packed.len();
                let ahead = self.ahead().unwrap_or(if room >= 2 * sizes.packed { room } else { 0 });
                let mut options =
                    ReaderOptions::new().with_checked_windows(self.is_checking()).with_read_ahead(ahead);
                if self.windows().is_some() {
                    options = options.with_windows(32, 2048).with_alignment(64);
                }
                SectorReader::with_options(file, layout, &options, buffers)
            }
        } else {
            let options = self.divided();
            let plan = layout.memory(&options);
            assert!(plan.index() + plan.packed() + plan.block() <= plan.size());
            memory.resize(plan.size(), fill);
            let short = plan.size() - 1;
            let error =
                SectorReader::with_memory(file, layout, &options, &mut memory[..short], &mut decoder).err();
            assert!(error.is_some_and(|error| error.needed == short + 1 && !error.to_string().is_empty()));
            SectorReader::with_memory(file, layout, &options, &mut memory, &mut decoder)
        };
        let mut reader = made.expect("the buffers are large enough");
        assert!(!format!("{reader:?}").is_empty());

        let (size, block_size) = (layout.image_size(), u64::from(layout.block_size()));
        let end = size.min(MOST_READ);
        let start = end * u64::from(self.start) / 256;
        let last = size.min(3000);
        let parts: [_; PARTS] =
            [(0, end), (start, (end - start) * u64::from(self.len) / 256), (start, 1), (size - last, last)];
        let mut requests = parts.to_vec();
        requests.extend(
            (0..end.div_ceil(block_size)).map(|n| (n * block_size, block_size.min(end - n * block_size))),
        );
        let mut answers = Vec::new();
        for (offset, len) in requests {
            let mut out = vec![fill; usize::try_from(len).expect("at most 1 MiB")];
            let sector = u32::try_from(offset / u64::from(SECTOR_SIZE)).map(Lba);
            let result = match sector {
                Ok(sector) if sector.byte_offset() == offset => reader.read_sectors(sector, &mut out),
                _ => reader.read(offset, &mut out),
            };
            let bytes = result.map(|()| out).map_err(|error| in_words(&error)).ok();
            answers.push(Answer { offset, bytes });
        }
        for (number, answer) in answers.iter().skip(PARTS).enumerate() {
            let block = BlockIndex(u32::try_from(number).expect("few blocks"));
            shows(&mut reader, self.is_checking(), block, answer);
        }
        match reader.read(size, &mut [0]) {
            Err(error @ ReadError::OutOfRange { .. }) => in_words(&error),
            other => panic!("a read past the end: {other:?}"),
        }
        assert!(reader.extent(BlockIndex(layout.block_count())).is_err());
        assert_eq!(reader.into_source(), file);
        Some(answers)
    }
}

/// Each buffer is refused that is one byte short.
fn refuses_less(file: &[u8], layout: Layout, sizes: BufferSizes) {
    for short in 0..3 {
        let mut lens = [sizes.index, sizes.packed, sizes.block];
        // A plain image has no index.
        if lens[short] == 0 {
            continue;
        }
        lens[short] -= 1;
        let [mut index, mut packed, mut block] = lens.map(|len| vec![0; len]);
        let mut decoder = Decoder::new();
        let buffers =
            Buffers { index: &mut index, packed: &mut packed, block: &mut block, decoder: &mut decoder };
        let error = SectorReader::new(file, layout, buffers).err();
        assert!(error.is_some_and(|error| error.got < error.needed && !error.to_string().is_empty()));
    }
}

/// What is shown of a block is what a read of it gave.
fn shows(reader: &mut SectorReader<'_, &[u8]>, is_checking: bool, block: BlockIndex, answer: &Answer) {
    let block_len = reader.layout().block_len(block) as usize;
    match (reader.view(block), &answer.bytes) {
        (Ok(view), Some(bytes)) => {
            // Of a huge image, the last block that is read may be read in part.
            assert!(view.data.starts_with(bytes) && view.data.len() == block_len);
            assert_eq!(view.packed.len(), view.extent.len as usize);
        }
        (Err(error), None) => in_words(&error),
        // Which entries make a window unreadable depends on where it begins.
        (view, bytes) => assert!(
            is_checking,
            "block {block}: view is {}, read {}",
            if view.is_ok() { "fine" } else { "refused" },
            if bytes.is_some() { "fine" } else { "refused" },
        ),
    }
}

/// The same image as a file on a disk, from positions in any order: the bytes are those of `whole`, as far as that goes.
///
/// # Panics
///
/// If not, or if no file can be written to the system's folder for them.
pub fn reads_as_file(plan: &Plan, file: &[u8], whole: &[u8]) {
    let mut stored = scratch();
    stored.set_len(0).and_then(|()| stored.rewind()).and_then(|()| stored.write_all(file)).expect("a file");
    let layout = Layout::probe(&mut stored).expect("it can be read from memory");
    let size = layout.image_size();
    let owned = stored.try_clone().expect("another handle");
    let Ok(image) = ImageReader::with_layout(owned, layout, &ReaderOptions::default()) else { return };
    let mut cursor = ImageCursor::new(image);
    let (start, len) = (u64::from(plan.start) * 7, i64::from(plan.len));
    for (to, position) in [
        (SeekFrom::Start(start), Some(start)),
        (SeekFrom::Current(-len), start.checked_add_signed(-len)),
        (SeekFrom::End(-len), size.checked_add_signed(-len)),
        (SeekFrom::Current(i64::MIN), None),
    ] {
        let found = cursor.seek(to);
        assert_eq!(found.as_ref().ok(), position.as_ref(), "{to:?}");
        let Some(at) = position else {
            assert!(found.is_err_and(|error| error.kind() == io::ErrorKind::InvalidInput));
            continue;
        };
        let mut bytes = [0; 300];
        let Ok(count) = cursor.read(&mut bytes) else { continue };
        assert_eq!(count as u64, size.saturating_sub(at).min(300));
        let known = usize::try_from(at).ok().and_then(|at| whole.get(at..)).unwrap_or_default();
        let known = &known[..known.len().min(count)];
        assert!(bytes[..known.len()] == *known);
        cursor.seek(SeekFrom::Start(start)).expect("a position");
    }
    assert_eq!(cursor.into_inner().layout().image_size(), size);
}

/// A file without a name, one for the whole process.
fn scratch() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("cisor-fuzz-{}", std::process::id()));
        let file = File::options().read(true).write(true).create_new(true).open(&path).expect("a new file");
        std::fs::remove_file(&path).expect("the file that was made");
        file
    })
}

/// An error can be told to somebody, with what is the reason for it.
pub fn in_words(error: &dyn std::error::Error) {
    let mut next = Some(error);
    while let Some(error) = next {
        assert!(!error.to_string().is_empty());
        next = error.source();
    }
}

/// Who divides the reader's memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// The plan.
    Plan,
    /// The plan, for a reader with the usual options.
    Usual,
    /// The reader, for one with the driver's options.
    Driver,
    /// The reader, for one with a single window.
    OneWindow,
}

/// The result of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Offset in the image.
    pub offset: u64,
    /// The bytes from there; `None` after an error.
    pub bytes: Option<Vec<u8>>,
}
