//! Turns requests into jobs: examines every input and every target, and refuses anything that cannot
//! succeed, before any work is done.

mod chd;
mod look;
pub mod raw;
mod requests;

use std::path::{Path, PathBuf};

use image_writer::{OutputFormat, Plan};
use sector_decode::{Format, SECTOR_SIZE};

pub(crate) use self::look::{achievements, identify, look_at, note_cut_off, open, open_steady};
pub use self::requests::usage_error;
use crate::failure::Failure;
use crate::handling::{Claim, Handling};
use crate::human;
use crate::image::Image;
use crate::opl;
use crate::output::{Existing, Standing};
use crate::plan::raw::{SidecarJob, accept_losses, claim_sidecar};
use crate::profile::{self, Choice, CompressOptions, Profile};
use crate::report::{Compressed, Extracted, Outcome, Record, Reporter, Skipped};
use crate::tail::Tail;
use crate::target::{self, Claims, Target};
use disc_info::Disc;

/// The request of a `compress` run.
#[derive(Clone, Debug)]
pub struct CompressRequest {
    /// Images to compress.
    pub inputs: Vec<PathBuf>,
    /// Where the files go.
    pub target: Target,
    /// What to do with existing files.
    pub existing: Existing,
    /// Whether to start even if there may not be enough space.
    pub try_without_room: bool,
    /// Who the files are for, if the user said so.
    pub profile: Option<Profile>,
    /// Whether to refuse discs of neither console unless a profile or format was named.
    pub only_known_discs: bool,
    /// Whether a profile accepts discs that its readers do not play, as other tools do.
    pub any_console: bool,
    /// What to do with bytes past the last whole sector; `None` refuses them.
    pub tail: Option<Tail>,
    /// The user's settings.
    pub compress_options: CompressOptions,
    /// Whether to delete the sources afterwards.
    pub remove_source: bool,
    /// Whether to keep the rest of a CD dump.
    pub keep_raw: bool,
    /// How files among many are treated.
    pub handling: Handling,
}

/// The request of an `extract` run.
#[derive(Clone, Debug)]
pub struct ExtractRequest {
    /// Images to extract.
    pub inputs: Vec<PathBuf>,
    /// Where the files go.
    pub target: Target,
    /// What to do with existing files.
    pub existing: Existing,
    /// Whether to start even if there may not be enough space.
    pub try_without_room: bool,
    /// Whether to fill damaged blocks with zeros.
    pub keep_going: bool,
    /// Whether to delete the sources afterwards.
    pub remove_source: bool,
    /// How many threads decode.
    pub threads: std::num::NonZeroUsize,
    /// Whether to keep the rest of a CD dump.
    pub keep_raw: bool,
    /// How files among many are treated.
    pub handling: Handling,
}

/// One image to compress, with every decision made.
#[derive(Clone, Debug)]
pub struct CompressJob {
    /// The image.
    pub input: PathBuf,
    /// The output file.
    pub target: PathBuf,
    /// What already exists there, and what to do with it.
    pub standing: Standing,
    /// Whether a file exists that has to be kept. If it turns out to be what would be written, there is
    /// nothing to do.
    pub is_there: bool,
    /// Whether to start even if there may not be enough space.
    pub try_without_room: bool,
    /// Bytes that have to be free for it.
    pub needed: u64,
    /// How it is written.
    pub plan: Plan,
    /// Size of the image that is packed, in bytes.
    pub image_size: u64,
    /// Size of the image in the input. It only differs if bytes past the last whole sector are dropped or
    /// padded.
    pub source_size: u64,
    /// Whether to delete the source afterwards.
    pub remove_source: bool,
    /// The rest of a CD dump, if it is kept.
    pub raw_sidecar: Option<SidecarJob>,
    /// How files among many are treated.
    pub handling: Handling,
}

/// One image to extract.
#[derive(Clone, Debug)]
pub struct ExtractJob {
    /// The image.
    pub input: PathBuf,
    /// The output file.
    pub target: PathBuf,
    /// What already exists there, and what to do with it.
    pub standing: Standing,
    /// Whether a file exists that has to be kept. If it turns out to be what would be written, there is
    /// nothing to do.
    pub is_there: bool,
    /// Whether to start even if there may not be enough space.
    pub try_without_room: bool,
    /// Whether to fill damaged blocks with zeros.
    pub keep_going: bool,
    /// Whether to delete the source afterwards.
    pub remove_source: bool,
    /// How many threads decode.
    pub threads: std::num::NonZeroUsize,
    /// The rest of a CD dump, if it is kept.
    pub raw_sidecar: Option<SidecarJob>,
    /// How files among many are treated.
    pub handling: Handling,
}

/// A job with the record of its file. Refused files have already been reported.
pub type Planned<J, O> = (J, Record<O>);

/// Plans a whole compression run and reports refused files.
pub fn compress(
    request: &CompressRequest,
    claims: &mut Claims,
    reporter: &mut Reporter,
) -> Vec<Planned<CompressJob, Compressed>> {
    let by_name = request.by_name();
    plan_each(
        &request.inputs,
        claims,
        reporter,
        |input, claims, record: &mut Record<Compressed>, reporter| {
            let existing = by_name.as_ref().and_then(|names| names.existing(&request.target, input));
            record.outcome.skipped = skipped(request.handling, claims, existing, input);
            if record.outcome.skipped.is_some() {
                return Ok(None);
            }
            compress_one(request, input, claims, record, reporter).map(Some)
        },
    )
}

/// Returns why there is nothing to do for an input with this existing target, if nothing is wrong with that.
fn skipped(
    handling: Handling,
    claims: &mut Claims,
    existing: Option<PathBuf>,
    input: &Path,
) -> Option<Skipped> {
    handling.claim(claims, &existing?, input, Existing::Keep).ok()?.skipped
}

/// Plans one file of a compression run.
///
/// # Errors
///
/// Why it is refused. What is known of the disc is in the record even then.
pub(crate) fn compress_one(
    request: &CompressRequest,
    input: &Path,
    claims: &mut Claims,
    record: &mut Record<Compressed>,
    reporter: &mut Reporter,
) -> Result<CompressJob, Failure> {
    let image = open(input, record, reporter)?;
    let wants_chd = chd::is_wanted(request);
    if wants_chd {
        chd::refuse_dump(&image)?;
    }
    accept_losses(&image, request.try_without_room, request.keep_raw, record, reporter)?;
    let source_size = image.layout().image_size();
    let disc = identify(&image, record, reporter)?;
    if disc.is_raw_cd {
        return Err(Failure::RawCdSectors);
    }
    if wants_chd {
        chd::refuse_image(&image, &disc, request.compress_options.ignore_limits)?;
    }
    let size = whole_sectors(source_size, request.tail, &disc, record, reporter);
    let chosen = size.and_then(|size| Ok((size, choose(request, &disc, size)?)));
    record.outcome.disc = Some(disc);
    let (size, (profile, choice)) = chosen?;
    record.outcome.profile = Some(profile);
    let disc = record.outcome.disc.as_ref().expect("set above");
    let format = choice.plan.format;
    let target = path(request.handling, &request.target, claims, &image, disc, extension(format))?;
    if profile == Profile::Opl {
        let notes = [opl::volume_note(disc, &image), opl::name_note(&target)];
        notes.into_iter().flatten().for_each(|note| reporter.warn(record, note));
    }
    let Claim { standing, is_there, skipped } =
        claim(request.handling, claims, &target, &image, request.existing)?;
    record.outcome.skipped = skipped;
    let there = (target.as_path(), is_there);
    let raw_sidecar =
        claim_sidecar(claims, &image, there, request.existing, request.keep_raw, record, reporter)?;
    if request.handling.in_place {
        if let Some(more) = image.holds_more() {
            return Err(Failure::InPlaceMore(more));
        }
        if !is_named_in_place(format, &target) {
            return Err(Failure::InPlaceName(format));
        }
    }
    if target::known_extension(&target).is_some_and(|named| !is_named_like(format, named)) {
        let name = human::name(&target);
        reporter.warn(record, format!("{name} will be a {format} image, whatever its name says"));
    }
    for note in choice.notes {
        reporter.warn(record, note);
    }
    Ok(CompressJob {
        input: input.to_owned(),
        target,
        standing,
        is_there,
        try_without_room: request.try_without_room,
        needed: choice.plan.worst_case_len(size),
        plan: choice.plan,
        image_size: size,
        source_size,
        remove_source: request.remove_source,
        raw_sidecar,
        handling: request.handling,
    })
}

/// Plans a whole extraction run and reports refused files.
pub fn extract(
    request: &ExtractRequest,
    claims: &mut Claims,
    reporter: &mut Reporter,
) -> Vec<Planned<ExtractJob, Extracted>> {
    let by_name = request.by_name();
    plan_each(&request.inputs, claims, reporter, |input, claims, record: &mut Record<Extracted>, reporter| {
        let existing = by_name.as_ref().and_then(|names| names.existing(&request.target, input));
        record.outcome.skipped = skipped(request.handling, claims, existing, input);
        if record.outcome.skipped.is_some() {
            return Ok(None);
        }
        let image = open(input, record, reporter)?;
        if image.layout().format() == Format::Iso && image.origin().is_none() {
            return Err(Failure::AlreadyPlain);
        }
        accept_losses(&image, request.try_without_room, request.keep_raw, record, reporter)?;
        // Damage is found by the work itself.
        let disc = look_at(&image).ok();
        if let Some(disc) = &disc {
            note_cut_off(&image, disc, record, reporter);
        }
        let target = path(
            request.handling,
            &request.target,
            claims,
            &image,
            disc.as_ref().unwrap_or(&Disc::default()),
            "iso",
        )?;
        record.outcome.disc = disc;
        let Claim { standing, is_there, skipped } =
            claim(request.handling, claims, &target, &image, request.existing)?;
        record.outcome.skipped = skipped;
        let there = (target.as_path(), is_there);
        let raw_sidecar =
            claim_sidecar(claims, &image, there, request.existing, request.keep_raw, record, reporter)?;
        Ok(Some(ExtractJob {
            input: input.to_owned(),
            target,
            standing,
            is_there,
            try_without_room: request.try_without_room,
            keep_going: request.keep_going,
            remove_source: request.remove_source,
            threads: request.threads,
            raw_sidecar,
            handling: request.handling,
        }))
    })
}

/// Returns where the file for an image goes. The folders of Open PS2 Loader will be made.
fn path(
    handling: Handling,
    target: &Target,
    claims: &mut Claims,
    image: &Image,
    disc: &Disc,
    extension: &str,
) -> Result<PathBuf, Failure> {
    match target {
        Target::Opl(folder) => {
            let beside = image.path().parent().unwrap_or(Path::new(""));
            let folder = folder.as_deref().unwrap_or(beside);
            claims.make_folders_below(folder);
            opl::path(folder, image, disc, extension)
        }
        other => Ok(handling.target(other, image.path(), extension)),
    }
}

/// Claims a target, which must not be a part of the source.
fn claim(
    handling: Handling,
    claims: &mut Claims,
    target: &Path,
    image: &Image,
    existing: Existing,
) -> Result<Claim, Failure> {
    raw::spare_parts(image, target)?;
    handling.claim(claims, target, image.path(), existing)
}

/// Plans each file, and reports those for which there is no job.
fn plan_each<J, O: Default + Into<Outcome>>(
    inputs: &[PathBuf],
    claims: &mut Claims,
    reporter: &mut Reporter,
    mut plan: impl FnMut(&Path, &mut Claims, &mut Record<O>, &mut Reporter) -> Result<Option<J>, Failure>,
) -> Vec<Planned<J, O>> {
    let mut planned = Vec::new();
    for input in inputs {
        let mut record = Record::new(input, O::default());
        match plan(input, claims, &mut record, reporter) {
            Ok(Some(job)) => planned.push((job, record)),
            Ok(None) => reporter.finish(record),
            Err(failure) => {
                record.fail(failure);
                reporter.finish(record);
            }
        }
    }
    planned
}

/// Returns the size of the image that is packed: the input's, or a whole number of sectors if the input has
/// extra bytes and the user said what to do with them.
fn whole_sectors<O>(
    size: u64,
    tail: Option<Tail>,
    disc: &Disc,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<u64, Failure> {
    let sector = u64::from(SECTOR_SIZE);
    let rest = size % sector;
    if rest == 0 {
        return Ok(size);
    }
    let bytes = human::count(rest, "byte", "bytes");
    match tail {
        _ if size < sector => Err(Failure::NotWholeSectors { size }),
        Some(Tail::Drop) => {
            reporter.warn(record, format!("{bytes} past the last sector are left out (--tail drop)"));
            Ok(size - rest)
        }
        Some(Tail::Pad) => {
            let zeros = human::count(sector - rest, "zero", "zeros");
            reporter.warn(
                record,
                format!("{bytes} past the last sector are filled up with {zeros} (--tail pad)"),
            );
            Ok(size - rest + sector)
        }
        // The file system is complete, so anything after it is something else.
        None if disc.volume_sectors.is_some_and(|sectors| u64::from(sectors) <= size / sector) => {
            Err(Failure::PastLastSector { rest })
        }
        None => Err(Failure::NotWholeSectors { size }),
    }
}

/// Decides who the file is for and how it is written.
fn choose(request: &CompressRequest, disc: &Disc, size: u64) -> Result<(Profile, Choice), Failure> {
    let mut compress_options = request.compress_options;
    if let Some(profile) = request.profile.filter(|_| !request.any_console) {
        profile::check_console(profile, disc, compress_options.ignore_limits).map_err(Failure::Profile)?;
    }
    let by_name = format_by_name(&request.target);
    let mut guessed = false;
    let profile = match (request.profile, compress_options.to) {
        (Some(profile), _) => {
            compress_options.to = compress_options.to.or(by_name);
            profile
        }
        (None, Some(_)) => Profile::Any,
        (None, None) => {
            let detected = Profile::for_disc(disc);
            if detected.is_none() && request.only_known_discs {
                return Err(Failure::UnknownDisc);
            }
            let profile = detected.unwrap_or(Profile::Psp);
            compress_options.to = by_name;
            // The name can request a format that this disc's profile does not write.
            if by_name.is_none_or(|format| profile.formats().contains(&format)) {
                guessed = detected.is_none();
                profile
            } else {
                Profile::Any
            }
        }
    };
    if compress_options.to == Some(OutputFormat::Chd) {
        compress_options.block_size = compress_options.block_size.or_else(|| Some(chd::hunk_size(disc)));
    }
    let mut choice = profile::choose(profile, &compress_options, size).map_err(Failure::Profile)?;
    if guessed {
        let text = if disc.is_partly_unreadable {
            "Which disc this is cannot be read; packing it for the PSP (--for names a reader)."
        } else {
            "This does not look like a PSP or PS2 disc; packing it for the PSP anyway (--for names a reader)."
        };
        choice.notes.insert(0, text.into());
    }
    Ok((profile, choice))
}

/// The format that the name given with `-o` requests. CSO v2 files are named like CSO files, by all tools.
fn format_by_name(target: &Target) -> Option<OutputFormat> {
    let Target::File(file) = target else { return None };
    let extension = target::known_extension(file)?;
    OutputFormat::ALL.into_iter().find(|format| format.name() == extension)
}

/// Returns whether files of this format may have this extension.
pub(crate) fn is_named_like(format: OutputFormat, extension_found: &str) -> bool {
    extension_found == extension(format) || (extension_found == "ciso" && extension(format) == "cso")
}

/// Returns whether a file of this format keeps a name that it gets in place of another.
fn is_named_in_place(format: OutputFormat, target: &Path) -> bool {
    target::known_extension(target).is_some_and(|named| is_named_like(format, named))
}

/// The extension that readers expect.
pub(crate) const fn extension(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Cso | OutputFormat::Cso2 => "cso",
        OutputFormat::Zso => "zso",
        OutputFormat::Dax => "dax",
        OutputFormat::Jso => "jso",
        OutputFormat::Chd => "chd",
    }
}
