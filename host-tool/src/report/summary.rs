//! How a run over many files ended: counts, bytes and time.

use std::fmt::Write;
use std::time::Instant;

use serde::Serialize;

use super::batch::{Action, Planned, Synced};
use super::record::{Outcome, Record};
use crate::exit::Status;
use crate::human;

/// Counts the files of a run.
#[derive(Debug)]
pub(super) struct Summary {
    begun: Instant,
    counts: Counts,
    planned: Totals,
    is_dry_run: bool,
}

/// What became of the files. Each file is counted in one of these.
#[derive(Clone, Debug, Default, Serialize)]
struct Counts {
    verb: &'static str,
    files: u64,
    ok: u64,
    written: u64,
    already_done: u64,
    skipped: u64,
    planned: u64,
    #[serde(skip_serializing_if = "is_zero")]
    deleted: u64,
    refused: u64,
    damaged: u64,
    failed: u64,
    not_begun: u64,
    left_alone: u64,
    other_shards: u64,
    recent: u64,
    left: u64,
    bytes_in: u64,
    bytes_out: u64,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<Totals>,
}

/// Sizes of the files that would be written.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Totals {
    input_size: u64,
    size: u64,
    low: u64,
    high: u64,
    #[serde(skip)]
    variance: f64,
}

/// The files of a run that no record tells of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others {
    /// How many files the run was to work on.
    pub files: u64,
    /// How many were left alone in folders.
    pub left_alone: u64,
    /// How many are for other shards.
    pub other_shards: u64,
    /// How many were verified recently enough.
    pub recent: u64,
    /// How many there was no time for.
    pub left: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct Object<'c> {
    schema: u32,
    summary: &'c Counts,
}

impl Summary {
    pub(super) fn new(verb: &'static str) -> Self {
        let counts = Counts { verb, ..Counts::default() };
        Self { begun: Instant::now(), counts, planned: Totals::default(), is_dry_run: false }
    }

    pub(super) fn add(&mut self, record: &Record) {
        let counts = &mut self.counts;
        counts.files += 1;
        let (written, there, skipped, planned) = match &record.outcome {
            Outcome::Compressed(done) => (
                done.output.as_ref().and(done.written.as_ref()).map(|written| written.stored_size),
                done.already_done.is_some(),
                done.skipped.is_some(),
                done.planned.as_ref(),
            ),
            Outcome::Extracted(done) => (
                done.output.as_ref().and(done.layout).map(|layout| layout.image_size()),
                done.already_done.is_some(),
                done.skipped.is_some(),
                done.planned.as_ref(),
            ),
            _ => (None, false, false, None),
        };
        let synced = match &record.outcome {
            Outcome::Compressed(done) => done.synced,
            _ => None,
        };
        let is_deleted = synced == Some(Synced::Deleted);
        if !skipped && planned.is_none() && !is_deleted && synced != Some(Synced::Kept) {
            counts.bytes_in += record.input_size.unwrap_or_default();
        }
        counts.bytes_out += written.unwrap_or_default();
        match record.status() {
            Status::Refused => counts.refused += 1,
            Status::Damaged | Status::Mismatch => counts.damaged += 1,
            Status::Failed => counts.failed += 1,
            Status::Interrupted => counts.not_begun += 1,
            // Only a whole run ends like this.
            Status::Unfinished => counts.left += 1,
            Status::Ok if is_deleted && planned.is_none() => counts.deleted += 1,
            Status::Ok if skipped => counts.skipped += 1,
            Status::Ok if there => counts.already_done += 1,
            Status::Ok if written.is_some() => counts.written += 1,
            Status::Ok => match planned {
                Some(planned) => {
                    counts.planned += 1;
                    self.is_dry_run = true;
                    self.planned.add(planned);
                }
                None => counts.ok += 1,
            },
        }
    }

    fn finish(&self, others: Others) -> Counts {
        let mut counts = self.counts.clone();
        counts.left = others.left;
        counts.recent = others.recent;
        counts.not_begun += others.files.saturating_sub(counts.files + others.left + others.recent);
        counts.files = counts.files.max(others.files);
        counts.left_alone = others.left_alone;
        counts.other_shards = others.other_shards;
        counts.seconds = self.begun.elapsed().as_secs_f64();
        counts.estimate = self.is_dry_run.then(|| self.planned.with_range());
        counts
    }

    pub(super) fn json(&self, others: Others, schema: u32) -> String {
        let counts = self.finish(others);
        let mut line = serde_json::to_string(&Object { schema, summary: &counts }).unwrap_or_default();
        line.push('\n');
        line
    }

    pub(super) fn text(&self, others: Others) -> String {
        let counts = self.finish(others);
        let rows = [
            (counts.planned, "to be written"),
            (counts.written, "written"),
            (counts.already_done, "already done"),
            (counts.deleted, "deleted"),
            (counts.ok, "ok"),
            (counts.skipped, "skipped"),
            (counts.refused, "refused"),
            (counts.damaged, "damaged or different"),
            (counts.failed, "failed"),
            (counts.not_begun, "not finished"),
            (counts.left, "left for the next run"),
            (counts.recent, "verified recently enough"),
            (counts.left_alone, "other files left alone"),
            (counts.other_shards, "for other shards"),
        ];
        let files = human::count(counts.files, "file", "files");
        let mut text = format!("\n{files} in {:.1} s\n", counts.seconds);
        for (count, label) in rows.into_iter().filter(|&(count, _)| count > 0) {
            let _ = writeln!(text, "{:>10}  {label}", human::number(count));
        }
        if counts.bytes_in > 0 {
            let _ = writeln!(text, "{:>10}  read", human::size(counts.bytes_in));
        }
        if counts.bytes_out > 0 {
            let share = human::percent(counts.bytes_out, counts.bytes_in);
            let _ =
                writeln!(text, "{:>10}  written, {share} of what was read", human::size(counts.bytes_out));
        }
        if let Some(totals) = counts.estimate {
            let _ = writeln!(text, "{}", totals.text());
        }
        text
    }
}

impl Totals {
    fn add(&mut self, planned: &Planned) {
        if matches!(planned.action, Action::Compare | Action::Delete) {
            return;
        }
        let estimate = planned.estimate;
        self.input_size += planned.input_size;
        self.size += estimate.size;
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let error = (estimate.high - estimate.low) as f64 / 2.0;
        self.variance += error * error;
    }

    /// The errors of files are independent of each other, so their squares add up.
    fn with_range(self) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
        let error = self.variance.sqrt().ceil() as u64;
        Self { low: self.size.saturating_sub(error), high: self.size + error, ..self }
    }

    fn text(self) -> String {
        let error = self.high - self.size;
        let range = if error > 0 { format!(" (± {})", human::size(error)) } else { String::new() };
        let (size, input) = (human::size(self.size), human::size(self.input_size));
        let change = match self.input_size.checked_sub(self.size) {
            Some(saved) => format!("saves {}", human::size(saved)),
            None => format!("takes {} more", human::size(self.size - self.input_size)),
        };
        format!("{input} would become {size}{range}: {change}{range}")
    }
}
