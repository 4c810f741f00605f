//! `cisor info`: describes a file by its header and index alone or, with `--blocks`, by decoding all of it.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

use image_writer::BlockCounts;
use sector_decode::{BlockIndex, Coding, Decoder, Format, ReadError};

use crate::cli::{InfoArgs, threads_or_default};
use crate::content::Origin;
use crate::damage::{Damage, DamageList, Fault, ListLimit};
use crate::failure::Failure;
use crate::image::{Image, Workspace};
use crate::interrupt;
use crate::opl;
use crate::plan;
use crate::readers::{Content, Facts, Reader, Verdict, verdict};
use crate::report::{Described, Evidence, Record, Reporter, SourceRecord, source_notes};
use crate::run::{ONE_PASS, bars, each, records};
use crate::scan::{self, LintCounts, OnDamage, Options};
use disc_info::{Console, Disc};

/// Describes every image.
pub fn info(args: InfoArgs, reporter: &mut Reporter) {
    let threads = args.blocks.then(|| threads_or_default(args.threads));
    each(records(&args.inputs), ONE_PASS, reporter, |(), record, reporter| {
        info_one(threads, record, reporter)
    });
}

/// Describes one image. `threads` is set if every block has to be decoded.
pub(super) fn info_one(
    threads: Option<NonZeroUsize>,
    record: &mut Record<Described>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let input = record.input.clone();
    // A single file takes no time to speak of.
    let is_counted = threads.is_none() && reporter.is_batch();
    let _bar = is_counted.then(|| bars(reporter).start("reading", &input, 0, &interrupt::monitor()));
    let image = plan::open(&input, record, reporter)?;
    record.outcome.layout = Some(*image.layout());
    record.outcome.source = SourceRecord::of(&image);
    record.outcome.parts = image.origin().into_iter().flat_map(Origin::parts).map(Path::to_owned).collect();
    record.outcome.stored_len = image.stored_len();
    let disc = plan::identify(&image, record, reporter)?;
    record.outcome.achievements = plan::achievements(&image);
    let notes = image.origin().map(|origin| source_notes(origin, &disc));
    notes.into_iter().flatten().for_each(|note| reporter.warn(record, note));
    if let Some(note) = opl::volume_note(&disc, &image) {
        reporter.warn(record, note);
    }
    let console = disc.console;
    let index = image.settle(read_index(&image, reporter.list_limit()))?;
    let mut facts = facts_with(&image, &disc, &index);
    record.outcome.disc = Some(disc);

    let damage = match threads {
        Some(threads) => {
            let monitor = interrupt::monitor();
            let _bar = bars(reporter).start("decoding", &input, image.layout().image_size(), &monitor);
            let listed = reporter.list_limit();
            let options = Options { threads, on_damage: OnDamage::Collect, listed, lint: true };
            let seen = scan::run(&image, options, &monitor, |_| Ok(()));
            let seen = image.settle(seen)?;
            record.outcome.blocks = Some((Evidence::Decoding, seen.blocks));
            facts.unsafe_streams = Some(u32::try_from(seen.lint.failed()).unwrap_or(u32::MAX));
            record.outcome.lint = Some(seen.lint);
            seen.damage
        }
        None => {
            record.outcome.blocks = Some((Evidence::Index, index.counts));
            let lint = lint_beginning(&image, index.counts);
            // Streams that cannot be read do not pass.
            let are_all = index.damage.is_empty() && lint.streams == u64::from(index.counts.deflate);
            if lint.failed() > 0 || are_all {
                facts.unsafe_streams = Some(u32::try_from(lint.failed()).unwrap_or(u32::MAX));
            }
            record.outcome.lint = Some(lint).filter(|lint| lint.streams > 0);
            index.damage
        }
    };
    facts.damaged = !damage.is_empty();
    record.outcome.facts = Some(facts.clone());
    // Readers get the converted image, not its container.
    if image.origin().is_none() {
        record.outcome.readers = readers(console, &facts);
    }
    if damage.is_empty() { Ok(()) } else { Err(Failure::DamagedBlocks(damage)) }
}

/// Returns what header and index tell about a file.
///
/// # Errors
///
/// When they cannot be read.
pub(super) fn facts(image: &Image, disc: &Disc, listed: ListLimit) -> Result<Facts, Failure> {
    read_index(image, listed).map(|index| facts_with(image, disc, &index))
}

fn facts_with(image: &Image, disc: &Disc, index: &Index) -> Facts {
    let mut facts = Facts::from_layout(image.layout());
    facts.content = Content::of(disc);
    facts.last_block_filled = is_last_block_filled(image);
    facts.overlong_blocks = Some(index.overlong);
    facts.damaged = !index.damage.is_empty();
    facts
}

/// Returns whether all of these readers are sure to read such a file.
pub(super) fn is_read_by_all(readers: &[Reader], facts: &Facts) -> bool {
    readers.iter().all(|&reader| verdict(reader, facts) == Verdict::Reads)
}

/// The facts from the index.
struct Index {
    /// How the blocks are packed.
    counts: BlockCounts,
    /// Blocks whose index entries are impossible.
    damage: DamageList,
    /// How many packed blocks are longer than their decoded data.
    overlong: u32,
}

/// Scans the index.
fn read_index(image: &Image, listed: ListLimit) -> Result<Index, Failure> {
    let layout = image.layout();
    let mut index = Index { counts: BlockCounts::default(), damage: DamageList::new(listed), overlong: 0 };
    if layout.format() == Format::Iso {
        index.counts.stored = layout.block_count();
        return Ok(index);
    }
    let longest = layout.block_size() + (1 << layout.index_shift()) - 1;
    let mut workspace = Workspace::new(image);
    let mut reader = workspace.reader(image);
    for number in 0..layout.block_count() {
        let block = BlockIndex(number);
        match reader.extent(block) {
            Ok(extent) => {
                scan::count_coding(&mut index.counts, extent.coding);
                index.overlong += u32::from(extent.coding != Coding::Stored && extent.len > longest);
            }
            Err(ReadError::<io::Error>::Block { offset, error, .. }) => {
                index.damage.push(Damage { block: number, offset: offset.0, fault: Fault::Block(error) });
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(index)
}

/// Decodes a partial last block to see whether it was padded before it was packed. `None` if there is no
/// such block, or if it does not decode.
fn is_last_block_filled(image: &Image) -> Option<bool> {
    let layout = image.layout();
    let last = BlockIndex(layout.block_count() - 1);
    let is_whole = layout.format() == Format::Iso || layout.block_len(last) == layout.block_size();
    // The end of a file that is unpacked forward is too far away for this.
    if is_whole || image.is_forward() {
        return None;
    }
    let mut workspace = Workspace::new(image);
    let mut reader = workspace.reader(image);
    let view = reader.view(last).ok()?;
    let mut whole = vec![0; layout.block_size() as usize];
    let needed = whole.len();
    let mut is_filled =
        || Decoder::new().decode_last_block(view.extent.coding, view.packed, &mut whole, needed).is_ok();
    // Stored, it is as good as filled up.
    Some(view.extent.coding == Coding::Stored || is_filled())
}

/// How many streams are checked by default: a fraction of a second's work.
const LINTED_UNASKED: u64 = 16_384;

/// Runs the lint on the first streams, up to one that does not pass, which settles the question. Damage is
/// ignored here.
fn lint_beginning(image: &Image, counts: BlockCounts) -> LintCounts {
    let mut lint = LintCounts::default();
    if counts.deflate == 0 {
        return lint;
    }
    let mut workspace = Workspace::new(image);
    let mut reader = workspace.reader(image);
    for number in 0..image.layout().block_count() {
        if lint.streams >= LINTED_UNASKED {
            break;
        }
        if let Ok(view) = reader.view(BlockIndex(number)) {
            lint.add(&view);
        }
    }
    lint
}

/// Which of the readers for this disc can read the file.
fn readers(console: Option<Console>, facts: &Facts) -> Vec<(Reader, Verdict)> {
    Reader::of_console(console).map(|reader| (reader, verdict(reader, facts))).collect()
}
