//! How many files succeeded, and what is wrong with the others: a summary for users who only look at the
//! end.

use std::fmt::Write;
use std::path::PathBuf;

use super::Record;
use crate::exit::Status;
use crate::failure::Failure;
use crate::human;

/// More lines than this would scroll the first ones out of a small window.
const MAX_LINES: usize = 15;

/// The files so far, each counted once however many verbs worked on it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    done: Vec<PathBuf>,
    not_done: Vec<(PathBuf, String)>,
}

impl Tally {
    pub(super) fn add(&mut self, record: &Record) {
        let is = |path: &PathBuf| *path == record.input;
        if record.status() == Status::Ok {
            if !self.done.iter().any(is) && !self.not_done.iter().any(|(path, _)| is(path)) {
                self.done.push(record.input.clone());
            }
            return;
        }
        self.done.retain(|path| !is(path));
        if !self.not_done.iter().any(|(path, _)| is(path)) {
            let reason = record.failure.as_ref().map(Failure::line).unwrap_or_default();
            self.not_done.push((record.input.clone(), reason));
        }
    }

    /// Returns the summary; `all` is the number of files in the run.
    pub(super) fn text(&self, all: usize) -> String {
        let (done, failed) = (self.done.len(), self.not_done.len());
        let files = human::count(all as u64, "file", "files");
        if done == all {
            return format!("{files}: {}\n", if all == 1 { "done." } else { "all done." });
        }
        let mut text = format!("{files}: {done} done");
        if failed > 0 {
            let _ = write!(text, ", {failed} not done");
        }
        if all > done + failed {
            let _ = write!(text, ", {} not begun", all - done - failed);
        }
        text.push_str(if failed > 0 { ":\n" } else { ".\n" });
        for (path, reason) in self.not_done.iter().take(MAX_LINES) {
            let _ = writeln!(text, "  {}: {reason}", human::name(path));
        }
        if failed > MAX_LINES {
            let _ = writeln!(text, "  and {} more, which are named above", failed - MAX_LINES);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::Outcome;

    fn ok(name: &str) -> Record {
        Record::new(Path::new(name), Outcome::Searched)
    }

    fn empty(name: &str) -> Record {
        let mut record = ok(name);
        record.fail(Failure::Empty);
        record
    }

    #[test]
    fn files_are_counted_once() {
        let mut tally = Tally::default();
        tally.add(&ok("a"));
        tally.add(&ok("a"));
        assert_eq!(tally.text(1), "1 file: done.\n");
        [ok("b")].iter().for_each(|record| tally.add(record));
        assert_eq!(tally.text(2), "2 files: all done.\n");
        [empty("b"), ok("b"), empty("b")].iter().for_each(|record| tally.add(record));
        let text = "2 files: 1 done, 1 not done:\n  b: the file is empty. Copy or dump it again.\n";
        assert_eq!(tally.text(2), text);
        assert!(tally.text(5).starts_with("5 files: 1 done, 1 not done, 3 not begun:\n"));
    }

    #[test]
    fn long_lists_end() {
        let mut tally = Tally::default();
        (0..500).for_each(|number| tally.add(&empty(&number.to_string())));
        let text = tally.text(500);
        assert_eq!(text.lines().count(), 1 + MAX_LINES + 1);
        assert!(text.ends_with("  and 485 more, which are named above\n"));
    }
}
