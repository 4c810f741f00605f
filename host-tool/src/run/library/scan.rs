//! `cisor library scan`: reads what is new or has changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use disc_library::{Entry, Library, Options};

use super::entry::{self, Snapshot};
use super::shelf::{Shelf, State, is_gone, now};
use crate::cli::{ScanArgs, Verbosity, VerifyArgs};
use crate::failure::Failure;
use crate::human;
use crate::inputs::{Inputs, Known, Look};
use crate::interrupt;
use crate::report::{Record, Reporter, Scanned};
use crate::run::verify::Verifier;
use crate::run::{ONE_PASS, each, info};

const VERB: &str = "library scan";

/// What a scan found, besides the images that were read.
#[derive(Debug, Default)]
struct Counts {
    images: u64,
    new: u64,
    changed: u64,
    unverified: u64,
    unchanged: u64,
    moved: u64,
    missing: u64,
    found_again: u64,
    left_alone: u64,
    other_shards: u64,
}

/// A file to read, by its key.
struct Job {
    key: PathBuf,
    verify: bool,
}

/// Scans folders.
pub(super) fn scan(args: &ScanArgs, place: &Path, reporter: &mut Reporter) -> Result<(), Failure> {
    if args.rebuild {
        rebuild(place, reporter)?;
    }
    let mut library = super::open(place)?;
    let shelf = Shelf::new(library.known()?, args.ignore_inode);
    let known = |path: &Path, _: &Path| {
        let parts = shelf.parts_of_unchanged(path)?;
        // Every kind of image is wanted.
        Some(Known { look: if parts.is_empty() { Look::Plain } else { Look::Source }, parts })
    };
    let inputs = match Inputs::gather_but(&args.inputs, &args.tree(), None, |_| true, known) {
        Ok(inputs) => inputs,
        Err((list, error)) => {
            reporter.error(&list, &format!("cannot read the list of files: {error}"));
            reporter.failed();
            return Ok(());
        }
    };
    if interrupt::requested() {
        reporter.interrupted();
        return Ok(());
    }
    for (path, text) in &inputs.notes {
        reporter.note(path, text);
    }
    let mut counts = Counts {
        images: inputs.files.len() as u64,
        left_alone: inputs.left_alone,
        other_shards: inputs.elsewhere,
        ..Counts::default()
    };
    let (mut jobs, mut moves, mut found_again) = (Vec::new(), Vec::new(), Vec::new());
    for path in inputs.paths() {
        let key = shelf.keys.of(&path);
        let (reason, count, is_verified) = match shelf.state(&key) {
            State::New => ("new", &mut counts.new, None),
            State::Changed => ("changed", &mut counts.changed, None),
            State::Unchanged { was_missing, is_verified } => {
                if was_missing {
                    found_again.push(key.clone());
                }
                ("unverified", &mut counts.unchanged, Some(is_verified))
            }
            State::Moved { from, is_verified } => {
                moves.push((from, key.clone()));
                ("unverified", &mut counts.moved, Some(is_verified))
            }
        };
        *count += 1;
        if is_verified.is_some_and(|is_verified| is_verified || !args.verify) {
            continue;
        }
        counts.unverified += u64::from(is_verified.is_some());
        jobs.push((Job { key, verify: args.verify }, record(&path, reason)));
    }
    let missing = missing(&shelf, &inputs, &moves);
    (counts.missing, counts.found_again) = (missing.len() as u64, found_again.len() as u64);
    if !moves.is_empty() {
        library.rename(&moves)?;
    }
    if !found_again.is_empty() {
        library.set_missing(&found_again, None)?;
    }
    if !missing.is_empty() {
        library.set_missing(&missing, Some(now()))?;
        missing.iter().for_each(|path| reporter.note(path, "it is missing"));
    }
    for (path, failure) in inputs.failures {
        let mut record = record(&path, "");
        record.fail(failure);
        reporter.finish(record);
    }
    read(jobs, args, &mut library, reporter)?;
    counts.report(reporter);
    Ok(())
}

fn record(path: &Path, reason: &'static str) -> Record<Scanned> {
    Record::new(path, Scanned { reason, ..Scanned::default() })
}

/// Replaces a damaged library.
fn rebuild(place: &Path, reporter: &mut Reporter) -> Result<(), Failure> {
    if std::fs::symlink_metadata(place).is_err() {
        return Ok(());
    }
    match Library::rebuild(place, &Options::default())? {
        None => reporter.note(place, "the library is intact, so --rebuild does nothing"),
        Some(rebuilt) => {
            let (moved, entries) =
                (human::name(&rebuilt.moved_to), human::count(rebuilt.salvaged, "entry", "entries"));
            reporter
                .note(place, &format!("the damaged library is now {moved}; {entries} of it could be read"));
        }
    }
    Ok(())
}

/// Returns the known files below the folders that are gone. A folder without any image may be a disk that is not
/// mounted, so nothing in it counts as gone.
fn missing(shelf: &Shelf, inputs: &Inputs, moves: &[(PathBuf, PathBuf)]) -> Vec<PathBuf> {
    let failed: Vec<PathBuf> = inputs.failures.iter().map(|(path, _)| shelf.keys.named(path)).collect();
    let moved: HashSet<&PathBuf> = moves.iter().map(|(from, _)| from).collect();
    let mut missing = Vec::new();
    for folder in &inputs.folders {
        let folder = shelf.keys.named(folder);
        if failed.contains(&folder) {
            continue;
        }

        missing.extend(
            shelf
                .below(&folder)
                .filter(|known| {
                    known.missing.is_none() && is_gone(&known.path) && !moved.contains(&known.path)
                })
                .map(|known| known.path.clone()),
        );
    }
    missing.sort();
    missing.dedup();
    missing
}

/// Reads files, and notes each in the library soon after, so that little is lost when the run is stopped.
fn read(
    jobs: Vec<(Job, Record<Scanned>)>,
    args: &ScanArgs,
    library: &mut Library,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let verify = VerifyArgs { threads: args.threads, ..VerifyArgs::default() };
    let Some(mut verifier) = Verifier::new(&verify, reporter) else { return Ok(()) };
    let mut pending = Pending { library, entries: Vec::new(), since: Instant::now() };
    each(jobs, ONE_PASS, reporter, |job: &Job, record, reporter| {
        let verifier = job.verify.then_some(&mut verifier);
        let (entry, outcome) = read_one(&job.key, verifier, record, reporter);
        if let Some(entry) = entry {
            pending.add(entry)?;
        }
        outcome
    });
    pending.write()
}

/// Reads a file. The entry is `None` if nothing can be said of the file.
pub(super) fn read_one(
    key: &Path,
    verifier: Option<&mut Verifier>,
    record: &mut Record<Scanned>,
    reporter: &mut Reporter,
) -> (Option<Entry>, Result<(), Failure>) {
    let path = record.input.clone();
    let before = Snapshot::take(&path, &[]);
    let mut described = Record::new(&path, crate::report::Described::default());
    // Verification warns of the same things.
    let mut silent = Reporter::new(Verbosity { quiet: true, ..reporter.verbosity() });
    let speaker = if verifier.is_some() { &mut silent } else { &mut *reporter };
    let mut outcome = info::info_one(None, &mut described, speaker);
    record.cut_off = described.cut_off;
    let parts = described.outcome.parts.clone();
    let snapshot = before.and_then(|before| match Snapshot::take(&path, &[]) {
        Ok(now) if now == before => Snapshot::take(&path, &parts),
        Ok(_) => Err(Failure::InputChanged),
        Err(failure) => Err(failure),
    });
    let mut warnings = described.warnings;
    if let (Some(verifier), Ok(_)) = (verifier, &snapshot) {
        let mut verified = Record::new(&path, crate::report::Verified::default());
        outcome = verifier.verify(&mut verified, reporter);
        warnings.retain(|warning| !verified.warnings.contains(warning));
        warnings.extend(verified.warnings);
        record.outcome.verified = Some(verified.outcome);
    }
    record.warnings.extend(warnings);
    record.outcome.described = described.outcome;
    let snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(failure) => return (None, outcome.and(Err(failure))),
    };
    if outcome.is_ok() && Snapshot::take(&path, &parts).ok().as_ref() != Some(&snapshot) {
        outcome = Err(Failure::InputChanged);
    }
    let Scanned { described, verified, .. } = &record.outcome;
    let is_result = entry::is_result(&outcome);
    let entry =
        is_result.then(|| entry::of(key.to_owned(), snapshot, described, verified.as_ref(), &outcome));
    (entry, outcome)
}

/// Entries that are not written yet.
struct Pending<'l> {
    library: &'l mut Library,
    entries: Vec<Entry>,
    since: Instant,
}

impl Pending<'_> {
    /// Each transaction waits for the disk, so entries that come fast share one.
    fn add(&mut self, entry: Entry) -> Result<(), Failure> {
        const MOST: usize = 256;
        const LONGEST: Duration = Duration::from_secs(1);
        self.entries.push(entry);
        if self.entries.len() >= MOST || self.since.elapsed() >= LONGEST { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), Failure> {
        self.library.put(&self.entries)?;
        self.entries.clear();
        self.since = Instant::now();
        Ok(())
    }
}

impl Counts {
    fn report(&self, reporter: &mut Reporter) {
        let counts = [
            ("images", self.images),
            ("new", self.new),
            ("changed", self.changed),
            ("moved", self.moved),
            ("unchanged", self.unchanged),
            ("unverified", self.unverified),
            ("found_again", self.found_again),
            ("missing", self.missing),
            ("left_alone", self.left_alone),
            ("other_shards", self.other_shards),
        ];
        let parts = [
            (self.new, "new"),
            (self.changed, "changed"),
            (self.moved, "moved"),
            (self.unchanged, "unchanged"),
            (self.found_again, "found again"),
            (self.missing, "missing"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{} {what}", human::number(*count)))
            .collect();
        let images = human::count(self.images, "image", "images");
        let text = if parts.is_empty() { images } else { format!("{images}: {}", parts.join(", ")) };
        super::done(VERB, &counts, &text, reporter);
    }
}
