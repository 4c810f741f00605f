//! `cisor info`: what a file is, by its header and index alone or, with `--blocks`, by decoding it all.

use std::io;
use std::num::NonZeroUsize;

use image_writer::BlockCounts;
use sector_decode::{BlockIndex, Format, ReadError};

use crate::cli::{InfoArgs, threads_or_default};
use crate::damage::{Damage, DamageList, Fault, ListLimit};
use crate::failure::Failure;
use crate::image::{Image, Workspace};
use crate::interrupt;
use crate::plan;
use crate::readers::{Facts, Reader, verdict};
use crate::report::{ReaderRecord, Record, Reporter};
use crate::run::{bars, each, records};
use crate::scan::{self, OnDamage, Options};
use disc_info::Console;

/// Describes every image.
pub fn info(args: InfoArgs, reporter: &mut Reporter) {
    let threads = args.blocks.then(|| threads_or_default(args.threads));
    each(records("info", args.inputs), reporter, |(), record, reporter| info_one(threads, record, reporter));
}

/// `threads` is set when every block is to be decoded.
fn info_one(
    threads: Option<NonZeroUsize>,
    record: &mut Record,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let input = record.input.clone();
    let image = plan::open(&input, record, reporter)?;
    record.set_layout(image.layout());
    record.set_source(&image);
    let disc = plan::identify(&image, record, reporter);
    record.set_disc(&disc);
    plan::note_achievements(&image, record);
    let mut facts = Facts::from_layout(image.layout());

    let damage = match threads {
        Some(threads) => {
            let monitor = interrupt::monitor();
            let _bar = bars(reporter).start("decoding", &input, image.layout().image_size(), &monitor);
            let listed = reporter.list_limit();
            let options = Options { threads, on_damage: OnDamage::Collect, listed, lint: true };
            let seen = scan::run(&image, options, &monitor, |_| Ok(()));
            let seen = image.settle(seen)?;
            record.set_blocks("decoding", seen.blocks);
            record.set_lint(&seen.lint);
            facts.unsafe_streams = Some(u32::try_from(seen.lint.failed()).unwrap_or(u32::MAX));
            seen.damage
        }
        None => {
            let (counts, damage) = image.settle(read_index(&image, reporter.list_limit()))?;
            record.set_blocks("index", counts);
            damage
        }
    };
    // Readers take the image that it becomes, not what it comes in.
    if let Some(origin) = image.origin() {
        crate::report::source_notes(origin, &disc).into_iter().for_each(|note| reporter.warn(record, note));
    } else {
        record.readers = readers(disc.console, &facts);
    }
    if damage.is_empty() { Ok(()) } else { Err(Failure::DamagedBlocks(damage)) }
}

/// Goes through the index: how the blocks are packed, and which of them cannot be where it says.
fn read_index(image: &Image, listed: ListLimit) -> Result<(BlockCounts, DamageList), Failure> {
    let layout = image.layout();
    let mut counts = BlockCounts::default();
    let mut damage = DamageList::new(listed);
    if layout.format() == Format::Iso {
        counts.stored = layout.block_count();
        return Ok((counts, damage));
    }
    let mut workspace = Workspace::new(image);
    let mut reader = workspace.reader(image);
    for number in 0..layout.block_count() {
        let block = BlockIndex(number);
        match reader.extent(block) {
            Ok(extent) => scan::count_coding(&mut counts, extent.coding),
            Err(ReadError::<io::Error>::Block { offset, error, .. }) => {
                damage.push(Damage { block: number, offset: offset.0, fault: Fault::Block(error) });
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok((counts, damage))
}

/// Who can read the file, of those that the disc is for.
fn readers(console: Option<Console>, facts: &Facts) -> Vec<ReaderRecord> {
    Reader::of_console(console)
        .map(|reader| ReaderRecord::new(reader.key(), reader.name(), verdict(reader, facts)))
        .collect()
}
