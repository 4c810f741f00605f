//! Decodes all of an image on the card: is it intact, and which disc is it?

use alloc::string::{String, ToString};

use sector_decode::{
    BlockIndex, Format, ImageReader, Layout, OutOfMemory, ReadError, ReaderOptions, SECTOR_SIZE,
};

use crate::code::Code;
use crate::digest::{Digests, Hasher};
use crate::failure::Failure;
use crate::files::{Buffer, File};
use crate::platform::{Mode, Platform};
use crate::watch::{Unit, Watch};

/// How much of the image is decoded at a time: enough for the card to be fast, little enough for Circle to be
/// noticed immediately.
const CHUNK: usize = 256 << 10;

/// Every block is decoded in turn, and damaged ones by themselves; buffers begin with a line of the processor's cache.
const OPTIONS: ReaderOptions = ReaderOptions::new().with_read_ahead(CHUNK).with_alignment(64);

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The image.
    pub path: String,
    /// Its format.
    pub format: Format,
    /// Bytes of the disc in each block.
    pub block_size: u32,
    /// Number of blocks.
    pub block_count: u32,
    /// Bytes of the disc.
    pub size: u64,
    /// Bytes of the file.
    pub stored_size: u64,
    /// Digests of the disc; `None` when any block is damaged.
    pub digests: Option<Digests>,
    /// Number of damaged blocks.
    pub damaged: u32,
    /// The first damaged block.
    pub first: Option<Damage>,
    /// How long it took.
    pub micros: u64,
}

/// A damaged block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its number, counted from 0.
    pub block: u32,
    /// Its first sector.
    pub lba: u32,
    /// Where the index says it begins in the file.
    pub offset: u64,
    /// What is wrong with it.
    pub message: String,
}

/// Makes a reader of an image on the card.
pub(crate) fn reader<'c>(
    file: File<'c>,
    layout: Layout,
    options: &ReaderOptions,
) -> Result<ImageReader<File<'c>>, Failure> {
    ImageReader::with_layout(file, layout, options)
        .map_err(|OutOfMemory { bytes }| Failure::OutOfMemory { bytes })
}

/// Decodes every block of the image at `path`.
///
/// Damaged blocks are counted and not decoded further; everything else is.
///
/// # Errors
///
/// When the file cannot be read, its header is damaged, or the user cancels.
pub fn check(console: &dyn Platform, path: &str, watch: &mut dyn Watch) -> Result<Report, Failure> {
    let started = console.micros();
    let mut file = File::open(console, path, Mode::Read)?;
    let layout = Layout::probe(&mut file).map_err(|error| Failure::of_probe(console, path, error))?;
    let mut out = Buffer::new(CHUNK.max(layout.block_size() as usize))?;
    let mut reader = reader(file, layout, &OPTIONS)?;
    let mut hasher = Hasher::default();
    let (size, block_size) = (layout.image_size(), u64::from(layout.block_size()));
    // Whole blocks, so that a damaged one can be distinguished from its neighbours.
    let chunk = (out.len() as u64 / block_size).max(1) * block_size;
    let (mut damaged, mut first) = (0, None);
    let mut at = 0;
    watch.begin("Checking", size, Unit::Bytes);
    while at < size {
        watch.advance(at)?;
        console.stay_awake();
        let end = (at + chunk).min(size);
        let buf = &mut out[..usize::try_from(end - at).unwrap_or(0)];
        match reader.read(at, buf) {
            Ok(()) => hasher.update(buf),
            // One of the blocks is damaged: which?
            Err(ReadError::Block { .. }) => {
                for number in at / block_size..end.div_ceil(block_size) {
                    let block = BlockIndex(u32::try_from(number).unwrap_or(u32::MAX));
                    match reader.view(block) {
                        Ok(view) => hasher.update(view.data),
                        Err(ReadError::Block { block, offset, error }) => {
                            damaged += 1;
                            let lba = number * block_size / u64::from(SECTOR_SIZE);
                            first.get_or_insert_with(|| Damage {
                                block: block.0,
                                lba: u32::try_from(lba).unwrap_or(u32::MAX),
                                offset: offset.0,
                                message: error.to_string(),
                            });
                        }
                        Err(error) => return Err(unreadable(console, path, error)),
                    }
                }
            }
            Err(error) => return Err(unreadable(console, path, error)),
        }
        at = end;
    }
    watch.advance(size)?;
    Ok(Report {
        path: path.into(),
        format: layout.format(),
        block_size: layout.block_size(),
        block_count: layout.block_count(),
        size,
        stored_size: layout.file_len(),
        digests: (damaged == 0).then(|| hasher.finish()),
        damaged,
        first,
        micros: console.micros().saturating_sub(started),
    })
}

/// Describes why an image cannot be read, in cases where that ends the work.
pub(crate) fn unreadable(console: &dyn Platform, path: &str, error: ReadError<Code>) -> Failure {
    match error {
        ReadError::Source { offset, error } => Failure::of_read(console, path, offset.0, error),
        ReadError::Block { offset, .. } => Failure::Read { offset: offset.0, code: Code::IO },
        // All callers stay within the image, so neither says anything about the file.
        ReadError::OutOfRange { .. } | ReadError::Internal { .. } => Failure::Internal,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::dump::{self, Kind};
    use crate::fake::{Drive, FakePsp, psp_disc};
    use crate::watch::{Nobody, Question};

    const PATH: &str = "ms0:/ISO/game.cso";

    fn console() -> FakePsp {
        let console = FakePsp::with_disc(psp_disc(), Drive::Count);
        dump::run(&console, Kind::Cso, PATH, &mut Nobody).unwrap();
        console
    }

    #[test]
    fn mistake_of_the_reader_is_told_and_does_not_end_the_program() {
        let console = console();
        let internal = ReadError::Internal { block: BlockIndex(1) };
        let outside = ReadError::OutOfRange { offset: 1, len: 1, image_size: 1 };
        for error in [internal, outside] {
            let failure = unreadable(&console, PATH, error);
            assert_eq!((failure.kind(), failure.status()), ("internal", "failed"));
        }
    }

    #[test]
    fn each_damaged_block_is_counted_and_the_first_one_named() {
        let console = console();
        let sound = check(&console, PATH, &mut Nobody).unwrap();
        assert!(sound.digests.is_some() && sound.first.is_none());
        let mut file = console.file(PATH).unwrap();
        let entry =
            |block: usize| u32::from_le_bytes(file[24 + 4 * block..28 + 4 * block].try_into().unwrap());
        // Three packed blocks, the first two side by side.
        let packed: Vec<usize> = (0..232).filter(|&block| entry(block) >> 31 == 0).collect();
        let chosen = [packed[20], packed[21], packed[50]];
        let places = chosen.map(|block| entry(block) as usize);
        for place in places {
            // A deflate block of an invalid type.
            file[place] |= 0b110;
        }
        console.put(PATH, file);
        let found = check(&console, PATH, &mut Nobody).unwrap();
        assert_eq!((found.damaged, found.digests), (3, None));
        let first = found.first.unwrap();
        assert_eq!((first.block as usize, first.lba as usize), (chosen[0], chosen[0]));
        assert_eq!(first.offset, places[0] as u64);
    }

    #[test]
    fn a_file_that_was_cut_off_is_damaged_where_it_ends() {
        let console = console();
        let file = console.file(PATH).unwrap();
        for len in [file.len() - 1, file.len() / 2, 24 + 4 * 234] {
            console.put(PATH, &file[..len]);
            let found = check(&console, PATH, &mut Nobody).unwrap();
            assert!(found.damaged > 0 && found.digests.is_none(), "{len} bytes");
        }
        for len in [0, 23, 24, 500] {
            console.put(PATH, &file[..len]);
            let refused = check(&console, PATH, &mut Nobody);
            assert!(matches!(refused, Err(Failure::Header(_))) || len == 0, "{len} bytes: {refused:?}");
        }
    }

    /// Makes the file, or the card, disappear.
    struct Takes<'c>(&'c FakePsp, bool);

    impl Watch for Takes<'_> {
        fn begin(&mut self, _what: &str, _total: u64, _unit: Unit) {}

        fn advance(&mut self, done: u64) -> Result<(), Failure> {
            if done > 0 {
                match self.1 {
                    true => self.0.card.set(false),
                    false => drop(self.0.files.borrow_mut().remove(PATH)),
                }
            }
            Ok(())
        }

        fn ask(&mut self, _question: Question) -> bool {
            false
        }
    }

    #[test]
    fn what_vanishes_while_it_is_checked_is_named() {
        let vanished = check(&console(), PATH, &mut Nobody).map(drop);
        assert_eq!(vanished, Ok(()));
        let console = console();
        let failed = check(&console, PATH, &mut Takes(&console, false));
        assert!(matches!(failed, Err(Failure::Read { .. })), "{failed:?}");
        let console = self::console();
        assert_eq!(check(&console, PATH, &mut Takes(&console, true)), Err(Failure::CardRemoved));
    }
}
