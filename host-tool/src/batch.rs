//! The verbs over any number of files: finds the files, plans all of them, works on them one by one, and
//! sums up.

pub(crate) mod estimate;

use std::path::{Path, PathBuf};

use sector_decode::Format;

use crate::by_name::ByName;
use crate::cli::{CompressArgs, ExtractArgs, InfoArgs, TreeArgs, VerifyArgs};
use crate::human;
use crate::inputs::{Inputs, Known, Look, target_below};
use crate::interrupt;
use crate::plan::{self, CompressRequest, ExtractRequest};
use crate::profile::Profile;
use crate::report::{Compressed, Described, Extracted, Others, Outcome, Record, Reporter, Verified};
use crate::run::{self, Due};
use crate::target::{Claims, Target};

/// Returns the usage error of arguments that are valid individually but not together.
pub(crate) fn usage_error(args: &CompressArgs) -> Option<&'static str> {
    let is_for_firmware = args.profile.is_none_or(Profile::may_meet_firmware);
    (args.remake.only_unsafe && !is_for_firmware)
        .then_some("--only-unsafe is about the PSP's firmware, which never reads files for this profile")
}

/// Runs `cisor compress`.
pub(crate) fn compress(args: CompressArgs, reporter: &mut Reporter) {
    let target = args.target.target();
    let (in_place, only_unsafe) = (args.remake.in_place, args.remake.only_unsafe);
    let takes_packed = in_place || folder(&target).is_some();
    let other_than = args.to.map(plan::extension);
    // What is packed already stays as it is, unless the new file goes elsewhere or is of another kind.
    let wanted = |look| match look {
        Look::Plain | Look::Source => !in_place && !only_unsafe,
        Look::Packed(format) if only_unsafe => {
            format.is_none_or(|format| named(format) == Format::Cso.name())
        }
        Look::Packed(format) if takes_packed => format.is_some() || in_place,
        Look::Packed(Some(format)) => other_than.is_some_and(|extension| extension != named(format)),
        Look::Packed(None) => false,
    };
    let (inputs, tree) = (args.inputs.clone(), args.tree.clone());
    let is_dry_run = args.target.batch.dry_run;
    let mut request = CompressRequest::from(args);
    let by_name = request.by_name();
    let known = known_by(by_name.as_ref(), &target);
    let batch = Batch::new::<Compressed>("compress", &inputs, &tree, &target, wanted, known, reporter);
    let Some(mut batch) = batch else { return };
    batch.prefer_plain(reporter);
    let jobs = batch.plan(&target, reporter, |inputs, target, claims, reporter| {
        (request.inputs, request.target) = (inputs, target);
        plan::compress(&request, claims, reporter)
    });
    if is_dry_run {
        estimate::compress(jobs, reporter);
    } else {
        run::compress(jobs, reporter);
    }
    batch.end(reporter);
}

/// Runs `cisor extract`.
pub(crate) fn extract(args: ExtractArgs, reporter: &mut Reporter) {
    let target = args.target.target();
    let wanted = |look| look != Look::Plain;
    let (inputs, tree) = (args.inputs.clone(), args.tree.clone());
    let is_dry_run = args.target.batch.dry_run;
    let mut request = ExtractRequest::from(args);
    let by_name = request.by_name();
    let known = known_by(by_name.as_ref(), &target);
    let batch = Batch::new::<Extracted>("extract", &inputs, &tree, &target, wanted, known, reporter);
    let Some(batch) = batch else { return };
    let jobs = batch.plan(&target, reporter, |inputs, target, claims, reporter| {
        (request.inputs, request.target) = (inputs, target);
        plan::extract(&request, claims, reporter)
    });
    if is_dry_run {
        estimate::extract(jobs, reporter);
    } else {
        run::extract(jobs, reporter);
    }
    batch.end(reporter);
}

/// Runs `cisor verify`.
pub(crate) fn verify(mut args: VerifyArgs, reporter: &mut Reporter) {
    if args.inputs.is_empty() && args.tree.files_from.is_none() {
        match run::wanted(&args.due) {
            Ok(files) => args.inputs = files,
            Err(unusable) => {
                let (place, failure) = *unusable;
                let mut record = Record::new(&place, Verified::default());
                record.fail(failure);
                reporter.finish(record);
                return;
            }
        }
    }
    let uses_library = args.due.uses_library();
    if uses_library {
        reporter.begin_batch("verify");
    }
    let batch = Batch::of_readers::<Verified>("verify", &args.inputs, &args.tree, reporter);
    let Some(mut batch) = batch else { return };
    args.inputs = batch.inputs.paths();
    if uses_library {
        batch.is_tree = true;
        let due = run::verify_due(args, reporter);
        return batch.end_with(due, reporter);
    }
    run::verify(args, reporter);
    batch.end(reporter);
}

/// Runs `cisor info`.
pub(crate) fn info(mut args: InfoArgs, reporter: &mut Reporter) {
    let batch = Batch::of_readers::<Described>("info", &args.inputs, &args.tree, reporter);
    let Some(batch) = batch else { return };
    args.inputs = batch.inputs.paths();
    run::info(args, reporter);
    batch.end(reporter);
}

/// The files of a run.
struct Batch {
    inputs: Inputs,
    /// How many files there are, with those that could not be looked at.
    files: u64,
    is_tree: bool,
}

impl Batch {
    /// Finds the files of a verb that writes nothing.
    fn of_readers<O: Default + Into<Outcome>>(
        verb: &'static str,
        named: &[PathBuf],
        tree: &TreeArgs,
        reporter: &mut Reporter,
    ) -> Option<Self> {
        Self::new::<O>(verb, named, tree, &Target::Beside, |_| true, |_, _| None, reporter)
    }

    /// Finds the files of a verb, and reports what could not be looked at. `None` if the list of files cannot
    /// be read, or after a signal.
    fn new<O: Default + Into<Outcome>>(
        verb: &'static str,
        named: &[PathBuf],
        tree: &TreeArgs,
        target: &Target,
        wanted: impl Fn(Look) -> bool,
        known: impl Fn(&Path, &Path) -> Option<Known>,
        reporter: &mut Reporter,
    ) -> Option<Self> {
        let mut inputs = match Inputs::gather_but(named, tree, folder(target), wanted, known) {
            Ok(inputs) => inputs,
            Err((list, error)) => {
                reporter.error(&list, &format!("cannot read the list of files: {error}"));
                reporter.failed();
                return None;
            }
        };
        if interrupt::requested() {
            reporter.interrupted();
            return None;
        }
        let failures = std::mem::take(&mut inputs.failures);
        let files = (inputs.files.len() + failures.len()) as u64;
        let is_tree = tree.may_be_many();
        // The lines of `info` are all that is wanted of a few named files.
        if is_tree || (files > 1 && verb != "info") {
            reporter.begin_batch(verb);
        }
        for (path, text) in &inputs.notes {
            reporter.note(path, text);
        }
        for (path, failure) in failures {
            let mut record = Record::new(&path, O::default());
            record.fail(failure);
            reporter.finish(record);
        }
        Some(Self { inputs, files, is_tree })
    }

    /// Leaves out packed images where the plain ones are there, too.
    fn prefer_plain(&mut self, reporter: &mut Reporter) {
        let packed = self.inputs.prefer_plain() as u64;
        self.inputs.left_alone += packed;
        self.files -= packed;
        if packed > 0 {
            let files = human::count(packed, "packed file", "packed files");
            let text = format!("{files} left alone, each beside the plain image of the same name");
            reporter.note(Path::new("compress"), &text);
        }
    }

    /// Plans every file by itself, with folders below the target folder made as needed. Stops at a signal.
    fn plan<J>(
        &self,
        target: &Target,
        reporter: &mut Reporter,
        mut plan: impl FnMut(Vec<PathBuf>, Target, &mut Claims, &mut Reporter) -> Vec<J>,
    ) -> Vec<J> {
        let base = folder(target).map(Path::to_owned);
        let mut claims = Claims::new(&self.inputs.paths()).making_folders_below(base);
        let mut jobs = Vec::new();
        for input in &self.inputs.files {
            if interrupt::requested() {
                reporter.interrupted();
                break;
            }
            jobs.extend(plan(vec![input.path.clone()], input.target(target), &mut claims, reporter));
        }
        jobs
    }

    fn end(&self, reporter: &mut Reporter) {
        self.end_with(Due::default(), reporter);
    }

    fn end_with(&self, due: Due, reporter: &mut Reporter) {
        let Inputs { left_alone, elsewhere, .. } = self.inputs;
        let Due { recent, left } = due;
        let others = Others { files: self.files, left_alone, other_shards: elsewhere, recent, left };
        reporter.end_of_batch(others, self.is_tree);
    }
}

/// What is known of the files in folders by their names.
fn known_by(by_name: Option<&ByName>, target: &Target) -> impl Fn(&Path, &Path) -> Option<Known> {
    move |path, below| by_name?.known(&target_below(target, below), path)
}

/// The folder that files are written into, if one was named.
fn folder(target: &Target) -> Option<&Path> {
    match target {
        Target::Folder(folder) | Target::Card(folder) | Target::Opl(Some(folder)) => Some(folder),
        Target::Beside | Target::File(_) | Target::Opl(None) => None,
    }
}

/// The extension of files of a compressed format.
fn named(format: Format) -> &'static str {
    match format {
        Format::Cso2 => Format::Cso.name(),
        other => other.name(),
    }
}
