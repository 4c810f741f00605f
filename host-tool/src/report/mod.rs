//! Everything that the user sees: one [`Record`] per file, as text or as a JSON object, and messages along
//! the way.

mod batch;
mod dat;
mod json;
mod library;
mod record;
mod source;
mod summary;
mod tally;
mod text;

use std::cell::Cell;
use std::io::{self, Write};
use std::path::Path;

use anstream::AutoStream;

pub use batch::{Action, Estimate, Planned, SidecarRecord, SidecarState, Skipped, Synced};
pub use dat::{Checked, DatRecord, DatVerdict};
pub use json::SCHEMA;
pub(crate) use json::raw as raw_name;
pub use source::{EntryRecord, SourceRecord, TrackRecord, source_notes};
pub use summary::Others;

pub use record::{
    Compared, Compressed, CutOff, Described, Evidence, Extracted, Lint, Outcome, Record, RestoredFile,
    Scanned, Verified, Written,
};

use crate::cli::Verbosity;
use crate::damage::{DamageList, ListLimit, Unlisted};
use crate::exit::Status;
use crate::human;
use crate::progress::{Bars, Pace, Place};
use crate::report::summary::Summary;
use crate::report::tally::Tally;

/// Prints records and lines, and remembers the worst status.
///
/// Results go to standard output; errors, warnings, notes and lines about finished files to standard error.
/// A closed pipe (as with `head`) is not an error: the rest is not printed, and the work goes on.
#[derive(Debug)]
pub struct Reporter {
    verbosity: Verbosity,
    worst: Status,
    stdout: Sink,
    tally: Option<Tally>,
    summary: Option<Summary>,
    place: Option<Place>,
    pace: Pace,
    passes: &'static [f64],
    pass: Cell<usize>,
}

/// Whether standard output still accepts data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sink {
    Open,
    Gone,
}

/// The prefix of a line on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Error,
    Warning,
    Note,
}

impl Reporter {
    /// Creates a reporter with this verbosity.
    pub fn new(verbosity: Verbosity) -> Self {
        Self {
            verbosity,
            worst: Status::Ok,
            stdout: Sink::Open,
            tally: None,
            summary: None,
            place: None,
            pace: Pace::default(),
            passes: &[],
            pass: Cell::new(0),
        }
    }

    /// Returns the requested verbosity.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Returns how many ranges of damaged blocks are listed per file.
    pub fn list_limit(&self) -> ListLimit {
        if self.verbosity.list_all { ListLimit::ALL } else { ListLimit::FEW }
    }

    /// Returns the worst status of all files so far.
    pub fn worst(&self) -> Status {
        self.worst
    }

    /// Notes that something failed which is not about a file.
    pub fn failed(&mut self) {
        self.worst = self.worst.max(Status::Failed);
    }

    /// Notes that files were skipped because of a signal.
    pub fn interrupted(&mut self) {
        self.worst = self.worst.max(Status::Interrupted);
    }

    /// Notes that files are left for another run.
    pub fn unfinished(&mut self) {
        self.worst = self.worst.max(Status::Unfinished);
    }

    /// Prints a warning at once, before or during the work on a file, and adds it to the file's record.
    pub fn warn<O>(&mut self, record: &mut Record<O>, text: impl Into<String>) {
        let text = text.into();
        if !self.verbosity.quiet {
            self.line(Prefix::Warning, &record.input, &text);
        }
        record.warnings.push(text);
    }

    /// Prints an error that does not belong to a record.
    pub fn error(&mut self, name: &Path, text: &str) {
        self.line(Prefix::Error, name, text);
    }

    /// Prints a note.
    pub fn note(&mut self, input: &Path, text: &str) {
        if !self.verbosity.quiet {
            self.line(Prefix::Note, input, text);
        }
    }

    /// Prints a message in verbose mode.
    pub fn detail(&mut self, input: &Path, text: &str) {
        if self.verbosity.verbose {
            self.line(Prefix::Note, input, text);
        }
    }

    /// Notes that the work on a file begins. The file is read once for each of `passes`, which are the
    /// shares of the time.
    pub fn begin_file(&mut self, place: Option<Place>, passes: &'static [f64]) {
        self.place = place;
        self.passes = passes;
        self.pass.set(0);
    }

    /// Returns whether the current file is one of several.
    pub fn is_batch(&self) -> bool {
        self.place.is_some_and(|place| place.count > 1)
    }

    /// Returns the progress display for the next pass over the current file.
    pub fn next_pass(&self) -> Bars {
        let number = self.pass.get();
        self.pass.set(number + 1);
        let from: f64 = self.passes.iter().take(number).sum();
        let to = from + self.passes.get(number).copied().unwrap_or(1.0 - from);
        Bars::new(self.verbosity.progress, self.verbosity.quiet, self.place, self.pace.clone(), (from, to))
    }

    /// Starts counting files for a [`summary`](Self::summary).
    pub fn begin_tally(&mut self) {
        self.tally = Some(Tally::default());
    }

    /// Prints a summary of the files that were finished since the tally began, out of `total`.
    pub fn summary(&mut self, total: usize) {
        if let Some(tally) = self.tally.take()
            && !self.verbosity.quiet
        {
            let _ = write!(anstream::stderr(), "\n{}", tally.text(total));
        }
    }

    /// Starts counting the files of a verb for its [`end_of_batch`](Self::end_of_batch).
    pub fn begin_batch(&mut self, verb: &'static str) {
        self.summary = Some(Summary::new(verb));
    }

    /// Prints how the files ended: as an object if `in_json`, otherwise as text unless objects are printed.
    pub fn end_of_batch(&mut self, others: Others, in_json: bool) {
        let Some(summary) = self.summary.take() else { return };
        if self.verbosity.json {
            if in_json {
                self.print(&summary.json(others, json::SCHEMA));
            }
        } else if !self.verbosity.quiet {
            let _ = write!(anstream::stderr(), "{}", summary.text(others));
        }
    }

    /// Prints a file's record: the end of all work on it.
    pub fn finish<O: Into<Outcome>>(&mut self, record: Record<O>) {
        let record = record.of_any_verb();
        self.worst = self.worst.max(record.status());
        if let Some(tally) = &mut self.tally {
            tally.add(&record);
        }
        if let Some(summary) = &mut self.summary {
            summary.add(&record);
        }
        if let Some(damage) = record.damage() {
            self.list(&record.input, damage);
        }
        // A difference from another image or from a DAT is a result, not an error.
        if let Some(failure) = &record.failure
            && !matches!(failure.kind(), "different" | "dat_wrong")
        {
            self.line(Prefix::Error, &record.input, &failure.line());
        }
        if self.verbosity.json {
            self.print(&json::line(&record));
            return;
        }
        if let Some(seconds) = record.seconds {
            self.detail(&record.input, &text::took(&record, seconds));
        }
        self.print(&text::result(&record));
        if let Some(line) = text::finished(&record)
            && !self.verbosity.quiet
        {
            let _ = writeln!(anstream::stderr(), "{line}");
        }
    }

    /// Lists damaged blocks.
    fn list(&self, input: &Path, damage: &DamageList) {
        for range in damage.ranges() {
            self.line(Prefix::Error, input, &range.to_string());
        }
        let Unlisted { ranges, blocks } = damage.unlisted();
        if ranges > 0 {
            let ranges = human::count(ranges, "range", "ranges");
            let blocks = human::count(blocks, "damaged block", "damaged blocks");
            self.line(
                Prefix::Error,
                input,
                &format!("and {ranges} more with {blocks}: --list-all lists them"),
            );
        }
    }

    /// Prints text on standard output.
    pub fn print(&mut self, text: &str) {
        if self.stdout == Sink::Gone || text.is_empty() {
            return;
        }
        let mut stdout = AutoStream::auto(io::stdout());
        if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            self.stdout = Sink::Gone;
            if !is_closed_pipe(&error) {
                self.worst = self.worst.max(Status::Failed);
                self.line(Prefix::Error, Path::new("standard output"), &format!("cannot write: {error}"));
            }
        }
    }

    fn line(&self, prefix: Prefix, name: &Path, text: &str) {
        const RESET: &str = "\x1b[0m";
        let (colour, word) = match prefix {
            Prefix::Error => ("\x1b[1;31m", "error"),
            Prefix::Warning => ("\x1b[1;33m", "warning"),
            Prefix::Note => ("\x1b[1m", "note"),
        };
        // anstream removes the colours if they are not wanted.
        let _ = writeln!(anstream::stderr(), "{colour}{word}:{RESET} {}: {text}", human::name(name));
    }
}

/// Whether the reader of a pipe has closed it.
fn is_closed_pipe(error: &io::Error) -> bool {
    // Windows has another error for this, which the standard library does not map to a kind.
    const NOT_CONNECTED: i32 = 233;
    error.kind() == io::ErrorKind::BrokenPipe
        || (cfg!(windows) && error.raw_os_error() == Some(NOT_CONNECTED))
}
