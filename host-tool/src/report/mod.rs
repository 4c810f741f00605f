//! What the user gets to see: one [`Record`] per file, as text or as a JSON object, and lines on the way.

mod json;
mod record;
mod tally;
mod text;

use std::io::{self, Write};
use std::path::Path;

use anstream::AutoStream;

pub use record::{
    Compared, Compressed, CutOff, Described, Evidence, Extracted, Lint, Outcome, Record, Verified, Written,
};

use crate::cli::Talk;
use crate::damage::{DamageList, ListLimit, Unlisted};
use crate::exit::Status;
use crate::human;
use crate::report::tally::Tally;

/// Prints records and lines, and remembers the worst status.
///
/// Results go to standard output; errors, warnings, notes and lines about finished files to standard
/// error. A reader that has gone away (a pipe to `head`) is no error: what it does not want is not
/// printed, and the work goes on.
#[derive(Debug)]
pub struct Reporter {
    talk: Talk,
    worst: Status,
    stdout: Sink,
    tally: Option<Tally>,
}

/// Whether standard output still takes what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sink {
    Open,
    Gone,
}

/// How a line on standard error begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Error,
    Warning,
    Note,
}

impl Reporter {
    /// Makes a reporter that prints as much as was asked for.
    pub fn new(talk: Talk) -> Self {
        Self { talk, worst: Status::Ok, stdout: Sink::Open, tally: None }
    }

    /// Returns what was asked for.
    pub fn talk(&self) -> Talk {
        self.talk
    }

    /// Returns how many ranges of damaged blocks are listed of a file.
    pub fn list_limit(&self) -> ListLimit {
        if self.talk.list_all { ListLimit::ALL } else { ListLimit::FEW }
    }

    /// Returns the worst status of all files so far.
    pub fn worst(&self) -> Status {
        self.worst
    }

    /// Notes that files were left out because a signal came.
    pub fn interrupted(&mut self) {
        self.worst = self.worst.max(Status::Interrupted);
    }

    /// Says at once what the user should know before or while a file is worked on; it is in the file's
    /// record as well.
    pub fn warn<O>(&mut self, record: &mut Record<O>, text: impl Into<String>) {
        let text = text.into();
        if !self.talk.quiet {
            self.line(Prefix::Warning, &record.input, &text);
        }
        record.warnings.push(text);
    }

    /// Says what is wrong when there is no record to note it in.
    pub fn error(&mut self, name: &Path, text: &str) {
        self.line(Prefix::Error, name, text);
    }

    /// Says something that is good to know.
    pub fn note(&mut self, input: &Path, text: &str) {
        if !self.talk.quiet {
            self.line(Prefix::Note, input, text);
        }
    }

    /// Says something only for those who asked for more.
    pub fn detail(&mut self, input: &Path, text: &str) {
        if self.talk.verbose {
            self.line(Prefix::Note, input, text);
        }
    }

    /// Begins to count files for a [`summary`](Self::summary).
    pub fn begin_tally(&mut self) {
        self.tally = Some(Tally::default());
    }

    /// Prints how the files ended, `total` of them, that were finished since the tally began.
    pub fn summary(&mut self, total: usize) {
        if let Some(tally) = self.tally.take()
            && !self.talk.quiet
        {
            let _ = write!(anstream::stderr(), "\n{}", tally.text(total));
        }
    }

    /// Prints a file's record: the end of all work on it.
    pub fn finish<O: Into<Outcome>>(&mut self, record: Record<O>) {
        let record = record.of_any_verb();
        self.worst = self.worst.max(record.status());
        if let Some(tally) = &mut self.tally {
            tally.add(&record);
        }
        if let Some(damage) = record.damage() {
            self.list(&record.input, damage);
        }
        // That two images differ is what `compare` was asked for: a result, not an error.
        if let Some(failure) = &record.failure
            && failure.kind() != "different"
        {
            self.line(Prefix::Error, &record.input, &failure.line());
        }
        if self.talk.json {
            self.print(&json::line(&record));
            return;
        }
        if let Some(seconds) = record.seconds {
            self.detail(&record.input, &text::took(&record, seconds));
        }
        self.print(&text::result(&record));
        if let Some(line) = text::finished(&record)
            && !self.talk.quiet
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
        // anstream takes the colours away where they are not wanted.
        let _ = writeln!(anstream::stderr(), "{colour}{word}:{RESET} {}: {text}", human::name(name));
    }
}

/// Whether the reader of a pipe has gone away.
fn is_closed_pipe(error: &io::Error) -> bool {
    // Windows says it in another way, too, which the standard library has no kind for.
    const NOT_CONNECTED: i32 = 233;
    error.kind() == io::ErrorKind::BrokenPipe
        || (cfg!(windows) && error.raw_os_error() == Some(NOT_CONNECTED))
}
