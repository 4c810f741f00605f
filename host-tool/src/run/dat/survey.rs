//! Compares every image of a tree with DATs, in one pass over each.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use dat_file::{Catalogue, Hashes, Missing, RomId, Wanted};

use super::content::{self, Content};
use super::hash;
use super::judge::{self, Judged};
use super::load;
use crate::cli::{DatTree, threads_or_default};
use crate::exit::Status;
use crate::failure::Failure;
use crate::image::Image;
use crate::report::{Checked, DatVerdict, Record, Reporter};
use crate::run::{ONE_PASS, bars, each_of};
use crate::scan::{self, OnDamage, Options, Part};
use crate::source::Stamp;
use crate::{interrupt, tree};

/// How many files had each verdict.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(super) struct Counts {
    pub(super) images: u64,
    pub(super) matched: u64,
    pub(super) misnamed: u64,
    pub(super) wrong: u64,
    pub(super) unknown: u64,
    pub(super) not_covered: u64,
    pub(super) damaged: u64,
    pub(super) failed: u64,
    pub(super) left_alone: u64,
    pub(super) unreadable_folders: u64,
}

/// What a tree holds.
pub(super) struct Survey {
    pub(super) catalogue: Catalogue,
    pub(super) counts: Counts,
    found: HashSet<RomId>,
}

/// A game with files that were not found.
pub(super) struct Lack<'c> {
    pub(super) missing: Missing<'c>,
    /// The DAT with the game.
    pub(super) dat: &'c str,
    /// How many files it has, without CUE sheets.
    pub(super) all: usize,
}

impl Survey {
    /// Returns the games that are not complete, in the order of the DATs. A CUE sheet alone is not missed:
    /// it says nothing that the tracks do not.
    pub(super) fn lacks(&self) -> Vec<Lack<'_>> {
        let games = self.catalogue.games().iter().enumerate();
        let lack = |(number, game)| {
            let game: &dat_file::Game = game;
            let is_missing = |place: usize| !self.found.contains(&RomId { game: number, rom: place });
            let roms = game.roms.iter().enumerate().filter(|(place, _)| is_missing(*place));
            let roms: Vec<_> = roms.map(|(_, rom)| rom).collect();
            let all = game.roms.iter().filter(|rom| !rom.is_sheet()).count();
            let is_lacking = roms.iter().any(|rom| !rom.is_sheet());
            is_lacking.then(|| Lack {
                missing: Missing { game, roms },
                dat: self.catalogue.dat_of(number),
                all,
            })
        };
        games.filter_map(lack).collect()
    }

    /// Returns the number of games with anything to compare.
    pub(super) fn games(&self) -> usize {
        self.catalogue.games().iter().filter(|game| game.roms.iter().any(|rom| !rom.is_sheet())).count()
    }
}

/// What is done with a file that was judged, besides counting it.
pub(super) type Then<'t> =
    &'t mut dyn FnMut(&Catalogue, &Judged, &mut Record<Checked>) -> Result<(), Failure>;

/// Compares a tree. `None` if a DAT cannot be used, or on a signal: what is missing is not known then.
pub(super) fn survey(
    args: &DatTree,
    verb: &'static str,
    reporter: &mut Reporter,
    then: Then<'_>,
) -> Option<Survey> {
    let catalogue = load::load(&args.dats, verb, reporter)?;
    let walk = tree::images(&args.trees);
    let mut counts = Counts { left_alone: walk.others, ..Counts::default() };
    for (path, failure) in walk.troubles {
        counts.unreadable_folders += 1;
        let mut record = record(&path, verb);
        record.fail(failure);
        reporter.finish(record);
    }
    counts.images = walk.images.len() as u64;
    let mut found = HashSet::new();
    // Files are compared one by one, a CUE sheet without the tracks that it names.
    let sizes = walk.images.iter().map(|path| std::fs::metadata(path).map_or(0, |file| file.len())).collect();
    let jobs = walk.images.into_iter().map(|path| (path.clone(), record(&path, verb))).collect();
    each_of(jobs, sizes, ONE_PASS, reporter, |path: &PathBuf, record, reporter| {
        let stamp = Stamp::named(path).ok();
        let judged = match judge(&catalogue, path, args, reporter) {
            Ok(_) if stamp != Stamp::named(path).ok() => Err(Failure::InputChanged),
            Ok(judged) => Ok(Judged { stamp, ..judged }),
            Err(failure) => Err(failure),
        };
        counts.add(&judged);
        let judged = judged?;
        found.extend(judged.entries.iter().copied());
        record.outcome.dat = Some(Box::new(judged.record.clone()));
        then(&catalogue, &judged, record)?;
        judged.failure.map_or(Ok(()), Err)
    });
    (reporter.worst() != Status::Interrupted).then_some(Survey { catalogue, counts, found })
}

fn record(path: &Path, verb: &'static str) -> Record<Checked> {
    Record::new(path, Checked { verb, ..Checked::default() })
}

impl Counts {
    fn add(&mut self, judged: &Result<Judged, Failure>) {
        let count = match judged {
            Err(failure) if failure.status() == Status::Damaged => &mut self.damaged,
            Err(_) => &mut self.failed,
            Ok(judged) => match judged.record.verdict {
                DatVerdict::Match => {
                    self.misnamed += u64::from(judged.record.misnamed == Some(true));
                    &mut self.matched
                }
                DatVerdict::Wrong => &mut self.wrong,
                DatVerdict::Unknown => &mut self.unknown,
                DatVerdict::NotCovered => &mut self.not_covered,
            },
        };
        *count += 1;
    }
}

fn judge(catalogue: &Catalogue, path: &Path, args: &DatTree, reporter: &Reporter) -> Result<Judged, Failure> {
    match content::open(path)? {
        Content::NotCovered(why) => Ok(judge::not_covered(why)),
        Content::Tracks(image) => {
            super::tracks(catalogue, &image, threads_or_default(args.threads), reporter)
        }
        Content::Decoded(image) => {
            let size = image.layout().image_size();
            let wanted = catalogue.wanted(size);
            // No entry has this size: nothing has to be decoded to know that.
            let hashes =
                if wanted.is_none() { Hashes::default() } else { decode(&image, args, wanted, reporter)? };
            let judged = judge::one(catalogue, path, size, &hashes, || super::id(&image));
            image.settle(Ok(judged))
        }
        Content::Raw(file, image) => {
            let monitor = interrupt::monitor();
            let _bar = bars(reporter).start("comparing", path, file.len(), &monitor);
            let hashes = hash::file(&file, catalogue.wanted(file.len()), &monitor)?;
            let judged =
                judge::one(catalogue, path, file.len(), &hashes, || image.as_ref().and_then(super::id));
            image.map_or(Ok(()), |image| image.settle(Ok(())))?;
            Ok(judged)
        }
    }
}

fn decode(image: &Image, args: &DatTree, wanted: Wanted, reporter: &Reporter) -> Result<Hashes, Failure> {
    let mut hasher = hash::hasher(wanted)?;
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("comparing", image.path(), image.layout().image_size(), &monitor);
    let threads = threads_or_default(args.threads);
    let options =
        Options { threads, on_damage: OnDamage::Collect, listed: reporter.list_limit(), lint: false };
    let seen = image.settle(scan::run(image, options, &monitor, |part| {
        if let Part::Data(bytes) = part {
            hasher.update(bytes);
        }
        Ok(())
    }))?;
    if !seen.damage.is_empty() {
        return image.settle(Err(Failure::DamagedBlocks(seen.damage)));
    }
    Ok(hash::hashes(&hasher.finish()))
}
