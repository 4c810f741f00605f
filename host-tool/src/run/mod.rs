//! The verbs at work, one file each.

mod already;
mod compare;
mod compress;
mod copy;
mod dat;
mod extract;
mod info;
mod library;
mod lint;
mod man;
mod prove;
mod raw;
pub mod serve;
mod verify;

#[cfg(all(test, target_os = "linux"))]
mod device_tests;
#[cfg(test)]
mod output_tests;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use image_writer::{DigestSet, Digests};
use sha2::{Digest, Sha256};

pub use compare::compare;
pub use compress::{compress, measure};
pub(crate) use compress::{is_done, place_one, write_one};
pub(crate) use copy::{copy_one, is_right};
pub use dat::dat;
pub use extract::extract;
pub use info::info;
pub use library::library;
pub(crate) use library::{Due, verify_due, wanted};
pub(crate) use lint::reason_to_skip;
pub use man::{completions, man};
pub use raw::restore;
pub use verify::{crc32, verify};

use crate::content::Origin;
use crate::failure::Failure;
use crate::human;
use crate::identity::FileId;
use crate::image::Image;
use crate::interrupt;
use crate::output::{Outputs, PartFile, Standing, part_path};
use crate::plan::Planned;
use crate::progress::{Bars, Place};
use crate::report::{Outcome, Record, Reporter};
use crate::scan::{self, OnDamage, Options, Part};
use crate::{identity, target, volume};

/// One pass over a file.
const ONE_PASS: &[f64] = &[1.0];

/// Does the work on each file in turn. `passes` are the shares of time of the passes over each. A failure
/// of one file does not stop the others; an interruption does.
pub(crate) fn each<J, O: Into<Outcome>>(
    jobs: Vec<Planned<J, O>>,
    passes: &'static [f64],
    reporter: &mut Reporter,
    work: impl FnMut(&J, &mut Record<O>, &mut Reporter) -> Result<(), Failure>,
) {
    each_until(jobs, passes, reporter, || true, work);
}

/// As [`each`], as long as `goes_on` before each file.
fn each_until<J, O: Into<Outcome>>(
    jobs: Vec<Planned<J, O>>,
    passes: &'static [f64],
    reporter: &mut Reporter,
    goes_on: impl Fn() -> bool,
    work: impl FnMut(&J, &mut Record<O>, &mut Reporter) -> Result<(), Failure>,
) {
    let sizes = jobs.iter().map(|(_, record)| weight(&record.input)).collect();
    each_sized(jobs, sizes, passes, reporter, goes_on, work);
}

/// As [`each`], with the bytes of work on each file, by which the progress of the run is measured.
pub(crate) fn each_of<J, O: Into<Outcome>>(
    jobs: Vec<Planned<J, O>>,
    sizes: Vec<u64>,
    passes: &'static [f64],
    reporter: &mut Reporter,
    work: impl FnMut(&J, &mut Record<O>, &mut Reporter) -> Result<(), Failure>,
) {
    each_sized(jobs, sizes, passes, reporter, || true, work);
}

fn each_sized<J, O: Into<Outcome>>(
    jobs: Vec<Planned<J, O>>,
    sizes: Vec<u64>,
    passes: &'static [f64],
    reporter: &mut Reporter,
    goes_on: impl Fn() -> bool,
    mut work: impl FnMut(&J, &mut Record<O>, &mut Reporter) -> Result<(), Failure>,
) {
    let places = places(sizes);
    for ((job, mut record), place) in jobs.into_iter().zip(places) {
        reporter.begin_file(Some(place), passes);
        if interrupt::requested() {
            reporter.interrupted();
            return;
        }
        if !goes_on() {
            return;
        }
        let begun = Instant::now();
        record.input_size = std::fs::metadata(&record.input).ok().map(|metadata| metadata.len());
        if let Err(failure) = work(&job, &mut record, reporter) {
            record.fail(failure);
        }
        record.seconds = Some(begun.elapsed().as_secs_f64());
        reporter.finish(record);
    }
    reporter.next_pass().end();
}

/// The bytes of work on an image: a CUE sheet is read for the files that it names.
fn weight(input: &Path) -> u64 {
    let own = std::fs::metadata(input).map_or(0, |file| file.len());
    if target::known_extension(input) != Some("cue") {
        return own;
    }
    Image::open(input).map_or(own, |image| image.stored_len())
}

/// Creates the records of a run that only reads.
fn records<O: Default>(inputs: &[PathBuf]) -> Vec<Planned<(), O>> {
    inputs.iter().map(|input| ((), Record::new(input, O::default()))).collect()
}

fn bars(reporter: &Reporter) -> Bars {
    reporter.next_pass()
}

/// Each file's place in the run, measured in bytes.
fn places(sizes: Vec<u64>) -> Vec<Place> {
    let all = sizes.iter().sum::<u64>().max(1);
    let (begun, count) = (Instant::now(), sizes.len());
    let mut before = 0;
    let place = |(number, size): (usize, u64)| {
        #[expect(clippy::cast_precision_loss, reason = "for reading, not for counting")]
        let share = |bytes: u64| bytes as f64 / all as f64;
        let place = Place { number: number + 1, count, before: share(before), share: share(size), begun };
        before += size;
        place
    };
    sizes.into_iter().enumerate().map(place).collect()
}

/// Creates the part file of `target` for the converted `source`, if there is space for `needed` bytes.
fn begin_part<O>(
    outputs: &Outputs,
    source: &Path,
    target: &Path,
    standing: &Standing,
    needed: Option<u64>,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<PartFile, Failure> {
    standing.make_folders(target)?;
    if let Some(needed) = needed {
        volume::check(target, needed)?;
    }
    let mut part = outputs.begin(target, standing)?;
    part.resemble(source);
    if part.took_over() {
        let name = human::name(&part_path(target));
        reporter.warn(record, format!("{name} was left behind by a run that was killed; it is written anew"));
    }
    Ok(part)
}

/// Gives the verified file its name, and notes that in `output`, unless a signal has arrived.
fn put_in_place(
    outputs: &mut Outputs,
    part: PartFile,
    target: &Path,
    standing: &Standing,
    output: &mut Option<PathBuf>,
) -> Result<(), Failure> {
    let outcome = outputs.commit(part, standing);
    if matches!(outcome, Ok(()) | Err(Failure::FolderSync(_))) {
        *output = Some(target.to_owned());
    }
    outcome
}

/// Compares a disc in an archive with the CRC-32 in the archive. When the disc has just been read, little is
/// left to read.
fn check_archive(image: &Image) -> Result<(), Failure> {
    image.origin().map_or(Ok(()), |origin| image.settle(origin.check_archive(&interrupt::monitor())))
}

/// Warns if the finished file has kept its part file's name as well: in append-only folders it cannot be
/// removed.
fn warn_of_second_name<O>(target: &Path, record: &mut Record<O>, reporter: &mut Reporter) {
    let part = part_path(target);
    if let (Ok(left), Ok(made)) = (FileId::named(&part), FileId::named(target))
        && left == made
    {
        let name = human::name(&part);
        reporter.warn(record, format!("{name} could not be removed; it is a second name of the new file"));
    }
}

/// Reads a source once more from the disk before it is deleted, and compares it with the first read.
/// Otherwise the result of one wrong read could be all that is left.
fn read_again(
    image: &Image,
    expected: [u8; 32],
    threads: NonZeroUsize,
    reporter: &Reporter,
) -> Result<(), Failure> {
    image.forget_cached();
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("reading again", image.path(), image.layout().image_size(), &monitor);
    let options = Options { threads, on_damage: OnDamage::Stop, listed: reporter.list_limit(), lint: false };
    let mut digest = Sha256::new();
    image.settle(scan::run(image, options, &monitor, |part| {
        if let Part::Data(bytes) = part {
            digest.update(bytes.as_slice());
        }
        Ok(())
    }))?;
    let got: [u8; 32] = digest.finalize().into();
    if got == expected {
        return Ok(());
    }
    Err(Failure::Unsteady { expected: human::hex(&expected), got: human::hex(&got) })
}

/// Deletes the source of a file that has been verified and put in place, unless something prevents it. The
/// result is in `removed`.
fn remove_source(image: &Image, target: &Path, removed: &mut Option<bool>) -> Result<(), Failure> {
    *removed = Some(false);
    let source = image.path();
    // A run that replaces the source holds this lock. The file that it has put there, or is about to, is
    // not the one that was read.
    let lock = PartFile::create(source);
    let is_link = std::fs::symlink_metadata(source).is_ok_and(|metadata| metadata.is_symlink());
    let reason = if identity::is_same(source, target) {
        Some("it is the new file".to_owned())
    } else if matches!(lock, Err(Failure::PartInUse(_))) {
        Some("another run is writing a file of its name".to_owned())
    } else if is_link {
        Some("it is a link to a file elsewhere".to_owned())
    } else if let Some(more) = image.holds_more() {
        Some(format!("it holds more than the new file: {more}"))
    } else if !image.is_unchanged() {
        Some("it changed while it was read".to_owned())
    } else {
        std::fs::remove_file(source).err().map(|error| error.to_string())
    };
    match reason {
        None => *removed = Some(true),
        Some(reason) => return Err(Failure::SourceKept(reason)),
    }
    Ok(())
}

/// The MD5 in an image's header; only JSO has one. Writers that do not compute it leave zeros.
fn header_md5(image: &Image) -> Option<[u8; 16]> {
    image.layout().image_md5().filter(|md5| *md5 != [0; 16])
}

/// The digests to compute while an image is read: all of them only if they will be shown or compared. The
/// line about a finished file includes its SHA-1.
fn digest_set(image: &Image, reporter: &Reporter) -> DigestSet {
    let is_seen = reporter.verbosity().json || !reporter.verbosity().quiet;
    let is_told = header_md5(image).is_some() || image.origin().is_some_and(Origin::is_told_by_sha1);
    if is_seen || is_told { DigestSet::All } else { DigestSet::Sha256 }
}

/// Compares what was read of an image with the digests in its header. The CHD of a CD has to be decoded once more for that;
/// `is_thorough` says whether it is.
fn check_header(
    image: &Image,
    digests: Option<&Digests>,
    is_thorough: bool,
    reporter: &Reporter,
) -> Result<(), Failure> {
    check_header_md5(image, digests.map(|digests| digests.md5))?;
    let Some(origin) = image.origin() else { return Ok(()) };
    match digests {
        Some(digests) if origin.is_told_by_sha1() => check_chd(image, Some(digests.sha1), reporter),
        _ if is_thorough => check_chd(image, None, reporter),
        _ => image.settle(origin.check_chd_header()),
    }
}

/// Compares a CHD with its header. `sha1` is the image's.
fn check_chd(image: &Image, sha1: Option<[u8; 20]>, reporter: &Reporter) -> Result<(), Failure> {
    let Some(origin) = image.origin() else { return Ok(()) };
    let monitor = interrupt::monitor();
    // Only decoding it once more takes time, and is a pass of its own.
    let is_told = sha1.is_some() && origin.is_told_by_sha1();
    let len = if is_told { 0 } else { origin.source().chd_len() };
    let _bar = (len > 0).then(|| bars(reporter).start("checking", image.path(), len, &monitor));
    image.settle(origin.check_chd(sha1, &monitor))
}

/// Compares an image's MD5 with the one in its header.
fn check_header_md5(image: &Image, got: Option<[u8; 16]>) -> Result<(), Failure> {
    let Some(expected) = header_md5(image) else { return Ok(()) };
    if got == Some(expected) {
        return Ok(());
    }
    let got = got.map_or_else(|| "none taken".to_owned(), |md5| human::hex(&md5));
    Err(Failure::HeaderMd5 { expected: human::hex(&expected), got })
}

/// Compares what was read back from a finished file with its intended content.
fn check_digest(expected: [u8; 32], read_back: Sha256) -> Result<(), Failure> {
    let got: [u8; 32] = read_back.finalize().into();
    if got == expected {
        return Ok(());
    }
    Err(Failure::Digest { expected: human::hex(&expected), got: human::hex(&got) })
}
