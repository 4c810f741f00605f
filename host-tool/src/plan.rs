//! From requests to jobs: looks at every input and every target, and refuses what cannot go well, before
//! any work is done.

use std::path::{Path, PathBuf};

use image_writer::{OutputFormat, Plan};
use sector_decode::{Format, ReadError, SECTOR_SIZE};

use crate::cli::{CompressArgs, ExtractArgs, FORMATS, TargetArgs, threads_or_default};
use crate::failure::Failure;
use crate::human;
use crate::image::{Image, Workspace};
use crate::output::{Existing, Standing};
use crate::profile::{self, Choice, Profile, Wishes};
use crate::report::{Compressed, CutOff, Extracted, Outcome, Record, Reporter};
use crate::tail::Tail;
use crate::target::{self, Claims, Target};
use disc_info::Disc;

/// What is asked of a run of `compress`.
#[derive(Clone, Debug)]
pub struct CompressRequest {
    /// Images to compress.
    pub inputs: Vec<PathBuf>,
    /// Where the files go.
    pub target: Target,
    /// What happens to files that exist.
    pub existing: Existing,
    /// Whether to begin even if there may not be enough room.
    pub try_without_room: bool,
    /// Whom the files are for, where the user has said it.
    pub profile: Option<Profile>,
    /// Whether discs of neither console are refused unless a profile or format was named.
    pub only_known_discs: bool,
    /// Whether a profile takes discs that its readers do not play, as other tools do.
    pub any_console: bool,
    /// What happens to bytes past the last whole sector; without a word they are refused.
    pub tail: Option<Tail>,
    /// What the user wishes.
    pub wishes: Wishes,
    /// Whether sources are deleted in the end.
    pub remove_source: bool,
}

/// What is asked of a run of `extract`.
#[derive(Clone, Debug)]
pub struct ExtractRequest {
    /// Images to extract.
    pub inputs: Vec<PathBuf>,
    /// Where the files go.
    pub target: Target,
    /// What happens to files that exist.
    pub existing: Existing,
    /// Whether to begin even if there may not be enough room.
    pub try_without_room: bool,
    /// Whether damaged blocks are filled with zeros.
    pub keep_going: bool,
    /// Whether sources are deleted in the end.
    pub remove_source: bool,
    /// How many threads decode.
    pub threads: std::num::NonZeroUsize,
}

/// One image to compress: nothing is left to decide.
#[derive(Clone, Debug)]
pub struct CompressJob {
    /// The image.
    pub input: PathBuf,
    /// The file that it becomes.
    pub target: PathBuf,
    /// What is there already, and what happens to it.
    pub standing: Standing,
    /// Whether to begin even if there may not be enough room.
    pub try_without_room: bool,
    /// How it is written.
    pub plan: Plan,
    /// Size of the image that is packed, in bytes.
    pub image_size: u64,
    /// Size of the image in the input. It is the same unless bytes past the last whole sector are dropped or padded.
    pub source_size: u64,
    /// Whether the source is deleted in the end.
    pub remove_source: bool,
}

/// One image to extract.
#[derive(Clone, Debug)]
pub struct ExtractJob {
    /// The image.
    pub input: PathBuf,
    /// The file that it becomes.
    pub target: PathBuf,
    /// What is there already, and what happens to it.
    pub standing: Standing,
    /// Whether to begin even if there may not be enough room.
    pub try_without_room: bool,
    /// Whether damaged blocks are filled with zeros.
    pub keep_going: bool,
    /// Whether the source is deleted in the end.
    pub remove_source: bool,
    /// How many threads decode.
    pub threads: std::num::NonZeroUsize,
}

/// A job with the record of its file. Files that are refused have been reported already.
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
            wishes: Wishes {
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

/// Says what is wrong with arguments that are each right but do not go together.
pub fn usage_error(inputs: &[PathBuf], target: &TargetArgs) -> Option<&'static str> {
    let output = target.output.as_ref()?;
    if inputs.len() > 1 {
        return Some("-o names one file, but there are several inputs; use -d to name a folder");
    }
    (output.as_os_str() == "-").then_some(
        "-o - is not possible: a file is proven before it is put in place, which standard output cannot be",
    )
}

/// Plans all of a run's compression and reports what is refused.
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
            let size = whole_sectors(source_size, request.tail, &disc, record, reporter);
            let chosen = size.and_then(|size| Ok((size, choose(request, &disc, size)?)));
            record.outcome.disc = Some(disc);
            let (size, (profile, choice)) = chosen?;
            record.outcome.profile = Some(profile);
            let target = request.target.path(input, extension(choice.plan.format));
            let standing = claims.claim(&target, input, request.existing)?;
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
                try_without_room: request.try_without_room,
                plan: choice.plan,
                image_size: size,
                source_size,
                remove_source: request.remove_source,
            })
        },
    )
}

/// Plans all of a run's extraction and reports what is refused.
pub fn extract(
    request: &ExtractRequest,
    claims: &mut Claims,
    reporter: &mut Reporter,
) -> Vec<Planned<ExtractJob, Extracted>> {
    plan_each(&request.inputs, claims, reporter, |input, claims, record: &mut Record<Extracted>, reporter| {
        let image = open(input, record, reporter)?;
        if image.layout().format() == Format::Iso {
            return Err(Failure::AlreadyPlain);
        }
        // Damage is for the work itself to find.
        if let Ok(disc) = look_at(&image) {
            note_cut_off(&image, &disc, record, reporter);
            record.outcome.disc = Some(disc);
        }
        let target = request.target.path(input, "iso");
        let standing = claims.claim(&target, input, request.existing)?;
        Ok(ExtractJob {
            input: input.to_owned(),
            target,
            standing,
            try_without_room: request.try_without_room,
            keep_going: request.keep_going,
            remove_source: request.remove_source,
            threads: request.threads,
        })
    })
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

/// Opens an image, and says when its name is not that of its content.
pub(crate) fn open<O>(
    input: &Path,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Image, Failure> {
    Image::open(input).map(|image| compare_names(image, record, reporter))
}

/// As [`open`], to read all of it.
pub(crate) fn open_steady<O>(
    input: &Path,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Image, Failure> {
    Image::open_steady(input).map(|image| compare_names(image, record, reporter))
}

/// Says when an image's name is not that of its content.
fn compare_names<O>(image: Image, record: &mut Record<O>, reporter: &mut Reporter) -> Image {
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

/// Finds out which disc it is. Damage is no reason to stop here: it will be found, and named, when the
/// image is decoded.
///
/// # Errors
///
/// What the operating system cannot read is a reason: nothing can be planned on it.
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

/// Finds out which disc it is, and says nothing.
pub(crate) fn look_at(image: &Image) -> Result<Disc, ReadError<std::io::Error>> {
    let mut workspace = Workspace::new(image);
    disc_info::identify(&mut workspace.reader(image))
}

/// Says when a disc's file system goes on past the end of the image.
pub(crate) fn note_cut_off<O>(image: &Image, disc: &Disc, record: &mut Record<O>, reporter: &mut Reporter) {
    let image_sectors = image.layout().image_size() / u64::from(SECTOR_SIZE);
    if let Some(expected) = disc.volume_sectors.filter(|&volume| u64::from(volume) > image_sectors) {
        record.cut_off = Some(CutOff { volume_sectors: expected.into(), image_sectors });
        let text =
            format!("the disc's file system has {expected} sectors, but the image only {image_sectors}");
        reporter.warn(record, text + ": it may be cut off");
    }
}

/// Returns the size of the image that is packed: the input's, or a whole number of sectors where it is none and the user
/// has said what becomes of the rest.
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
        // All that the file system has is there, so what follows is something else.
        None if disc.volume_sectors.is_some_and(|sectors| u64::from(sectors) <= size / sector) => {
            Err(Failure::PastLastSector { rest })
        }
        None => Err(Failure::NotWholeSectors { size }),
    }
}

/// Decides whom the file is for and how it is written.
fn choose(request: &CompressRequest, disc: &Disc, size: u64) -> Result<(Profile, Choice), Failure> {
    let mut wishes = request.wishes;
    if let Some(profile) = request.profile.filter(|_| !request.any_console) {
        profile::check_console(profile, disc, wishes.ignore_limits).map_err(Failure::Profile)?;
    }
    let by_name = format_by_name(&request.target);
    let mut guessed = false;
    let profile = match (request.profile, wishes.to) {
        (Some(profile), _) => {
            wishes.to = wishes.to.or(by_name);
            profile
        }
        (None, Some(_)) => Profile::Any,
        (None, None) => {
            let detected = Profile::for_disc(disc);
            if detected.is_none() && request.only_known_discs {
                return Err(Failure::UnknownDisc);
            }
            let profile = detected.unwrap_or(Profile::Psp);
            wishes.to = by_name;
            // The name can ask for what this disc's profile does not write.
            if by_name.is_none_or(|format| profile.formats().contains(&format)) {
                guessed = detected.is_none();
                profile
            } else {
                Profile::Any
            }
        }
    };
    let mut choice = profile::choose(profile, &wishes, size).map_err(Failure::Profile)?;
    if guessed {
        let what = match (disc.is_partly_unreadable, disc.is_iso9660) {
            (true, _) => "Which disc it is cannot be read",
            (false, true) => "The disc is not recognised",
            (false, false) => "There is no ISO9660 file system here",
        };
        choice.notes.insert(0, format!("{what}: it is written for the PSP (--for chooses a reader)."));
    }
    Ok((profile, choice))
}

/// The format that the name of `-o` asks for. CSO v2 files are named like CSO files, by all tools.
fn format_by_name(target: &Target) -> Option<OutputFormat> {
    let Target::File(file) = target else { return None };
    let extension = target::known_extension(file)?;
    FORMATS.into_iter().find(|format| format.format().name() == extension)
}

/// Returns whether files of this format may have this extension.
fn is_named_like(format: OutputFormat, extension_found: &str) -> bool {
    extension_found == extension(format) || (extension_found == "ciso" && extension(format) == "cso")
}

/// The extension that readers look for.
pub(crate) const fn extension(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Cso | OutputFormat::Cso2 => "cso",
        OutputFormat::Zso => "zso",
        OutputFormat::Dax => "dax",
        OutputFormat::Jso => "jso",
    }
}
