//! Turns requests into jobs: examines every input and every target, and refuses anything that cannot
//! succeed, before any work is done.

use std::path::{Path, PathBuf};

use image_writer::{OutputFormat, Plan};
use sector_decode::{Format, ReadError, SECTOR_SIZE};

use crate::cli::{CompressArgs, ExtractArgs, FORMATS, TargetArgs, threads_or_default};
use crate::content::Origin;
use crate::failure::Failure;
use crate::human;
use crate::image::{Image, Workspace};
use crate::output::{Existing, Standing};
use crate::profile::{self, Choice, CompressOptions, Profile};
use crate::report::{Compressed, CutOff, Extracted, Outcome, Record, Reporter};
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
    /// How it is written.
    pub plan: Plan,
    /// Size of the image that is packed, in bytes.
    pub image_size: u64,
    /// Size of the image in the input. It only differs if bytes past the last whole sector are dropped or
    /// padded.
    pub source_size: u64,
    /// Whether to delete the source afterwards.
    pub remove_source: bool,
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
}

/// A job with the record of its file. Refused files have already been reported.
pub type Planned<J, O> = (J, Record<O>);

impl From<CompressArgs> for CompressRequest {
    fn from(args: CompressArgs) -> Self {
        Self {
            target: args.target.target(),
            existing: args.target.existing(),
            try_without_room: args.target.ignore_limits,
            profile: args.profile,
            only_known_discs: false,
            any_console: false,
            tail: args.tail,
            compress_options: CompressOptions {
                to: args.to,
                block_size: args.block_size,
                level: args.level.level(),
                threshold: args.threshold,
                optimize: args.optimize,
                align: args.align,
                ignore_limits: args.target.ignore_limits,
                threads: threads_or_default(args.threads),
            },
            remove_source: args.rm,
            inputs: args.inputs,
        }
    }
}

impl From<ExtractArgs> for ExtractRequest {
    fn from(args: ExtractArgs) -> Self {
        Self {
            target: args.target.target(),
            existing: args.target.existing(),
            try_without_room: args.target.ignore_limits,
            keep_going: args.keep_going,
            remove_source: args.rm,
            threads: threads_or_default(args.threads),
            inputs: args.inputs,
        }
    }
}

/// Returns the usage error of arguments that are valid individually but not together.
pub fn usage_error(inputs: &[PathBuf], target: &TargetArgs) -> Option<&'static str> {
    let output = target.output.as_ref()?;
    if inputs.len() > 1 {
        return Some("-o names one file, but there are several inputs; use -d to name a folder");
    }
    (output.as_os_str() == "-")
        .then_some("cannot write to standard output: the finished file must be read back and checked")
}

/// Plans a whole compression run and reports refused files.
pub fn compress(
    request: &CompressRequest,
    claims: &mut Claims,
    reporter: &mut Reporter,
) -> Vec<Planned<CompressJob, Compressed>> {
    plan_each(
        &request.inputs,
        claims,
        reporter,
        |input, claims, record: &mut Record<Compressed>, reporter| {
            let image = open(input, record, reporter)?;
            let source_size = image.layout().image_size();
            let disc = identify(&image, record, reporter)?;
            if disc.is_raw_cd {
                return Err(Failure::RawCdSectors);
            }
            accept_losses(&image, request.try_without_room, record, reporter)?;
            let size = whole_sectors(source_size, request.tail, &disc, record, reporter);
            let chosen = size.and_then(|size| Ok((size, choose(request, &disc, size)?)));
            record.outcome.disc = Some(disc);
            let (size, (profile, choice)) = chosen?;
            record.outcome.profile = Some(profile);
            let target = request.target.path(input, extension(choice.plan.format));
            let (standing, is_there) = claim(claims, &target, input, request.existing)?;
            let format = choice.plan.format;
            if target::known_extension(&target).is_some_and(|named| !is_named_like(format, named)) {
                let (name, format) = (human::name(&target), format.format());
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
                plan: choice.plan,
                image_size: size,
                source_size,
                remove_source: request.remove_source,
            })
        },
    )
}

/// Plans a whole extraction run and reports refused files.
pub fn extract(
    request: &ExtractRequest,
    claims: &mut Claims,
    reporter: &mut Reporter,
) -> Vec<Planned<ExtractJob, Extracted>> {
    plan_each(&request.inputs, claims, reporter, |input, claims, record: &mut Record<Extracted>, reporter| {
        let image = open(input, record, reporter)?;
        if image.layout().format() == Format::Iso && image.origin().is_none() {
            return Err(Failure::AlreadyPlain);
        }
        accept_losses(&image, request.try_without_room, record, reporter)?;
        // Damage is found by the work itself.
        if let Ok(disc) = look_at(&image) {
            note_cut_off(&image, &disc, record, reporter);
            record.outcome.disc = Some(disc);
        }
        let target = request.target.path(input, "iso");
        let (standing, is_there) = claim(claims, &target, input, request.existing)?;
        Ok(ExtractJob {
            input: input.to_owned(),
            target,
            standing,
            is_there,
            try_without_room: request.try_without_room,
            keep_going: request.keep_going,
            remove_source: request.remove_source,
            threads: request.threads,
        })
    })
}

/// Claims a target; returns what exists there, and whether that is a file that has to be kept.
fn claim(
    claims: &mut Claims,
    target: &Path,
    input: &Path,
    existing: Existing,
) -> Result<(Standing, bool), Failure> {
    match claims.claim(target, input, existing) {
        Ok(standing) => Ok((standing, false)),
        Err(Failure::TargetExists(_)) => Ok((Standing::at(target, existing), true)),
        Err(failure) => Err(failure),
    }
}

/// Refuses to drop what an image of 2048-byte sectors cannot hold, unless the user allows it.
fn accept_losses<O>(
    image: &Image,
    is_wanted: bool,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let Some(losses) = image.origin().and_then(Origin::losses) else { return Ok(()) };
    if !is_wanted {
        return Err(Failure::Losses(losses));
    }
    reporter.warn(record, format!("left out: {losses}"));
    Ok(())
}

fn plan_each<J, O: Default + Into<Outcome>>(
    inputs: &[PathBuf],
    claims: &mut Claims,
    reporter: &mut Reporter,
    mut plan: impl FnMut(&Path, &mut Claims, &mut Record<O>, &mut Reporter) -> Result<J, Failure>,
) -> Vec<Planned<J, O>> {
    let mut planned = Vec::new();
    for input in inputs {
        let mut record = Record::new(input, O::default());
        match plan(input, claims, &mut record, reporter) {
            Ok(job) => planned.push((job, record)),
            Err(failure) => {
                record.fail(failure);
                reporter.finish(record);
            }
        }
    }
    planned
}

/// Opens an image, and warns if its extension does not match its content.
pub(crate) fn open<O>(
    input: &Path,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Image, Failure> {
    Image::open(input).map(|image| compare_names(image, record, reporter))
}

/// As [`open`], for reading all of it.
pub(crate) fn open_steady<O>(
    input: &Path,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Image, Failure> {
    Image::open_steady(input).map(|image| compare_names(image, record, reporter))
}

/// Warns if an image's extension does not match its content.
fn compare_names<O>(image: Image, record: &mut Record<O>, reporter: &mut Reporter) -> Image {
    if image.origin().is_some() {
        return image;
    }
    let format = image.layout().format();
    let by_name = match target::known_extension(image.path()) {
        Some("iso" | "img") => Some(&[Format::Iso][..]),
        Some("cso" | "ciso") => Some(&[Format::Cso, Format::Cso2][..]),
        Some("zso") => Some(&[Format::Zso][..]),
        Some("dax") => Some(&[Format::Dax][..]),
        Some("jso") => Some(&[Format::Jso][..]),
        _ => None,
    };
    if by_name.is_some_and(|formats| !formats.contains(&format)) {
        let what = if format == Format::Iso { "a plain image".into() } else { format!("a {format} image") };
        reporter.warn(record, format!("by its content this is {what}, whatever its name says"));
    }
    image
}

/// Identifies the disc. Damage does not stop the work here: it will be found and reported when the image is
/// decoded.
///
/// # Errors
///
/// A read error of the operating system does: planning needs these bytes.
pub(crate) fn identify<O>(
    image: &Image,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Disc, Failure> {
    match look_at(image) {
        Ok(disc) => {
            if disc.is_partly_unreadable {
                reporter.warn(record, "not all that tells which disc this is can be read".to_owned());
            }
            note_cut_off(image, &disc, record, reporter);
            Ok(disc)
        }
        Err(error @ ReadError::Source { .. }) => image.settle(Err(error.into())),
        Err(error) => {
            reporter.warn(record, format!("cannot tell which disc this is: {}", Failure::from(error)));
            Ok(Disc { is_partly_unreadable: true, ..Disc::default() })
        }
    }
}

/// Returns the hash that RetroAchievements identifies the game by. Damage yields `None` and is reported
/// elsewhere.
pub(crate) fn achievements(image: &Image) -> Option<[u8; 16]> {
    let mut workspace = Workspace::new(image);
    disc_info::achievements_hash(&mut workspace.reader(image)).ok().flatten()
}

/// Identifies the disc, without a warning.
pub(crate) fn look_at(image: &Image) -> Result<Disc, ReadError<std::io::Error>> {
    let mut workspace = Workspace::new(image);
    disc_info::identify(&mut workspace.reader(image))
}

/// Warns if a disc's file system extends past the end of the image.
pub(crate) fn note_cut_off<O>(image: &Image, disc: &Disc, record: &mut Record<O>, reporter: &mut Reporter) {
    let image_sectors = image.layout().image_size() / u64::from(SECTOR_SIZE);
    if let Some(expected) = disc.volume_sectors.filter(|&volume| u64::from(volume) > image_sectors) {
        record.cut_off = Some(CutOff { volume_sectors: expected.into(), image_sectors });
        let text =
            format!("the disc's file system has {expected} sectors, but the image only {image_sectors}");
        reporter.warn(record, text + ": it may be cut off");
    }
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
    FORMATS.into_iter().find(|format| format.format().name() == extension)
}

/// Returns whether files of this format may have this extension.
fn is_named_like(format: OutputFormat, extension_found: &str) -> bool {
    extension_found == extension(format) || (extension_found == "ciso" && extension(format) == "cso")
}

/// The extension that readers expect.
pub(crate) const fn extension(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Cso | OutputFormat::Cso2 => "cso",
        OutputFormat::Zso => "zso",
        OutputFormat::Dax => "dax",
        OutputFormat::Jso => "jso",
    }
}
