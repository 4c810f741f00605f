//! `cisor sync`: fills a card for a device.
//!
//! 1. `wanted` finds the images of the shelf, and `manifest` tells what earlier runs have put on the card.
//! 2. Images whose file is there already need nothing. The others are planned as `compress` plans them; one
//!    that is right for the device as it is will be copied.
//! 3. `room` compares their sizes with the card's free space, before anything is written or deleted.
//! 4. What is no longer wanted is deleted, and the rest is written, file by file. The manifest has each file
//!    before the file has its name, so whatever a killed run leaves, the next one knows it.

mod card;
mod manifest;
mod room;
mod source;
mod unwanted;
mod wanted;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use self::manifest::{Entry, Manifest};
use self::room::{Size, Total};
use self::source::Source;
use self::wanted::{Title, Wanted};
use crate::batch::estimate;
use crate::cli::{SkipExisting, SyncArgs, threads_or_default};
use crate::failure::Failure;
use crate::handling::Handling;
use crate::image::Image;
use crate::interrupt;
use crate::output::{Existing, Outputs, PartFile, Standing};
use crate::plan::{self, CompressJob, CompressRequest};
use crate::profile::{CompressOptions, Profile, Refusal};
use crate::report::{Action, Compressed, Estimate, Others, Planned, Record, Reporter, Skipped, Synced};
use crate::target::{Claims, Target};
use crate::{human, opl, run, volume};

/// The name of the file that is locked while a run works on the card.
const LOCK: &str = "cisor-sync";
/// Shares of writing and of reading back.
const PASSES: &[f64] = &[0.85, 0.15];

/// What is done with one file.
enum Step {
    /// Nothing: it is on the card already.
    Keep,
    /// It is read on the card.
    Check(Entry),
    /// It is written, unless the file that exists proves to be right.
    Write(Box<Writing>),
    /// It is deleted from the card.
    Delete(Entry),
}

struct Writing {
    job: CompressJob,
    source: Source,
    /// How large it will be, if that was looked at.
    size: Option<Size>,
}

type Jobs = Vec<(Step, Record<Compressed>)>;

/// What was decided about the titles.
struct Decided {
    jobs: Jobs,
    /// The names of the titles that were refused or skipped.
    unsettled: Vec<String>,
    /// Whether it is known of each title which file of the card is its own, if one is.
    is_settled: bool,
    /// The files that the run reads.
    claims: Claims,
}

/// Runs `cisor sync`.
pub(crate) fn sync(args: SyncArgs, reporter: &mut Reporter) {
    let (manifest, _lock) = match open_card(&args) {
        Ok(opened) => opened,
        Err(failure) => return refuse(&args.card, failure, reporter),
    };
    let Some(wanted) = wanted::gather(&args, reporter) else { return };
    if interrupt::requested() {
        return reporter.interrupted();
    }
    reporter.begin_batch("sync");
    let others = Others { left_alone: wanted.left_alone, ..Others::default() };
    let mut sync = Sync::new(args, manifest);
    let files = sync.run(wanted, reporter);
    reporter.end_of_batch(Others { files, ..others }, true);
}

/// Reads the manifest of a card, and keeps other runs away from it unless nothing is changed.
fn open_card(args: &SyncArgs) -> Result<(Manifest, Option<PartFile>), Failure> {
    match std::fs::metadata(&args.card) {
        Ok(card) if card.is_dir() => {}
        Ok(_) => return Err(Failure::NotAFolder(args.card.clone())),
        Err(_) => return Err(Failure::NoFolder(args.card.clone())),
    }
    let shelf =
        std::fs::metadata(&args.shelf).map_err(|error| Failure::Open(error).in_second(&args.shelf))?;
    if args.delete && !shelf.is_dir() {
        return Err(Failure::NotAFolder(args.shelf.clone()));
    }
    let lock = (!args.dry_run).then(|| PartFile::create(&args.card.join(LOCK))).transpose()?;
    Ok((Manifest::load(&args.card)?, lock))
}

fn refuse(path: &Path, failure: Failure, reporter: &mut Reporter) {
    let mut record = new_record(path);
    record.fail(failure);
    reporter.finish(record);
}

fn new_record(path: &Path) -> Record<Compressed> {
    Record::new(path, Compressed { is_sync: true, ..Compressed::default() })
}

/// A run.
struct Sync {
    args: SyncArgs,
    manifest: Manifest,
    request: CompressRequest,
    /// What files are made for, as the manifest has it.
    made_for: String,
    outputs: Outputs,
}

impl Sync {
    fn new(args: SyncArgs, manifest: Manifest) -> Self {
        let target = match (args.profile, args.folder()) {
            (Profile::Opl, _) => Target::Opl(Some(args.card.clone())),
            (_, Some(folder)) => Target::Card(args.card.join(folder)),
            (_, None) => Target::Card(args.card.clone()),
        };
        let request = request(&args, target);
        let mut made_for = args.profile.name().to_owned();
        if let Some(to) = args.to {
            made_for += &format!(" {}", to.name());
        }
        if let Some(block_size) = args.block_size {
            made_for += &format!(" {block_size}");
        }
        Self { args, manifest, request, made_for, outputs: Outputs::default() }
    }

    /// Does everything, and returns how many files there were.
    fn run(&mut self, wanted: Wanted, reporter: &mut Reporter) -> u64 {
        // An empty list, or a disk that is not mounted, must not empty the card.
        let is_complete = wanted.failures.is_empty() && !wanted.titles.is_empty();
        let failures = wanted.failures.len();
        for (path, failure) in wanted.failures {
            refuse(&path, failure, reporter);
        }
        let titles = wanted.titles.len();
        let Some(mut decided) = self.plan(wanted.titles, reporter) else { return titles as u64 };
        let mut deleted = 0;
        if self.args.delete && !(is_complete && decided.is_settled) {
            let text = "nothing is deleted: not all of the shelf could be read, or taken";
            reporter.note(&self.args.card, text);
        } else if self.args.delete {
            let unwanted = unwanted::find(&self.args.card, &self.manifest, &decided);
            deleted = unwanted.iter().map(|entry| entry.size).sum();
            let job = |entry: Entry| {
                let mut record = new_record(&card::path_of(&self.args.card, &entry));
                record.outcome.synced = Some(Synced::Deleted);
                (Step::Delete(entry), record)
            };
            drop(decided.jobs.splice(0..0, unwanted.into_iter().map(job)));
        }
        let mut jobs = decided.jobs;
        let files =
            (titles + failures) as u64 + jobs.iter().filter(|(step, _)| step.deletes()).count() as u64;
        if let Err(failure) = self.check_room(&mut jobs, deleted, reporter) {
            if matches!(failure, Failure::Interrupted) {
                reporter.interrupted();
                return files;
            }
            refuse(&self.args.card.clone(), failure, reporter);
            if !self.args.dry_run {
                return files + 1;
            }
        }
        let sizes = jobs.iter().map(|(step, _)| step.bytes()).collect();
        run::each_of(jobs, sizes, PASSES, reporter, |step, record, reporter| match self.args.dry_run {
            true => self.tell(step, record),
            false => self.work(step, record, reporter),
        });
        if !self.args.dry_run
            && let Err(failure) = self.manifest.tidy()
        {
            refuse(&self.args.card.clone(), failure, reporter);
        }
        files
    }

    /// Decides about every title. `None` after a signal.
    fn plan(&self, titles: Vec<Title>, reporter: &mut Reporter) -> Option<Decided> {
        let paths: Vec<PathBuf> = titles.iter().map(|title| title.path.clone()).collect();
        let mut claims = Claims::new(&paths).making_folders_below(Some(self.args.card.clone()));
        let mut jobs = Jobs::new();
        let (mut unsettled, mut is_settled) = (Vec::new(), true);
        let mut rest = Vec::new();
        let mut taken = HashMap::new();
        let by_source: HashMap<_, _> =
            self.manifest.entries().map(|entry| (entry.source.as_str(), entry)).collect();
        for title in titles {
            let source = Source::of(&title);
            let known = by_source.get(title.name.as_str()).filter(|entry| {
                source.as_ref().is_some_and(|source| source.is_of(entry))
                    && entry.made_for == self.made_for
                    && card::is_there(&self.args.card, entry)
            });
            let Some(entry) = known else {
                rest.push((title, source));
                continue;
            };
            let target = card::path_of(&self.args.card, entry);
            taken.insert(target.clone(), title.path.clone());
            let mut record = new_record(&title.path);
            let is_read = self.args.check && entry.put;
            record.outcome.synced = Some(if is_read { Synced::Checked } else { Synced::Kept });
            record.outcome.already_done = Some(target);
            let step = if is_read { Step::Check((*entry).clone()) } else { Step::Keep };
            jobs.push((step, record));
        }
        for (title, source) in rest {
            if interrupt::requested() {
                reporter.interrupted();
                return None;
            }
            let mut record = new_record(&title.path);
            let planned = plan::compress_one(&self.request, &title.path, &mut claims, &mut record, reporter);
            let planned = planned.map_err(of_card).and_then(|job| {
                match taken.insert(job.target.clone(), title.path.clone()) {
                    Some(_) => Err(Failure::TargetTaken { target: job.target.clone(), other: job.target }),
                    None => Ok(job),
                }
            });
            let skipped = (!title.is_named).then(|| self.other_console(&planned, &record)).flatten();
            // A title that was renamed, and cannot be taken now, may have a file under its old name.
            is_settled &= skipped.is_some() || (planned.is_ok() && !is_unknown(&record));
            match planned {
                _ if skipped.is_some() => {
                    record.outcome.skipped = skipped;
                    unsettled.push(title.name);
                    reporter.finish(record);
                }
                Ok(job) => {
                    let source = source.unwrap_or_else(|| Source::unknown(title.name));
                    jobs.push((Step::Write(Box::new(Writing { job, source, size: None })), record));
                }
                Err(failure) => {
                    record.fail(failure);
                    unsettled.push(title.name);
                    reporter.finish(record);
                }
            }
        }
        Some(Decided { jobs, unsettled, is_settled, claims })
    }

    /// A shelf may have discs for other devices, too.
    fn other_console(
        &self,
        planned: &Result<CompressJob, Failure>,
        record: &Record<Compressed>,
    ) -> Option<Skipped> {
        let plays = self.args.profile.console()?;
        let console = record.outcome.disc.as_ref()?.console;
        let is_about_that =
            matches!(planned, Ok(_) | Err(Failure::NoGameId | Failure::Profile(Refusal::Console { .. })));
        let is_other = is_about_that && console != Some(plays) && !is_unknown(record);
        is_other.then_some(Skipped::OtherConsole(plays.name()))
    }

    /// Compares the sizes of the new files with the free space, and decides how much room each needs. Blocks are
    /// only packed for that if the files would not fit at their largest.
    fn check_room(
        &self,
        jobs: &mut [(Step, Record<Compressed>)],
        deleted: u64,
        reporter: &mut Reporter,
    ) -> Result<(), Failure> {
        let Some(free) = volume::free(&self.args.card) else { return Ok(()) };
        let writings = || jobs.iter().filter_map(|(step, _)| step.writing());
        let most: u64 = writings().map(|writing| writing.job.needed).sum();
        let fits = most <= free.saturating_add(deleted);
        if (fits || self.args.ignore_limits) && !self.args.dry_run {
            return Ok(());
        }
        let mut total = Total::default();
        for (step, record) in jobs.iter_mut() {
            let Step::Write(writing) = step else { continue };
            match room::size(&writing.job, record, reporter) {
                Ok(size) => {
                    writing.job.needed = size.estimate.high.min(writing.job.needed);
                    writing.size = Some(size);
                    if !writing.job.is_there {
                        total.add(size.estimate);
                    }
                }
                Err(Failure::Interrupted) => return Err(Failure::Interrupted),
                // What is wrong with a source is found and reported when its turn comes.
                Err(_) => total.add(Estimate::exact(writing.job.needed)),
            }
        }
        if fits || self.args.ignore_limits { Ok(()) } else { total.check(free, deleted) }
    }

    /// Says what would be done.
    fn tell(&self, step: &Step, record: &mut Record<Compressed>) -> Result<(), Failure> {
        match step {
            Step::Keep | Step::Check(_) => record.outcome.synced = Some(Synced::Kept),
            Step::Delete(entry) => {
                record.outcome.planned = Some(Planned {
                    target: card::path_of(&self.args.card, entry),
                    action: Action::Delete,
                    packed_as: None,
                    image_size: 0,
                    input_size: entry.size,
                    estimate: Estimate::default(),
                });
            }
            Step::Write(writing) => {
                let Writing { job, size, .. } = &**writing;
                let image = Image::open(&job.input)?;
                let is_copy = size.is_some_and(|size| size.is_copy);
                let action = match job.target.exists() {
                    _ if job.is_there => Action::Compare,
                    true => Action::Replace,
                    false if is_copy => Action::Copy,
                    false => Action::Write,
                };
                let mut planned =
                    Planned::packed(&job.target, action, &job.plan, job.image_size, image.stored_len());
                planned.estimate = size.map(|size| size.estimate).unwrap_or_default();
                if !job.is_there {
                    estimate::check_room(job.try_without_room, &job.target, job.needed)
                        .map_err(|failure| opl::explain(failure, record.outcome.profile))?;
                }
                record.outcome.synced = Some(if is_copy { Synced::Copied } else { Synced::Packed });
                record.outcome.planned = Some(planned);
            }
        }
        Ok(())
    }

    fn work(
        &mut self,
        step: &Step,
        record: &mut Record<Compressed>,
        reporter: &mut Reporter,
    ) -> Result<(), Failure> {
        match step {
            Step::Keep => {
                record.outcome.already_done.iter().for_each(|target| self.outputs.tidy(target));
                Ok(())
            }
            Step::Check(entry) => {
                card::unchanged(&self.args.card, entry, reporter).map(drop).inspect_err(|_| {
                    record.outcome.already_done = None;
                })
            }
            Step::Delete(entry) => {
                card::delete(&self.args.card, entry, reporter)?;
                self.manifest.forget(&entry.path)
            }
            Step::Write(writing) => self.write(writing, record, reporter),
        }
    }

    fn write(
        &mut self,
        writing: &Writing,
        record: &mut Record<Compressed>,
        reporter: &mut Reporter,
    ) -> Result<(), Failure> {
        let mut job = writing.job.clone();
        let path = card::name_of(&self.args.card, &job.target);
        let before = self.manifest.get(&path).cloned();
        if job.is_there {
            self.may_replace(&mut job, before.as_ref(), reporter)?;
            if run::is_done(&job, &mut self.outputs, record, reporter)? {
                record.outcome.synced = Some(Synced::Checked);
                let len = std::fs::metadata(&job.target).map_or(0, |target| target.len());
                // Whoever has put it there: it need not be read the next time.
                let there = before.filter(|before| before.put && before.size == len);
                let there = there.unwrap_or_else(|| Entry { path, size: len, ..Entry::default() });
                return self.manifest.put(writing.source.entry(there, &self.made_for));
            }
            job.is_there = false;
        }
        let copied = run::copy_one(&job, &self.outputs, record, reporter)?;
        record.outcome.synced = Some(if copied.is_some() { Synced::Copied } else { Synced::Packed });
        let ready = match copied {
            Some(ready) => ready,
            None => match run::write_one(&job, &mut self.outputs, record, reporter)? {
                Some(ready) => ready,
                None => return Ok(()),
            },
        };
        let (size, sha256) = ready.file.unwrap_or_default();
        let (sha256, disc_sha256) = (human::hex(&sha256), human::hex(&ready.sha256));
        let entry = Entry { path: path.clone(), size, sha256, disc_sha256, put: true, ..Entry::default() };
        let entry = writing.source.entry(entry, &self.made_for);
        // With the manifest first, a run that is killed in between leaves a file that the next one knows. A file
        // that is replaced must not be taken for the new one, though.
        let replaces = std::fs::symlink_metadata(&job.target).is_ok();
        if !replaces {
            self.manifest.put(entry.clone())?;
        }
        let placed = run::place_one(&job, ready, &mut self.outputs, record, reporter);
        match (replaces, record.outcome.output.is_some()) {
            (true, true) => self.manifest.put(entry)?,
            (false, false) => self.manifest.forget(&path)?,
            _ => {}
        }
        placed
    }

    /// Allows that a file is replaced which an earlier run has put there, if it is still the same.
    fn may_replace(
        &self,
        job: &mut CompressJob,
        entry: Option<&Entry>,
        reporter: &Reporter,
    ) -> Result<(), Failure> {
        let Some(entry) = entry.filter(|entry| entry.put) else { return Ok(()) };
        if job.standing.rule() == Existing::Replace {
            return Ok(());
        }
        // Taken before the file is read, so that any later change is noticed.
        let standing = Standing::at(&job.target, Existing::Replace);
        match card::unchanged(&self.args.card, entry, reporter) {
            Ok(_) => job.standing = standing,
            Err(Failure::CardChanged(_)) => {}
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}

/// What is wrong if a title and its file on the card are one.
fn of_card(failure: Failure) -> Failure {
    match failure {
        Failure::TargetIsInput(target) | Failure::TargetIsOtherInput(target) => Failure::ShelfOnCard(target),
        other => other,
    }
}

/// Returns whether damage hides which disc it is: that is no other console's.
fn is_unknown(record: &Record<Compressed>) -> bool {
    record.outcome.disc.as_ref().is_some_and(|disc| disc.is_partly_unreadable && disc.console.is_none())
}

impl Step {
    fn writing(&self) -> Option<&Writing> {
        match self {
            Self::Write(writing) => Some(writing),
            _ => None,
        }
    }

    fn deletes(&self) -> bool {
        matches!(self, Self::Delete(_))
    }

    /// Bytes of work.
    fn bytes(&self) -> u64 {
        match self {
            Self::Keep => 0,
            Self::Check(entry) | Self::Delete(entry) => entry.size,
            Self::Write(writing) => writing.job.image_size,
        }
    }
}

/// The request of a `compress` run that writes such files.
fn request(args: &SyncArgs, target: Target) -> CompressRequest {
    CompressRequest {
        inputs: Vec::new(),
        target,
        existing: if args.force { Existing::Replace } else { Existing::Keep },
        try_without_room: args.ignore_limits,
        profile: Some(args.profile),
        only_known_discs: false,
        any_console: false,
        tail: None,
        compress_options: CompressOptions {
            to: args.to,
            block_size: args.block_size,
            level: args.level.level(),
            threads: threads_or_default(args.threads),
            ..CompressOptions::default()
        },
        remove_source: false,
        keep_raw: false,
        handling: Handling { skip: Some(SkipExisting::Verified), for_card: true, ..Handling::default() },
    }
}
