//! `cisor verify`: decodes everything once and computes digests in the same pass.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use dat_file::Catalogue;
use disc_info::{Console, Disc};
use image_writer::{DigestKinds, ParallelHasher, SomeDigests};

use crate::cli::{VerifyArgs, threads_or_default};
use crate::failure::Failure;
use crate::human;
use crate::image::Image;
use crate::interrupt;
use crate::output::{Existing, Outputs};
use crate::plan;
use crate::profile::Profile;
use crate::report::{Outcome, Record, Reporter, SidecarRecord, SidecarState, SourceRecord, Verified};
use crate::run::{
    ONE_PASS, bars, check_archive, check_chd, check_header_md5, dat, each, header_md5, records,
};
use crate::scan::{self, OnDamage, Options, Part};
use crate::sidecar::{self, Found};

/// Verifies every image.
pub fn verify(args: VerifyArgs, reporter: &mut Reporter) {
    let Some(mut verifier) = Verifier::new(&args, reporter) else { return };
    each(records(&args.inputs), ONE_PASS, reporter, |(), record, reporter| verifier.verify(record, reporter));
}

/// Verifies images, one after the other.
pub(super) struct Verifier {
    threads: NonZeroUsize,
    catalogue: Option<Catalogue>,
    /// Whether the digests go into a library, which wants all of them.
    is_for_library: bool,
    /// Set if digests are written beside the images.
    outputs: Option<Outputs>,
}
impl Verifier {
    /// Prepares for verifying; `None` if a DAT cannot be used, which was reported.
    pub(super) fn new(args: &VerifyArgs, reporter: &mut Reporter) -> Option<Self> {
        let catalogue = match args.dats.as_slice() {
            [] => None,
            dats => Some(dat::load(dats, "verify", reporter)?),
        };
        let outputs = args.sidecar.then(Outputs::default);
        let (threads, is_for_library) = (threads_or_default(args.threads), args.due.uses_library());
        Some(Self { threads, catalogue, is_for_library, outputs })
    }

    /// Returns which digests of an image to compute. DATs need one, so that the run takes as long as the disk or that
    /// digest does. It is SHA-1, by which people look up what no DAT has, unless they have another for its size.
    fn kinds(&self, image: &Image, beside: &Found) -> DigestKinds {
        let Some(catalogue) = self.catalogue.as_ref().filter(|_| !self.is_for_library) else {
            return DigestKinds::ALL;
        };
        let wanted = catalogue.wanted(image.layout().image_size());
        DigestKinds {
            crc32: wanted.crc32,
            md5: wanted.md5 || header_md5(image).is_some(),
            sha1: true,
            sha256: self.outputs.is_some() || matches!(beside, Found::Digest { .. }),
        }
    }

    /// Verifies the image of a record.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with it.
    pub(super) fn verify(
        &mut self,
        record: &mut Record<Verified>,
        reporter: &mut Reporter,
    ) -> Result<(), Failure> {
        let image = plan::open_steady(&record.input.clone(), record, reporter)?;
        record.outcome.source = SourceRecord::of(&image);
        record.input_size = Some(image.stored_len());
        // Damage is found below.
        if let Ok(disc) = plan::look_at(&image) {
            plan::note_cut_off(&image, &disc, record, reporter);
            record.outcome.disc = Some(disc);
        }
        let lint = may_meet_firmware(&image, record.outcome.disc.as_ref());
        let beside = sidecar::beside(image.path());
        let kinds = self.kinds(&image, &beside);
        let digests = digests(&image, self.threads, lint, kinds, &mut record.outcome, reporter)?;
        if let (Some(origin), Some(source)) = (image.origin(), &mut record.outcome.source) {
            source.has_unchecked = origin.source().has_unchecked_sectors();
        }
        record.outcome.achievements = plan::achievements(&image);
        check_archive(&image)?;
        check_chd(&image, digests.sha1, reporter)?;
        check_sidecar(&image, beside, &digests, self.outputs.as_mut(), record, reporter)?;
        // Last, so that nothing is said of a file that has changed since.
        image.settle(check_header_md5(&image, digests.md5))?;
        self.catalogue.as_ref().map_or(Ok(()), |catalogue| {
            dat::of_verified(catalogue, &image, &digests, self.threads, reporter, &mut record.outcome.dat)
        })
    }
}

/// Compares an image with the digest beside it. If there is none, and `outputs` are given, it is written.
fn check_sidecar(
    image: &Image,
    beside: Found,
    digests: &SomeDigests,
    outputs: Option<&mut Outputs>,
    record: &mut Record<Verified>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    match (beside, outputs) {
        (Found::Digest { file, sha256 }, _) => {
            let is_same = digests.sha256 == Some(sha256);
            let state = if is_same { SidecarState::Match } else { SidecarState::Mismatch };
            record.outcome.sidecar = Some(SidecarRecord { file: file.clone(), state });
            if !is_same {
                let got = digests.sha256.map(|got| human::hex(&got)).unwrap_or_default();
                let expected = human::hex(&sha256);
                return image.settle(Err(Failure::SidecarMismatch { file, expected, got }));
            }
        }
        (Found::Unusable(file), None) => {
            let file = human::name(&file);
            reporter.warn(record, format!("{file} does not tell the SHA-256 of the image in this file"));
        }
        (Found::Unusable(file), Some(_)) => return Err(Failure::SidecarUnusable(file)),
        (Found::Nothing, Some(outputs)) => {
            image.settle(check_header_md5(image, digests.md5))?;
            if let Some(got) = digests.sha256 {
                record.outcome.sidecar = Some(sidecar::write(outputs, image.path(), got, Existing::Keep)?);
            }
        }
        (Found::Nothing, None) => {}
    }
    Ok(())
}

/// Prints the CRC-32 of every image as a line formatted by `form`, as other tools do.
pub fn crc32(
    inputs: &[PathBuf],
    threads: NonZeroUsize,
    reporter: &mut Reporter,
    form: impl Fn(&Path, u32) -> String,
) {
    let jobs = inputs.iter().map(|input| ((), Record::new(input, Outcome::Summed))).collect();
    each(jobs, ONE_PASS, reporter, |(), record, reporter| {
        let image = plan::open_steady(&record.input.clone(), record, reporter)?;
        let kinds = DigestKinds { crc32: true, md5: header_md5(&image).is_some(), ..DigestKinds::default() };
        let digests = digests(&image, threads, false, kinds, &mut Verified::default(), reporter)?;
        reporter.print(&form(&record.input, digests.crc32.unwrap_or_default()));
        check_header_md5(&image, digests.md5)
    });
}

/// Whether a PSP's firmware may read the file. An unidentified disc may be for a PSP.
fn may_meet_firmware(image: &Image, disc: Option<&Disc>) -> bool {
    let may_be_psp = disc.and_then(|disc| disc.console).is_none_or(|console| console == Console::Psp);
    may_be_psp && Profile::firmware_takes_blocks_of(image.layout().block_size())
}

fn digests(
    image: &Image,
    threads: NonZeroUsize,
    lint: bool,
    kinds: DigestKinds,
    verified: &mut Verified,
    reporter: &Reporter,
) -> Result<SomeDigests, Failure> {
    verified.layout = Some(*image.layout());
    let mut hasher = Some(ParallelHasher::new(kinds).map_err(|error| Failure::NoThread(error.kind()))?);
    let monitor = interrupt::monitor();
    let seen = {
        let _bar = bars(reporter).start("verifying", image.path(), image.layout().image_size(), &monitor);
        let listed = reporter.list_limit();
        let options = Options { threads, on_damage: OnDamage::Collect, listed, lint };
        image.settle(scan::run(image, options, &monitor, |part| {
            match part {
                Part::Data(bytes) => hasher.iter_mut().for_each(|hasher| hasher.update(bytes)),
                // Digests of an image with gaps cannot be compared with anything.
                Part::Missing(_) => hasher = None,
            }
            Ok(())
        }))?
    };
    verified.blocks = Some(seen.blocks);
    verified.stored_bytes = Some(seen.stored_bytes);
    verified.lint = Some(seen.lint).filter(|lint| lint.streams > 0);
    match hasher {
        Some(hasher) if seen.damage.is_empty() => {
            let digests = hasher.finish();
            verified.digests = Some(digests);
            Ok(digests)
        }
        _ => Err(Failure::DamagedBlocks(seen.damage)),
    }
}
