//! From requests to jobs: looks at every input and every target, and refuses what cannot go well, before
//! any work is done.

use std::path::{Path, PathBuf};

use image_writer::{OutputFormat, Plan};
use sector_decode::{Format, SECTOR_SIZE};

use crate::cli::{CompressArgs, ExtractArgs, FORMATS, TargetArgs, threads_or_default};
use crate::failure::Failure;
use crate::human;
use crate::image::{Image, Workspace};
use crate::output::Existing;
use crate::profile::{self, Choice, Profile, Wishes};
use crate::report::{Record, Reporter};
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
    /// What happens to a file that is there already.
    pub existing: Existing,
    /// Whether to begin even if there may not be enough room.
    pub try_without_room: bool,
    /// How it is written.
    pub plan: Plan,
    /// Size of the decoded image in bytes.
    pub image_size: u64,
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
    /// What happens to a file that is there already.
    pub existing: Existing,
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
pub type Planned<J> = (J, Record);

impl From<CompressArgs> for CompressRequest {
    fn from(args: CompressArgs) -> Self {
        Self {
            target: args.target.target(),
            existing: args.target.existing(),
            try_without_room: args.target.force,
            profile: args.profile,
            only_known_discs: false,
            wishes: Wishes {
                to: args.to,
                block_size: args.block_size,
                level: args.level.level(),
                threshold: args.threshold,
                optimize: args.optimize,
                align: args.align,
                force: args.target.force,
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
            try_without_room: args.target.force,
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
) -> Vec<Planned<CompressJob>> {
    plan_each("compress", &request.inputs, claims, reporter, |input, claims, record, reporter| {
        let image = open(input, record, reporter)?;
        let size = image.layout().image_size();
        if !size.is_multiple_of(u64::from(SECTOR_SIZE)) {
            return Err(Failure::NotWholeSectors { size });
        }
        let disc = identify(&image, record, reporter);
        if disc.is_raw_cd {
            return Err(Failure::RawCdSectors);
        }
        record.set_disc(&disc);
        let (profile, choice) = choose(request, &disc, size)?;
        record.profile = Some(profile.name());
        let target = request.target.path(input, extension(choice.plan.format));
        claims.claim(&target, input, request.existing)?;
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
            existing: request.existing,
            try_without_room: request.try_without_room,
            plan: choice.plan,
            image_size: size,
            remove_source: request.remove_source,
        })
    })
}

/// Plans all of a run's extraction and reports what is refused.
pub fn extract(
    request: &ExtractRequest,
    claims: &mut Claims,
    reporter: &mut Reporter,
) -> Vec<Planned<ExtractJob>> {
    plan_each("extract", &request.inputs, claims, reporter, |input, claims, record, reporter| {
        let image = open(input, record, reporter)?;
        if image.layout().format() == Format::Iso {
            return Err(Failure::AlreadyPlain);
        }
        let target = request.target.path(input, "iso");
        claims.claim(&target, input, request.existing)?;
        Ok(ExtractJob {
            input: input.to_owned(),
            target,
            existing: request.existing,
            try_without_room: request.try_without_room,
            keep_going: request.keep_going,
            remove_source: request.remove_source,
            threads: request.threads,
        })
    })
}

fn plan_each<J>(
    verb: &'static str,
    inputs: &[PathBuf],
    claims: &mut Claims,
    reporter: &mut Reporter,
    mut plan: impl FnMut(&Path, &mut Claims, &mut Record, &mut Reporter) -> Result<J, Failure>,
) -> Vec<Planned<J>> {
    let mut planned = Vec::new();
    for input in inputs {
        let mut record = Record::new(verb, input);
        match plan(input, claims, &mut record, reporter) {
            Ok(job) => planned.push((job, record)),
            Err(failure) => {
                record.fail(&failure);
                reporter.finish(record);
            }
        }
    }
    planned
}

/// Opens an image, and says when its name is not that of its content.
pub(crate) fn open(input: &Path, record: &mut Record, reporter: &mut Reporter) -> Result<Image, Failure> {
    Image::open(input).map(|image| compare_names(image, record, reporter))
}

/// As [`open`], to read all of it.
pub(crate) fn open_steady(
    input: &Path,
    record: &mut Record,
    reporter: &mut Reporter,
) -> Result<Image, Failure> {
    Image::open_steady(input).map(|image| compare_names(image, record, reporter))
}

/// Says when an image's name is not that of its content.
fn compare_names(image: Image, record: &mut Record, reporter: &mut Reporter) -> Image {
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
pub(crate) fn identify(image: &Image, record: &mut Record, reporter: &mut Reporter) -> Disc {
    let mut workspace = Workspace::new(image);
    match disc_info::identify(&mut workspace.reader(image)) {
        Ok(disc) => {
            let sectors = image.layout().image_size() / u64::from(SECTOR_SIZE);
            if let Some(expected) = disc.volume_sectors.filter(|&volume| u64::from(volume) > sectors) {
                let text =
                    format!("the disc's file system has {expected} sectors, but the image only {sectors}");
                reporter.warn(record, text + ": it may be cut off");
            }
            disc
        }
        Err(error) => {
            reporter.warn(record, format!("cannot tell which disc this is: {}", Failure::from(error)));
            Disc::default()
        }
    }
}

/// Decides whom the file is for and how it is written.
fn choose(request: &CompressRequest, disc: &Disc, size: u64) -> Result<(Profile, Choice), Failure> {
    let mut wishes = request.wishes;
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
        let what = if disc.is_iso9660 {
            "The disc is not recognised"
        } else {
            "There is no ISO9660 file system here"
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
