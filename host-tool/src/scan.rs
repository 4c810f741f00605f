//! Decodes a whole image once, in order, on several threads.
//!
//! Extraction, verification, the proof of a finished file and `info --blocks` all use this one pass; they
//! differ in what they do with the bytes.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use image_writer::pipeline::{self, Limits};
use image_writer::{BlockCounts, Monitor};
use sector_decode::deflate_lint::{self, Finding};
use sector_decode::{BlockIndex, BlockView, Coding, ReadError};

use crate::damage::{Damage, DamageList, Fault, ListLimit};
use crate::failure::Failure;
use crate::image::{Image, Reader, Workspace};

/// Decoded bytes per job: large enough that handing out jobs costs next to nothing, small enough that the
/// window stays small with many threads.
const JOB_BYTES: u32 = 256 << 10;
/// How many threads share an image that is unpacked forward: what they read must be close together.
pub(crate) const MOST_FORWARD_THREADS: NonZeroUsize = NonZeroUsize::new(16).unwrap();
/// Bytes before the raw deflate stream in a zlib stream.
const ZLIB_HEADER_LEN: usize = 2;

/// Settings of a pass.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many threads decode.
    pub threads: NonZeroUsize,
    /// What to do at a damaged block.
    pub on_damage: OnDamage,
    /// Maximum number of listed ranges of damaged blocks.
    pub listed: ListLimit,
    /// Whether the deflate lint checks each deflate stream.
    pub lint: bool,
}

/// What to do at a damaged block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDamage {
    /// End the pass.
    Stop,
    /// List it, and tell the sink how many bytes are missing.
    Collect,
}

/// The results of a pass.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How the blocks are packed. Damaged ones are not counted.
    pub blocks: BlockCounts,
    /// Blocks that did not decode.
    pub damage: DamageList,
    /// The lint result; `None` if the lint was not run.
    pub lint: LintCounts,
    /// Bytes of the file that are stored blocks.
    pub stored_bytes: u64,
}

/// The deflate lint's result for an image's streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintCounts {
    /// How many deflate streams it checked.
    pub streams: u64,
    /// How many did not pass, by reason.
    pub findings: BTreeMap<Finding, u64>,
}

impl LintCounts {
    /// Returns how many streams did not pass.
    pub fn failed(&self) -> u64 {
        self.findings.values().sum()
    }

    /// Checks a block; blocks that are not deflate streams do not count.
    pub(crate) fn add(&mut self, view: &BlockView<'_>) {
        let stream = match view.extent.coding {
            Coding::Deflate => view.packed,
            Coding::Zlib => view.packed.get(ZLIB_HEADER_LEN..).unwrap_or_default(),
            Coding::Stored | Coding::Lz4 | Coding::Lzo => return,
        };
        self.streams += 1;
        if let Err(finding) = deflate_lint::lint(stream) {
            *self.findings.entry(finding).or_default() += 1;
        }
    }

    fn merge(&mut self, other: Self) {
        self.streams += other.streams;
        for (finding, count) in other.findings {
            *self.findings.entry(finding).or_default() += count;
        }
    }
}

/// The next part of an image.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Its bytes. They are shared, so that digests can be computed while the next ones are decoded.
    Data(&'a Arc<Vec<u8>>),
    /// This many bytes are missing, because their blocks are damaged.
    Missing(u64),
}

/// The result of one job.
#[derive(Default)]
struct Piece {
    parts: Vec<PiecePart>,
    packed_bytes: u64,
    blocks: BlockCounts,
    damage: Vec<Damage>,
    lint: LintCounts,
    stored_bytes: u64,
}

/// A part on its way to the sink.
enum PiecePart {
    Data(Vec<u8>),
    Missing(u64),
}

/// Decodes all of `image` and passes it to `sink`, in order and without gaps.
///
/// # Errors
///
/// Whatever stopped the pass: damage, if that stops it; the source; the sink (as [`Failure::Write`]); or
/// cancellation by the monitor.
pub fn run(
    image: &Image,
    options: Options,
    monitor: &Monitor,
    sink: impl FnMut(Part<'_>) -> io::Result<()>,
) -> Result<Seen, Failure> {
    run_beside(image, options, monitor, |_| Ok(()), sink)
}

/// As [`run`], with concurrent work: before each job, `beside` is told the share of jobs begun, including
/// that one (above 0, up to 1). It is called on one thread, ahead of those that decode.
///
/// # Errors
///
/// As [`run`], and the failures of `beside`.
pub fn run_beside(
    image: &Image,
    options: Options,
    monitor: &Monitor,
    mut beside: impl FnMut(f64) -> Result<(), Failure> + Send,
    mut sink: impl FnMut(Part<'_>) -> io::Result<()>,
) -> Result<Seen, Failure> {
    let layout = image.layout();
    let blocks_per_job = (JOB_BYTES / layout.block_size()).max(1);
    let mut starts = (0..layout.block_count()).step_by(blocks_per_job as usize);
    let most = if image.is_forward() { MOST_FORWARD_THREADS } else { options.threads };
    let threads = options.threads.min(most);
    let limits = Limits { threads, window: threads.saturating_mul(TWO) };
    let mut seen = Seen { damage: DamageList::new(options.listed), ..Seen::default() };
    let budget = Budget::of(layout.file_len());

    let outcome = pipeline::run(
        limits,
        monitor,
        || {
            let Some(first) = starts.next() else { return Ok(None) };
            let begun = f64::from(first.saturating_add(blocks_per_job)) / f64::from(layout.block_count());
            beside(begun.min(1.0))?;
            Ok(Some(first))
        },
        |jobs| {
            let mut workspace = Workspace::new(image);
            let mut reader = workspace.reader(image);
            Ok(jobs.work(|first| {
                let last = first.saturating_add(blocks_per_job).min(layout.block_count());
                piece(&mut reader, first..last, options, &budget)
            }))
        },
        |piece: Piece| {
            let mut image_bytes = 0;
            for part in piece.parts {
                image_bytes += part.len();
                match part {
                    PiecePart::Data(bytes) => sink(Part::Data(&Arc::new(bytes))),
                    PiecePart::Missing(bytes) => sink(Part::Missing(bytes)),
                }
                .map_err(Failure::Write)?;
            }
            monitor.advance(image_bytes, piece.packed_bytes);
            add_counts(&mut seen.blocks, piece.blocks);
            seen.lint.merge(piece.lint);
            seen.stored_bytes += piece.stored_bytes;
            piece.damage.into_iter().for_each(|damage| seen.damage.push(damage));
            Ok(())
        },
    );
    match outcome {
        Ok(()) => Ok(seen),
        Err(stopped) => Err(stopped.into()),
    }
}

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// Limits the number of packed bytes that are decoded. In a valid file blocks never overlap, so their total
/// is at most the file's length. In a crafted file thousands of entries may refer to the same stream, and
/// the work would be unbounded. Damage that misdirects a few blocks stays within twice the length.
struct Budget {
    spent: AtomicU64,
    all: u64,
}

impl Budget {
    fn of(file_len: u64) -> Self {
        Self { spent: AtomicU64::new(0), all: file_len.saturating_mul(2) }
    }

    /// Returns whether this many more bytes may be decoded.
    fn spend(&self, bytes: u64) -> bool {
        let before = self.spent.fetch_add(bytes, Ordering::Relaxed);
        before.saturating_add(bytes) <= self.all
    }
}

/// Decodes the blocks of one job.
fn piece(
    reader: &mut Reader<'_>,
    blocks: std::ops::Range<u32>,
    options: Options,
    budget: &Budget,
) -> Result<Piece, Failure> {
    let layout = *reader.layout();
    let mut piece = Piece::default();
    let room = blocks.len() * layout.block_size() as usize;
    for number in blocks {
        let block = BlockIndex(number);
        let overlapping = match reader.extent(block) {
            Ok(extent) => (!budget.spend(extent.len.into())).then_some(extent.offset),
            // Viewing it gives the same error.
            Err(_) => None,
        };
        if let Some(offset) = overlapping {
            let damage = Damage { block: block.0, offset: offset.0, fault: Fault::Overlapping };
            if options.on_damage == OnDamage::Stop {
                return Err(Failure::Damaged(damage));
            }
            piece.damage.push(damage);
            piece.missing(layout.block_len(block).into());
            continue;
        }
        match reader.view(block) {
            Ok(view) => {
                piece.data(room).extend_from_slice(view.data);
                piece.count(&view, options.lint);
            }
            Err(error) => {
                if options.on_damage == OnDamage::Stop {
                    return Err(error.into());
                }
                piece.damage.push(damage(block, error)?);
                piece.missing(layout.block_len(block).into());
            }
        }
    }
    Ok(piece)
}

impl PiecePart {
    fn len(&self) -> u64 {
        match self {
            Self::Data(bytes) => bytes.len() as u64,
            Self::Missing(bytes) => *bytes,
        }
    }
}

impl Piece {
    /// Returns the buffer for decoded bytes; `room` is the size of the whole piece.
    fn data(&mut self, room: usize) -> &mut Vec<u8> {
        if !matches!(self.parts.last(), Some(PiecePart::Data(_))) {
            // At most the rest of the piece, so that many small parts do not add up.
            let used: u64 = self.parts.iter().map(PiecePart::len).sum();
            let left = room.saturating_sub(usize::try_from(used).unwrap_or(room));
            self.parts.push(PiecePart::Data(Vec::with_capacity(if used == 0 { left } else { 0 })));
        }
        match self.parts.last_mut() {
            Some(PiecePart::Data(bytes)) => bytes,
            _ => unreachable!("pushed just now"),
        }
    }

    fn missing(&mut self, bytes: u64) {
        match self.parts.last_mut() {
            Some(PiecePart::Missing(before)) => *before += bytes,
            _ => self.parts.push(PiecePart::Missing(bytes)),
        }
    }

    fn count(&mut self, view: &BlockView<'_>, lint: bool) {
        self.packed_bytes += u64::from(view.extent.len);
        count_coding(&mut self.blocks, view.extent.coding);
        if view.extent.coding == Coding::Stored {
            self.stored_bytes += u64::from(view.extent.len);
        }
        if lint {
            self.lint.add(view);
        }
    }
}

/// Converts a block that could not be read into a list entry. That includes one that the disk cannot read:
/// this is what `--keep-going` is for on a dying disk.
fn damage(block: BlockIndex, error: ReadError<io::Error>) -> Result<Damage, Failure> {
    match error {
        ReadError::Block { block, offset, error } => {
            Ok(Damage { block: block.0, offset: offset.0, fault: Fault::Block(error) })
        }
        ReadError::Source { offset, error } => {
            Ok(Damage { block: block.0, offset: offset.0, fault: Fault::Unreadable(Arc::new(error)) })
        }
        other @ (ReadError::OutOfRange { .. } | ReadError::Internal { .. }) => Err(other.into()),
    }
}

/// Counts one block.
pub(crate) fn count_coding(counts: &mut BlockCounts, coding: Coding) {
    match coding {
        Coding::Stored => counts.stored += 1,
        Coding::Deflate | Coding::Zlib => counts.deflate += 1,
        Coding::Lz4 => counts.lz4 += 1,
        Coding::Lzo => counts.lzo += 1,
    }
}

fn add_counts(counts: &mut BlockCounts, more: BlockCounts) {
    counts.stored += more.stored;
    counts.deflate += more.deflate;
    counts.lz4 += more.lz4;
    counts.lzo += more.lzo;
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use super::*;
    use crate::host_file::HostFile;

    const SECTOR: usize = 2048;

    fn options(on_damage: OnDamage) -> Options {
        Options { threads: TWO, on_damage, listed: ListLimit::FEW, lint: false }
    }

    fn add(all: &mut Vec<u8>, part: Part<'_>) {
        match part {
            Part::Data(bytes) => all.extend_from_slice(bytes),
            Part::Missing(bytes) => all.resize(all.len() + usize::try_from(bytes).unwrap(), 0),
        }
    }

    #[test]
    fn bytes_come_in_order_and_without_gaps() {
        let bytes: Vec<u8> = (0..JOB_BYTES * 5 + 3000).map(|i| (i / 7).to_le_bytes()[0]).collect();
        let image = Image::of(Path::new("a.iso"), HostFile::of_bytes(&bytes)).unwrap();
        let (monitor, mut all) = (Monitor::new(), Vec::new());
        let seen = run(&image, options(OnDamage::Stop), &monitor, |part| {
            add(&mut all, part);
            Ok(())
        });
        assert!(all == bytes);
        assert_eq!(seen.unwrap().blocks.stored, image.layout().block_count());
        assert_eq!(monitor.bytes_in(), bytes.len() as u64);
    }

    #[test]
    fn what_the_disk_does_not_give_is_listed_or_stops_the_pass() {
        // A file that is truncated while it is open reads like one on a bad sector.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        std::fs::write(&path, vec![7; 40 * SECTOR]).unwrap();
        let image = Image::open(&path).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(30 * SECTOR as u64).unwrap();

        let stopped = run(&image, options(OnDamage::Stop), &Monitor::new(), |_| Ok(()));
        assert!(matches!(stopped, Err(Failure::Read { offset, .. }) if offset == 30 * SECTOR as u64));

        let mut all = Vec::new();
        let seen = run(&image, options(OnDamage::Collect), &Monitor::new(), |part| {
            add(&mut all, part);
            Ok(())
        });
        let damage = seen.unwrap().damage;
        assert_eq!((damage.blocks(), damage.ranges().len()), (10, 1));
        assert_eq!(damage.ranges()[0].first.fault.kind(), "unreadable");
        assert!(all == [vec![7; 30 * SECTOR], vec![0; 10 * SECTOR]].concat());
    }

    #[test]
    fn streams_that_many_blocks_share_are_decoded_only_so_often() {
        // A ZSO of 7000 blocks of 1 MiB; every other one is the same valid stream of zeros.
        const BLOCK: usize = 1 << 20;
        const BLOCKS: usize = 7000;
        let match_len = BLOCK - 6 - 19;
        let mut stream = vec![0x1F, 0, 1, 0];
        stream.extend(std::iter::repeat_n(255, match_len / 255));
        stream.extend([u8::try_from(match_len % 255).unwrap(), 0x50, 0, 0, 0, 0, 0]);
        let data = u32::try_from(24 + 4 * (BLOCKS + 1)).unwrap();
        let end = data + u32::try_from(stream.len()).unwrap();
        let mut file = b"ZISO\x18\0\0\0".to_vec();
        file.extend((BLOCK as u64 * BLOCKS as u64).to_le_bytes());
        file.extend(u32::try_from(BLOCK).unwrap().to_le_bytes());
        file.extend([1, 0, 0, 0]);
        (0..=BLOCKS).for_each(|block| file.extend([data, end][block % 2].to_le_bytes()));
        file.extend(&stream);
        let image = Image::of(Path::new("a.zso"), HostFile::of_bytes(&file)).unwrap();

        let (mut decoded, mut missing) = (0, 0);
        let seen = run(&image, options(OnDamage::Collect), &Monitor::new(), |part| {
            match part {
                Part::Data(bytes) => decoded += bytes.len(),
                Part::Missing(bytes) => missing += bytes,
            }
            Ok(())
        });
        let seen = seen.unwrap();
        let most = 2 * file.len() / stream.len();
        assert!(seen.blocks.lz4 > 0 && seen.blocks.lz4 as usize <= most, "{} blocks", seen.blocks.lz4);
        assert_eq!(decoded, seen.blocks.lz4 as usize * BLOCK);
        assert_eq!(decoded as u64 + missing, image.layout().image_size());
        assert!(seen.damage.ranges().iter().any(|range| range.first.fault.kind() == "overlapping"));
    }

    #[test]
    fn sink_and_monitor_stop_the_pass() {
        let image = Image::of(Path::new("a.iso"), HostFile::of_bytes(&[7; 4 * SECTOR])).unwrap();
        let full = || Err(io::Error::from(io::ErrorKind::StorageFull));
        let stopped = run(&image, options(OnDamage::Stop), &Monitor::new(), |_| full());
        assert!(matches!(stopped, Err(Failure::Write(_))));
        let monitor = Monitor::new();
        monitor.cancel();
        let stopped = run(&image, options(OnDamage::Stop), &monitor, |_| Ok(()));
        assert!(matches!(stopped, Err(Failure::Interrupted)));
    }
}
