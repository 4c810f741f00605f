//! `cisor compress`: encodes into a part file, verifies it, and only then puts it in place.

use std::collections::BTreeMap;
use std::io::{self, Seek, SeekFrom, Write};

use image_writer::{Optimize, OutputFormat, Plan, Summary, encode};

use crate::failure::Failure;
use crate::human;
use crate::image::{Image, Workspace};
use crate::interrupt;
use crate::level;
use crate::opl;
use crate::output::{Outputs, PartFile};
use crate::plan::{CompressJob, Planned};
use crate::report::{Compressed, Lint, Record, Reporter, Written};
use crate::run::already::{self, There, Wanted};
use crate::run::prove::{Expected, prove};
use crate::run::raw;
use crate::run::{
    ONE_PASS, bars, begin_part, check_archive, check_header, digest_set, each, each_of, put_in_place,
    read_again, reason_to_skip, remove_source, warn_of_second_name,
};
use crate::scan::Seen;
use crate::sidecar;
use crate::tail::Resized;

/// Shares of packing, and of reading the finished file back. They are rough, which is enough for the
/// remaining time.
const PASSES: &[f64] = &[0.85, 0.15];
/// The same if each file is decoded first to find out whether it is safe.
const PASSES_OF_UNSAFE: &[f64] = &[0.15, 0.7, 0.15];

/// Compresses every image.
pub fn compress(jobs: Vec<Planned<CompressJob, Compressed>>, reporter: &mut Reporter) {
    let mut outputs = Outputs::default();
    let checks_first = jobs.first().is_some_and(|(job, _)| job.handling.only_unsafe);
    let passes = if checks_first { PASSES_OF_UNSAFE } else { PASSES };
    let size = |(job, record): &Planned<CompressJob, Compressed>| match record.outcome.skipped {
        Some(_) => 0,
        None => job.image_size,
    };
    let sizes = jobs.iter().map(size).collect();
    each_of(jobs, sizes, passes, reporter, |job, record, reporter| {
        compress_one(job, &mut outputs, record, reporter)
    });
}

/// Compresses every image without writing a file, to find out the size.
pub fn measure(jobs: Vec<Planned<CompressJob, Compressed>>, reporter: &mut Reporter) {
    each(jobs, ONE_PASS, reporter, |job, record, reporter| {
        let image = open(job)?;
        let summary = image.settle(pack(&image, job, &mut Nowhere::default(), reporter))?;
        check_archive(&image)?;
        warn_of_growth(&summary, record, reporter);
        record.outcome.written = Some(written(&job.plan, &summary));
        reporter.print(&format!(
            "{}: {} -> {} bytes ({})\n",
            human::name(&job.input),
            summary.image_size,
            summary.stored_size,
            human::percent(summary.stored_size, summary.image_size)
        ));
        Ok(())
    });
}

/// A file that is written and proven, and does not have its name yet.
pub(crate) struct Ready {
    part: PartFile,
    /// The source, if it stays open until the file has its name.
    source: Option<Image>,
    /// SHA-256 of the image.
    pub(crate) sha256: [u8; 32],
    /// Length and SHA-256 of the file itself, if it is for a card.
    pub(crate) file: Option<(u64, [u8; 32])>,
}

impl Ready {
    pub(super) fn new(
        part: PartFile,
        source: Image,
        sha256: [u8; 32],
        file: Option<(u64, [u8; 32])>,
    ) -> Self {
        Self { part, source: Some(source), sha256, file }
    }
}

fn compress_one(
    job: &CompressJob,
    outputs: &mut Outputs,
    record: &mut Record<Compressed>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let ready = write_one(job, outputs, record, reporter)?;
    ready.map_or(Ok(()), |ready| place_one(job, ready, outputs, record, reporter))
}

/// Writes and proves one file. `None` if there is nothing to write.
///
/// # Errors
///
/// Whatever prevents it; there is no new file then.
pub(crate) fn write_one(
    job: &CompressJob,
    outputs: &mut Outputs,
    record: &mut Record<Compressed>,
    reporter: &mut Reporter,
) -> Result<Option<Ready>, Failure> {
    let ready = write_unless_there(job, outputs, record, reporter)?;
    if ready.is_none() {
        tidy(job, outputs);
    }
    Ok(ready)
}

fn write_unless_there(
    job: &CompressJob,
    outputs: &mut Outputs,
    record: &mut Record<Compressed>,
    reporter: &mut Reporter,
) -> Result<Option<Ready>, Failure> {
    if record.outcome.skipped.is_some() {
        return Ok(None);
    }
    let image = open(job)?;
    record.input_size = Some(image.stored_len());
    let plan = &job.plan;
    record.outcome.skipped = reason_to_skip(&image, job, reporter)?;
    if record.outcome.skipped.is_some() {
        return Ok(None);
    }
    reporter.detail(&job.input, &describe(plan));

    if job.is_there && find_done(job, &image, outputs, record, reporter)? {
        return Ok(None);
    }
    let needed = (!job.try_without_room).then_some(job.needed);
    let part = begin_part(outputs, &job.input, &job.target, &job.standing, needed, record, reporter)
        .map_err(|failure| opl::explain(failure, record.outcome.profile))?;
    let raw_part = raw::begin_wanted(outputs, &image, job.raw_sidecar.as_ref(), needed, record, reporter)?;
    let summary = image.settle(pack(&image, job, &mut part.file(), reporter))?;
    check_archive(&image)?;
    warn_of_growth(&summary, record, reporter);
    let written = record.outcome.written.insert(written(plan, &summary));
    if job.image_size == job.source_size {
        let is_thorough = job.remove_source || job.raw_sidecar.is_some();
        check_header(&image, summary.digests.all(), is_thorough, reporter)?;
    }

    let sha256 = summary.digests.sha256();
    if job.handling.sidecar {
        sidecar::check(&job.target, sha256, job.standing.rule())?;
    }
    let file = part.sync()?;
    // Another descriptor only for those who need it.
    let raw_part = raw_part.map(|part| (part, file.clone()));
    let expected = Expected { image: sha256, imprint: Some(&summary.imprint) };
    let (seen, file_digest) = prove(file, job, &expected, reporter)?;
    written.lint = (plan.format != OutputFormat::Chd).then(|| lint(plan, &summary, seen));
    if let Some((raw_part, file)) = raw_part {
        let threads = plan.packing_threads();
        let written = raw::Written { path: &job.target, file, sha256, threads };
        record.outcome.raw_sidecar = Some(raw::keep(&image, raw_part, written, outputs, record, reporter)?);
    }
    if job.remove_source || job.handling.in_place {
        read_again(&image, sha256, plan.packing_threads(), reporter)?;
    }
    if job.remove_source {
        // Read before the last look at the source, so that nothing is put in place after a change.
        image.holds_more();
    }
    image.settle(Ok(()))?;
    // Some systems do not replace a file that is open.
    let source = Some(image).filter(|_| !job.handling.in_place);
    let file = file_digest.map(|digest| (summary.stored_size, digest));
    Ok(Some(Ready { part, source, sha256, file }))
}

/// Finds out whether the file that exists is what would be written. Both are decoded.
///
/// # Errors
///
/// When it is not, and must be kept; or when a file cannot be read.
pub(crate) fn is_done(
    job: &CompressJob,
    outputs: &mut Outputs,
    record: &mut Record<Compressed>,
    reporter: &Reporter,
) -> Result<bool, Failure> {
    let image = open(job)?;
    record.input_size = Some(image.stored_len());
    let is_done = find_done(job, &image, outputs, record, reporter)?;
    if is_done {
        tidy(job, outputs);
    }
    Ok(is_done)
}

fn tidy(job: &CompressJob, outputs: &Outputs) {
    let sidecar = job.raw_sidecar.as_ref().map(|sidecar| sidecar.target.as_path());
    let source = job.remove_source.then_some(job.input.as_path());
    already::tidy(outputs, [Some(job.target.as_path()), sidecar, source]);
}

fn find_done(
    job: &CompressJob,
    image: &Image,
    outputs: &mut Outputs,
    record: &mut Record<Compressed>,
    reporter: &Reporter,
) -> Result<bool, Failure> {
    let there = There {
        target: &job.target,
        standing: &job.standing,
        wanted: Wanted::Packed(&job.plan),
        threads: job.plan.threads,
        sidecar: job.handling.sidecar,
    };
    let Some(done) = already::find(outputs, image, &there, reporter)? else { return Ok(false) };
    record.outcome.already_done = Some(job.target.clone());
    record.outcome.source_removed = job.remove_source.then_some(false);
    record.outcome.sidecar = done.sidecar;
    Ok(true)
}

/// Gives a finished file its name.
///
/// # Errors
///
/// Whatever prevents it, or what follows: the digest beside the file, and deleting the source.
pub(crate) fn place_one(
    job: &CompressJob,
    ready: Ready,
    outputs: &mut Outputs,
    record: &mut Record<Compressed>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let Ready { part, source, sha256, .. } = ready;
    let placed = put_in_place(outputs, part, &job.target, &job.standing, &mut record.outcome.output);
    warn_of_second_name(&job.target, record, reporter);
    placed?;
    if job.handling.sidecar {
        record.outcome.sidecar = Some(sidecar::write(outputs, &job.target, sha256, job.standing.rule())?);
    }
    if job.remove_source
        && let Some(image) = &source
    {
        remove_source(image, &job.target, &mut record.outcome.source_removed)?;
    }
    Ok(())
}

/// Reopens the image that was examined when the job was planned.
pub(super) fn open(job: &CompressJob) -> Result<Image, Failure> {
    let image = Image::open_steady(&job.input)?;
    if job.raw_sidecar.is_some() {
        image.take_all();
    } else if job.try_without_room {
        image.take_losses();
    }
    if image.layout().image_size() == job.source_size { Ok(image) } else { Err(Failure::InputChanged) }
}

fn pack(
    image: &Image,
    job: &CompressJob,
    sink: &mut (impl Write + Seek),
    reporter: &Reporter,
) -> Result<Summary, Failure> {
    let mut workspace = Workspace::reading_forward(image, job.plan.packing_threads());
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("packing", &job.input, job.image_size, &monitor);
    let source = Resized::new(workspace.reader(image), job.image_size);
    Ok(encode(source, sink, &job.plan, digest_set(image, reporter), &monitor)?)
}

/// Warns if packing did not save anything.
fn warn_of_growth(summary: &Summary, record: &mut Record<Compressed>, reporter: &mut Reporter) {
    if summary.stored_size > summary.image_size {
        let (file, image) = (human::number(summary.stored_size), human::number(summary.image_size));
        let text =
            format!("the file is larger than the disc: {file} bytes for {image}; keep the ISO instead");
        reporter.warn(record, text);
    }
}

/// The written file, before its lint result is known.
fn written(plan: &Plan, summary: &Summary) -> Written {
    Written {
        format: plan.format,
        block_size: plan.block_size,
        index_shift: plan.index_shift,
        optimize: plan.optimize,
        image_size: summary.image_size,
        stored_size: summary.stored_size,
        blocks: (plan.format != OutputFormat::Chd).then_some(summary.blocks),
        digests: summary.digests.all().copied(),
        lint: None,
    }
}

/// The lint result for the finished file, and for the streams that it kept out of it.
fn lint(plan: &Plan, summary: &Summary, seen: Seen) -> Lint {
    let kept_out = if plan.firmware_safe { summary.lint_findings.clone() } else { BTreeMap::new() };
    Lint { in_file: seen.lint, kept_out }
}

/// The chosen settings, for verbose output.
fn describe(plan: &Plan) -> String {
    if plan.format == OutputFormat::Chd {
        return format!(
            "CHD, hunks of {} bytes, lzma, zlib, huff or flac, {} threads",
            plan.block_size, plan.threads
        );
    }
    let mut text = format!(
        "{}, blocks of {} bytes, index shift {}, plain from {} % on, {} threads",
        plan.format,
        plan.block_size,
        plan.index_shift,
        plan.threshold.percent(),
        plan.threads
    );
    if plan.format != OutputFormat::Zso {
        text += &format!(", {}", level::deflate_name(plan.deflate));
    }
    if matches!(plan.format, OutputFormat::Zso | OutputFormat::Cso2) {
        text += &format!(", {}", level::lz4_name(plan.lz4));
    }
    if plan.optimize == Optimize::Load {
        text += ", each block for the shortest loading time";
    }
    text
}

/// A file that is never kept.
#[derive(Debug, Default)]
struct Nowhere {
    at: u64,
    end: u64,
}

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.at += bytes.len() as u64;
        self.end = self.end.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
pub(in crate::run) mod tests;
