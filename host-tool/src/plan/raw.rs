//! Sidecars of CD dumps: which file keeps the rest of a dump, and which files come back.

use std::fs::File;
use std::io::BufReader;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use image_source::{Dump, Sheet, SheetOrigin};
use raw_sidecar::{Disc, Error, Reader};
use sector_decode::{Format, SECTOR_SIZE};

use super::{Planned, look_at, open, plan_each};
use crate::cli::{ExtractArgs, threads_or_default};
use crate::content::Origin;
use crate::failure::Failure;
use crate::identity::is_same;
use crate::image::Image;
use crate::output::{Existing, Standing};
use crate::report::{Extracted, Record, Reporter};
use crate::target::{Claims, Target, known_extension};
use crate::{human, sheets, special};

/// A sidecar that is written beside its image.
#[derive(Clone, Debug)]
pub struct SidecarJob {
    /// Its path.
    pub target: PathBuf,
    /// What already exists there, and what to do with it.
    pub standing: Standing,
    /// The CUE sheet that it keeps.
    pub sheet: Option<Sheet>,
}

/// One dump to restore.
#[derive(Clone, Debug)]
pub struct RestoreJob {
    /// The image.
    pub input: PathBuf,
    /// Its sidecar.
    pub sidecar: PathBuf,
    /// What the sidecar says about the dump.
    pub disc: Disc,
    /// The files of the dump, then the CUE sheet if there is one; and what already exists there.
    pub targets: Vec<(PathBuf, Standing)>,
    /// Whether to start even if there may not be enough space.
    pub try_without_room: bool,
    /// How many threads decode.
    pub threads: NonZeroUsize,
}

/// Refuses to drop what an image of 2048-byte sectors cannot hold, unless it is kept elsewhere or the user allows it.
pub(super) fn accept_losses<O>(
    image: &Image,
    is_wanted: bool,
    is_kept: bool,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    if is_kept {
        return take_all(image);
    }
    if is_wanted {
        image.take_losses();
    }
    let Some(losses) = image.origin().and_then(Origin::losses) else { return Ok(()) };
    if !is_wanted {
        return Err(Failure::Losses(losses));
    }
    reporter.warn(record, format!("left out: {losses}"));
    Ok(())
}

/// Refuses a source that has nothing to keep, and reads all sectors of any other one.
fn take_all(image: &Image) -> Result<(), Failure> {
    let source = image.origin().map(Origin::source);
    let is_image = image.layout().format() == Format::Iso;
    let dump = source.filter(|_| is_image).and_then(|source| Some((source, source.dump()?)));
    let (source, dump) = dump.ok_or(Failure::NothingToKeep)?;
    if dump.files().iter().map(|file| file.bytes().len()).sum::<u64>() > Disc::MAX_TOTAL {
        return Err(Failure::Sidecar(Error::TooLarge));
    }
    source.take_all();
    Ok(())
}

/// Claims the sidecar of an image that will be at `target`, and must not be there yet; if one is wanted.
pub(super) fn claim_sidecar<O>(
    claims: &mut Claims,
    image: &Image,
    (target, is_there): (&Path, bool),
    existing: Existing,
    is_wanted: bool,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Option<SidecarJob>, Failure> {
    if !is_wanted {
        return Ok(None);
    }
    if is_there {
        return Err(Failure::TargetExists(target.to_owned()));
    }
    let path = sidecar_path(target);
    spare_parts(image, &path)?;
    let standing = claims.claim(&path, image.path(), existing)?;
    let sheet = sheet(image, record, reporter)?;
    Ok(Some(SidecarJob { target: path, standing, sheet }))
}

/// Returns the sheet to keep: the given one, or one that describes a dump without one. Warns of what it does not
/// have.
fn sheet<O>(
    image: &Image,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Option<Sheet>, Failure> {
    let Some(source) = image.origin().map(Origin::source) else { return Ok(None) };
    if source.has_subcode() {
        reporter.warn(record, "left out: the subcode in the CHD, which BIN files do not have");
    }
    let Some(sheet) = source.dump().and_then(Dump::sheet) else { return Ok(None) };
    match sheet.origin {
        SheetOrigin::File => {
            let name = image.path().file_name().unwrap_or_default();
            if name.to_str().is_none() {
                return Err(Failure::Sidecar(Error::Name(name.to_string_lossy().into_owned())));
            }
        }
        SheetOrigin::Chd => {}
        SheetOrigin::Sectors => {
            if let Some(given) = sheets::naming(image.path()) {
                let given = human::name(&given);
                let text = format!("{given} names this file: take the sheet to keep it and all its tracks");
                reporter.warn(record, text);
                return Ok(None);
            }
            let text = format!("there is no CUE sheet: {} is made from the sectors and kept", sheet.name);
            reporter.warn(record, text);
        }
    }
    Ok(Some(sheet.clone()))
}

/// Refuses a target that is one of the files which a CUE sheet names.
pub(super) fn spare_parts(image: &Image, target: &Path) -> Result<(), Failure> {
    let parts = image.origin().into_iter().flat_map(|origin| origin.source().parts());
    match parts.map(|(path, _)| path).find(|path| is_same(path, target)) {
        Some(_) => Err(Failure::TargetIsInput(target.to_owned())),
        None => Ok(()),
    }
}

/// Returns the path of the sidecar of an image at this path.
pub(crate) fn sidecar_path(image: &Path) -> PathBuf {
    let name = if known_extension(image).is_some() { image.file_stem() } else { image.file_name() };
    let mut name = name.unwrap_or_default().to_owned();
    name.push(".raw");
    image.with_file_name(name)
}

/// Opens a sidecar.
///
/// # Errors
///
/// When it does not exist, is damaged or belongs to another image.
pub(crate) fn open_sidecar(path: &Path, image: &Image) -> Result<Reader<BufReader<File>>, Failure> {
    let failed = |failure: Failure| failure.in_second(path);
    let file = match special::open(path) {
        Err(Failure::Open(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Failure::NoSidecar(path.to_owned()));
        }
        other => other.map_err(failed)?,
    };
    let reader = Reader::new(BufReader::new(file)).map_err(|error| failed(Failure::Sidecar(error)))?;
    let size = u64::from(reader.disc().image_sectors) * u64::from(SECTOR_SIZE);
    if image.layout().image_size() == size {
        Ok(reader)
    } else {
        Err(failed(Failure::Sidecar(Error::Foreign)))
    }
}

/// Returns the usage error of `--raw-from` with several inputs.
pub fn usage_error(args: &ExtractArgs) -> Option<&'static str> {
    (args.restore.raw_from.is_some() && args.inputs.len() > 1)
        .then_some("--raw-from names one file, but there are several inputs; use --raw")
}

/// Plans the restoration of dumps and reports refused files.
pub fn restore(args: &ExtractArgs, reporter: &mut Reporter) -> Vec<Planned<RestoreJob, Extracted>> {
    let sidecar = |input: &Path| args.restore.raw_from.clone().unwrap_or_else(|| sidecar_path(input));
    let inputs: Vec<PathBuf> = args.inputs.iter().flat_map(|input| [input.clone(), sidecar(input)]).collect();
    let mut claims = Claims::new(&inputs);
    plan_each(
        &args.inputs,
        &mut claims,
        reporter,
        |input, claims, record: &mut Record<Extracted>, reporter| {
            let image = open(input, record, reporter)?;
            let sidecar = sidecar(input);
            let disc = open_sidecar(&sidecar, &image)?.disc().clone();
            record.outcome.disc = look_at(&image).ok();
            let folder = match args.target.target() {
                Target::Folder(folder) | Target::Card(folder) | Target::Opl(Some(folder)) => folder,
                Target::Beside | Target::File(_) | Target::Opl(None) => {
                    input.parent().unwrap_or(Path::new("")).to_owned()
                }
            };
            let mut targets = Vec::new();
            let names = disc.files.iter().map(|file| &file.name);
            for name in names.chain(disc.sheet.iter().map(|sheet| &sheet.name)) {
                let target = folder.join(name);
                let standing = claims.claim(&target, input, args.target.existing())?;
                targets.push((target, standing));
            }
            Ok(Some(RestoreJob {
                input: input.to_owned(),
                sidecar,
                disc,
                targets,
                try_without_room: args.target.ignore_limits,
                threads: threads_or_default(args.threads),
            }))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sidecar_has_the_name_of_its_image() {
        assert_eq!(sidecar_path(Path::new("a/GAME.zso")), Path::new("a/GAME.raw"));
        assert_eq!(sidecar_path(Path::new("GAME v1.02")), Path::new("GAME v1.02.raw"));
    }
}
