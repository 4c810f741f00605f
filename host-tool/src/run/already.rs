//! Existing targets: if one turns out to hold the disc, there is nothing to do.

use std::num::NonZeroUsize;
use std::path::Path;

use image_source::{Kind, Source};
use image_writer::{OutputFormat, Plan};
use sector_decode::Format;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::image::{Image, Workspace};
use crate::interrupt;
use crate::output::{Existing, Outputs, Standing};
use crate::report::{Reporter, SidecarRecord};
use crate::run::bars;
use crate::scan::{self, OnDamage, Options, Part};
use crate::sidecar;

/// A file that exists where one is to be written.
pub(super) struct There<'a> {
    /// Its path.
    pub(super) target: &'a Path,
    /// What may be done with it.
    pub(super) standing: &'a Standing,
    /// What would be written.
    pub(super) wanted: Wanted<'a>,
    /// How many threads decode it.
    pub(super) threads: NonZeroUsize,
    /// Whether the digest is to be beside it.
    pub(super) sidecar: bool,
}

/// An existing file that holds the disc.
pub(super) struct Done {
    /// The digest beside it, if that is wanted.
    pub(super) sidecar: Option<SidecarRecord>,
}

/// Finds out whether the file that exists is what would be written for `source`. `None` if it is not, and may be
/// replaced.
///
/// # Errors
///
/// [`Failure::TargetExists`] if it is not, and must be kept; the failure of the source or of the digest's file; or an
/// interruption.
pub(super) fn find(
    outputs: &mut Outputs,
    source: &Image,
    there: &There<'_>,
    reporter: &Reporter,
) -> Result<Option<Done>, Failure> {
    let rule = there.standing.rule();
    match prove(source, there, reporter) {
        Ok(sha256) => {
            let sidecar =
                sha256.map(|sha256| sidecar::write(outputs, there.target, sha256, rule)).transpose()?;
            Ok(Some(Done { sidecar }))
        }
        Err(Failure::TargetExists(_)) if rule == Existing::Replace => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Decodes both files completely and compares them. Returns the SHA-256 of the image if that is wanted.
///
/// # Errors
///
/// [`Failure::TargetExists`] if the file is anything else, for whatever reason; the failure of the source; or an
/// interruption.
fn prove(source: &Image, file: &There<'_>, reporter: &Reporter) -> Result<Option<[u8; 32]>, Failure> {
    let &There { target, wanted, threads, sidecar, .. } = file;
    let exists = || Failure::TargetExists(target.to_owned());
    let there = Image::open_steady(target).map_err(|_| exists())?;
    let size = source.layout().image_size();
    if there.layout().image_size() != size || !wanted.is(&there) {
        return Err(exists());
    }
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("comparing", target, size, &monitor);
    let (listed, lint) = (reporter.list_limit(), wanted.firmware_safe());
    let options = Options { threads, on_damage: OnDamage::Stop, listed, lint };
    let mut workspace = Workspace::new(source);
    let mut reader = workspace.reader(source);
    let mut digest = sidecar.then(Sha256::new);
    let (mut at, mut expected, mut of_source) = (0, Vec::new(), None);
    let seen = scan::run(&there, options, &monitor, |part| {
        let Part::Data(bytes) = part else { return Err(std::io::ErrorKind::InvalidData.into()) };
        expected.resize(bytes.len(), 0);
        if let Err(error) = reader.read(at, &mut expected) {
            of_source = Some(Failure::from(error));
            return Err(std::io::ErrorKind::Other.into());
        }
        at += bytes.len() as u64;
        digest.iter_mut().for_each(|digest| digest.update(bytes.as_slice()));
        if expected == **bytes { Ok(()) } else { Err(std::io::ErrorKind::InvalidData.into()) }
    });
    if let Some(failure) = of_source {
        return source.settle(Err(failure));
    }
    let seen = match there.settle(seen) {
        Ok(seen) => seen,
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(_) => return Err(exists()),
    };
    if seen.lint.failed() > 0 {
        return Err(exists());
    }
    source.settle(Ok(digest.map(|digest| digest.finalize().into())))
}

/// What would be written.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'p> {
    /// A plain image.
    Plain,
    /// A file by this plan. The level is not compared, as it does not matter for the kind of file.
    Packed(&'p Plan),
}

impl Wanted<'_> {
    fn is(self, file: &Image) -> bool {
        let layout = file.layout();
        match self {
            Self::Plain => layout.format() == Format::Iso,
            Self::Packed(plan) if plan.format == OutputFormat::Chd => {
                let source =
                    file.origin().map(|origin| origin.source()).filter(|source| source.archive().is_none());
                matches!(source.map(Source::kind), Some(Kind::Chd(facts))
                    if facts.is_dvd && facts.hunk_bytes == plan.block_size && !facts.codecs.is_empty())
            }
            Self::Packed(plan) => {
                let file_is_padded = layout.file_len().is_multiple_of(plan.pad_file_to.into());
                Some(layout.format()) == plan.format.format()
                    && layout.block_size() == plan.block_size
                    && layout.index_shift() == plan.index_shift
                    && file_is_padded
            }
        }
    }

    fn firmware_safe(self) -> bool {
        matches!(self, Self::Packed(plan) if plan.firmware_safe)
    }
}

/// Removes what dead runs have left beside files that stay as they are: the target, its sidecar, and a source that was to
/// be deleted.
pub(super) fn tidy<'p>(outputs: &Outputs, places: impl IntoIterator<Item = Option<&'p Path>>) {
    places.into_iter().flatten().for_each(|place| outputs.tidy(place));
}
