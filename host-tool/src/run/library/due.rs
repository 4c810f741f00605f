//! `cisor verify --since` and `--for-time`: verifies what has not been verified for the longest time.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::entry::{self, Snapshot};
use super::place::default_place;
use super::scan::read_one;
use super::shelf::{Shelf, now};
use crate::cli::{DueArgs, Verbosity, VerifyArgs};
use crate::failure::Failure;
use crate::human;
use crate::report::{Record, Reporter, Scanned, Verified};
use crate::run::verify::Verifier;
use crate::run::{ONE_PASS, each_until};

/// How many files are verified in this run, and how many later.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Due {
    /// Files that were verified recently enough.
    pub(crate) recent: u64,
    /// Files for which there was no time.
    pub(crate) left: u64,
}

/// A library that cannot be used, and why.
pub(crate) type Unusable = Box<(PathBuf, Failure)>;

/// Returns the files that the library knows, for a run that names none.
///
/// # Errors
///
/// When the library cannot be read.
pub(crate) fn wanted(args: &DueArgs) -> Result<Vec<PathBuf>, Unusable> {
    let place = place(args)?;
    let known = super::read(&place).and_then(|library| Ok(library.known()?));
    Ok(Shelf::new(known.map_err(|failure| Box::new((place, failure)))?, false).present())
}

/// Verifies those of the inputs that are due, oldest first, and notes the results in the library. Reports why if the
/// library cannot be used.
pub(crate) fn verify_due(args: VerifyArgs, reporter: &mut Reporter) -> Due {
    let outcome = place(&args.due).and_then(|place| {
        let due = run(args, &place, reporter);
        due.map_err(|failure| Box::new((place, failure)))
    });
    outcome.unwrap_or_else(|unusable| {
        let (place, failure) = *unusable;
        super::fail(&place, failure, "verify", reporter);
        Due::default()
    })
}

fn place(args: &DueArgs) -> Result<PathBuf, Unusable> {
    args.db.clone().map_or_else(default_place, Ok).map_err(|failure| Box::new(("library".into(), failure)))
}

fn run(args: VerifyArgs, place: &Path, reporter: &mut Reporter) -> Result<Due, Failure> {
    let begun = Instant::now();
    let mut library = super::open(place)?;
    let shelf = Shelf::new(library.known()?, false);
    let Some(mut verifier) = Verifier::new(&args, reporter) else { return Ok(Due::default()) };
    let all = args.inputs.len() as u64;
    let limit =
        args.due.since.map(|since| now().saturating_sub(since.as_secs().try_into().unwrap_or(i64::MAX)));
    let mut jobs = Vec::new();
    for input in args.inputs {
        let key = shelf.keys.of(&input);
        let verified = shelf.verified(&key);
        // Without --since, everything is due.
        if limit.is_none_or(|limit| verified.is_none_or(|time| time <= limit)) {
            jobs.push((verified, key, Record::new(&input, Verified::default())));
        }
    }
    jobs.sort_by_key(|(verified, ..)| *verified);
    let recent = all - jobs.len() as u64;
    let jobs: Vec<_> = jobs.into_iter().map(|(_, key, record)| (key, record)).collect();
    let (count, done) = (jobs.len() as u64, Cell::new(0));
    let has_time = || args.due.for_time.is_none_or(|time| begun.elapsed() < time);
    each_until(jobs, ONE_PASS, reporter, has_time, |key: &PathBuf, record, reporter| {
        done.set(done.get() + 1);
        let before = Snapshot::take(&record.input, &[]);
        let outcome = verifier.verify(record, reporter);
        if entry::is_result(&outcome)
            && let Ok(before) = before
        {
            note(key, &before, record, &outcome, &shelf, &mut library)?;
        }
        outcome
    });
    let left = if has_time() { 0 } else { count - done.get() };
    if left > 0 {
        reporter.unfinished();
        let files = human::count(left, "image is", "images are");
        reporter.note(place, &format!("the time is up: {files} left for the next run"));
    }
    Ok(Due { recent, left })
}

/// Notes the result in the library. What a verification does not tell is read for a file that is new or has changed.
fn note(
    key: &Path,
    before: &Snapshot,
    record: &Record<Verified>,
    outcome: &Result<(), Failure>,
    shelf: &Shelf,
    library: &mut disc_library::Library,
) -> Result<(), Failure> {
    let known = match shelf.parts_of_unchanged(key) {
        Some(_) => library.get(key)?,
        None => None,
    };
    let described = match known {
        Some(known) => Some(known),
        None => {
            let mut silent = Reporter::new(Verbosity { quiet: true, ..Verbosity::default() });
            let mut scanned = Record::new(&record.input, Scanned::default());
            read_one(key, None, &mut scanned, &mut silent).0
        }
    };
    // What has changed since it was verified is verified by the next run.
    if Snapshot::take(&record.input, &[]).ok().as_ref() != Some(before) {
        return Ok(());
    }
    if let Some(mut entry) = described {
        entry.missing = None;
        entry::set_verified(&mut entry, &record.outcome, outcome);
        library.put(&[entry])?;
    }
    Ok(())
}
