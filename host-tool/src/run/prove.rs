//! The proof of a finished compressed file: it is read back from the disk, and decoded.

use image_writer::{Comparison, Differs, Imprint, OutputFormat};
use sector_decode::ReadAt;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::image::Image;
use crate::interrupt;
use crate::plan::CompressJob;
use crate::report::Reporter;
use crate::run::{bars, check_digest};
use crate::scan::{self, OnDamage, Options, Part, Seen};

/// What a finished file has to be.
pub(super) struct Expected<'s> {
    /// SHA-256 of the image.
    pub(super) image: [u8; 32],
    /// Every byte that was written, as far as the encoder knows of them.
    pub(super) imprint: Option<&'s Imprint>,
}

/// Reads the whole finished file back with the decoder that runs on the console, and compares the result
/// with the image read from the source. A decoder skips much of the header and all padding, so each byte is
/// also compared with what was written. Returns the SHA-256 of the file itself, too, if it is for a card.
///
/// # Errors
///
/// What is wrong with the file, or an interruption.
pub(super) fn prove(
    file: HostFile,
    job: &CompressJob,
    expected: &Expected<'_>,
    reporter: &Reporter,
) -> Result<(Seen, Option<[u8; 32]>), Failure> {
    let plan = &job.plan;
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("verifying", &job.target, job.image_size, &monitor);
    let threads = plan.packing_threads();
    let options = Options { threads, on_damage: OnDamage::Stop, listed: reporter.list_limit(), lint: true };
    let mut digest = Sha256::new();
    // The header of a CHD has it.
    let is_chd = plan.format == OutputFormat::Chd;
    let mut sha1 = is_chd.then(Sha1::new);
    let mut bytes = WholeFile::new(file.clone(), expected.imprint, job.handling.for_card);
    let written = if is_chd { Image::of_source(&job.target, file) } else { Image::of(&job.target, file) };
    let seen = written
        .and_then(|written| {
            let seen = scan::run_beside(
                &written,
                options,
                &monitor,
                |share| bytes.read_to(share),
                |part| {
                    if let Part::Data(bytes) = part {
                        digest.update(bytes.as_slice());
                        sha1.iter_mut().for_each(|sha1| sha1.update(bytes.as_slice()));
                    }
                    Ok(())
                },
            )?;
            let sha1 = sha1.map(|sha1| sha1.finalize().into());
            written.origin().map_or(Ok(()), |chd| chd.check_chd(sha1, &monitor))?;
            Ok(seen)
        })
        .and_then(|seen| bytes.read_to(1.0).map(|()| seen))
        .map_err(|failure| match failure {
            Failure::Interrupted | Failure::NoThread(_) => failure,
            other => Failure::ReadBack(Box::new(other)),
        })?;
    check_digest(expected.image, digest)?;
    let comparison = bytes.comparison.map_or(Ok(()), Comparison::finish);
    comparison.map_err(|Differs { start, end }| Failure::NotAsWritten { start, end })?;
    match seen.lint.failed() {
        failed if failed > 0 && plan.firmware_safe => Err(Failure::UnsafeStreams(failed)),
        _ => Ok((seen, bytes.digest.map(|digest| digest.finalize().into()))),
    }
}

/// Reads a finished file from beginning to end, slightly ahead of the threads that decode it. The disk is
/// read once, and the threads decode the bytes that were compared.
struct WholeFile<'s> {
    file: HostFile,
    comparison: Option<Comparison<'s>>,
    digest: Option<Sha256>,
    buffer: Vec<u8>,
    at: u64,
}

impl<'s> WholeFile<'s> {
    /// Bytes per read call.
    const PIECE: usize = 256 << 10;

    fn new(file: HostFile, imprint: Option<&'s Imprint>, is_hashed: bool) -> Self {
        let digest = is_hashed.then(Sha256::new);
        Self { file, comparison: imprint.map(Imprint::compare), digest, buffer: vec![0; Self::PIECE], at: 0 }
    }

    /// Continues until this share of the file has been read.
    fn read_to(&mut self, share: f64) -> Result<(), Failure> {
        let end = share_of(self.file.len(), share);
        while self.at < end {
            let left = usize::try_from(self.file.len() - self.at).unwrap_or(usize::MAX).min(Self::PIECE);
            let piece = &mut self.buffer[..left];
            let read = self.file.read_exact_at(piece, self.at);
            read.map_err(|error| Failure::Read { offset: self.at, error })?;
            self.comparison.iter_mut().for_each(|comparison| comparison.update(piece));
            self.digest.iter_mut().for_each(|digest| digest.update(&*piece));
            self.at += left as u64;
        }
        Ok(())
    }
}

/// A share of a length in bytes, 1 for all of it.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(super) fn share_of(len: u64, share: f64) -> u64 {
    if share < 1.0 { (len as f64 * share) as u64 } else { len }
}
