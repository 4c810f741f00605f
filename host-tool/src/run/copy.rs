//! Copies a compressed image that is already right for the device, instead of packing it again.
//!
//! The source is decoded while it is copied, so that no damaged file is passed on, and the copy is read back
//! and decoded like every file that is written.

use std::io::{BufWriter, Write};

use image_writer::ImageHasher;
use sector_decode::ReadAt;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::image::Image;
use crate::interrupt;
use crate::opl;
use crate::output::{Outputs, PartFile};
use crate::plan::CompressJob;
use crate::report::{Compressed, Lint, Record, Reporter, Written};
use crate::run::compress::{self, Ready};
use crate::run::info;
use crate::run::prove::{Expected, prove, share_of};
use crate::run::{bars, begin_part, check_header_md5, digest_set};
use crate::scan::{self, OnDamage, Options, Part};

/// Bytes per call.
const PIECE: usize = 1 << 20;

/// Copies the source of a job. `None` if the source is not a file that the job's device is sure to read as it is.
///
/// # Errors
///
/// Whatever prevents it; there is no new file then.
pub(crate) fn copy_one(
    job: &CompressJob,
    outputs: &Outputs,
    record: &mut Record<Compressed>,
    reporter: &mut Reporter,
) -> Result<Option<Ready>, Failure> {
    let image = compress::open(job)?;
    if !is_right(&image, job, record, reporter)? {
        return Ok(None);
    }
    record.input_size = Some(image.stored_len());
    let needed = (!job.try_without_room).then(|| image.file_len());
    let part = begin_part(outputs, &job.input, &job.target, &job.standing, needed, record, reporter)
        .map_err(|failure| opl::explain(failure, record.outcome.profile))?;
    let hasher = ImageHasher::new(digest_set(&image, reporter));
    let mut hasher = hasher.map_err(|error| Failure::NoThread(error.kind()))?;
    let mut copier = Copier::new(image.file().clone(), &part);
    let seen = {
        let monitor = interrupt::monitor();
        let _bar = bars(reporter).start("copying", &job.input, job.image_size, &monitor);
        let threads = job.plan.packing_threads();
        let listed = reporter.list_limit();
        let options = Options { threads, on_damage: OnDamage::Stop, listed, lint: true };
        let seen = scan::run_beside(
            &image,
            options,
            &monitor,
            |share| copier.copy_to(share),
            |part| {
                if let Part::Data(bytes) = part {
                    hasher.update(bytes);
                }
                Ok(())
            },
        );
        image.settle(seen.and_then(|seen| copier.copy_to(1.0).map(|()| seen)))?
    };
    if job.plan.firmware_safe && seen.lint.failed() > 0 {
        return Ok(None);
    }
    let copied = copier.finish()?;
    let digests = hasher.finish();
    check_header_md5(&image, digests.all().map(|all| all.md5))?;
    record.outcome.written = Some(Written {
        format: job.plan.format,
        block_size: image.layout().block_size(),
        index_shift: image.layout().index_shift(),
        optimize: job.plan.optimize,
        image_size: job.image_size,
        stored_size: image.file_len(),
        blocks: Some(seen.blocks),
        digests: digests.all().copied(),
        lint: Some(Lint { in_file: seen.lint, ..Lint::default() }),
    });
    let expected = Expected { image: digests.sha256(), imprint: None };
    let (_, read_back) = prove(part.sync()?, job, &expected, reporter)?;
    if read_back != Some(copied) {
        return Err(Failure::NotAsWritten { start: 0, end: image.file_len() });
    }
    image.settle(Ok(()))?;
    let file = Some((image.file_len(), copied));
    Ok(Some(Ready::new(part, image, digests.sha256(), file)))
}

/// Returns whether a file's header and index are those of a file that all readers of the profile read. What its
/// streams are like is not known yet.
///
/// # Errors
///
/// When it cannot be read.
pub(crate) fn is_right(
    image: &Image,
    job: &CompressJob,
    record: &Record<Compressed>,
    reporter: &Reporter,
) -> Result<bool, Failure> {
    let (layout, plan) = (image.layout(), &job.plan);
    let (Some(disc), Some(profile)) = (&record.outcome.disc, record.outcome.profile) else {
        return Ok(false);
    };
    if image.origin().is_some()
        || Some(layout.format()) != plan.format.format()
        || layout.block_size() != plan.block_size
        || !layout.file_len().is_multiple_of(plan.pad_file_to.into())
    {
        return Ok(false);
    }
    let mut facts = image.settle(info::facts(image, disc, reporter.list_limit()))?;
    // The lint decides while the file is copied.
    facts.unsafe_streams = Some(0);
    Ok(info::is_read_by_all(profile.readers(), &facts))
}

/// Copies a file, slightly ahead of the threads that decode it.
struct Copier<'p> {
    from: HostFile,
    to: BufWriter<&'p std::fs::File>,
    digest: Sha256,
    buffer: Vec<u8>,
    at: u64,
}

impl<'p> Copier<'p> {
    fn new(from: HostFile, part: &'p PartFile) -> Self {
        let to = BufWriter::with_capacity(PIECE, part.file());
        Self { from, to, digest: Sha256::new(), buffer: vec![0; PIECE], at: 0 }
    }

    /// Continues until this share of the file has been copied.
    fn copy_to(&mut self, share: f64) -> Result<(), Failure> {
        let end = share_of(self.from.len(), share);
        while self.at < end {
            let left = usize::try_from(self.from.len() - self.at).unwrap_or(usize::MAX).min(PIECE);
            let piece = &mut self.buffer[..left];
            let read = self.from.read_exact_at(piece, self.at);
            read.map_err(|error| Failure::Read { offset: self.at, error })?;
            self.to.write_all(piece).map_err(Failure::Write)?;
            self.digest.update(&*piece);
            self.at += left as u64;
        }
        Ok(())
    }

    /// Returns the SHA-256 of the file.
    fn finish(mut self) -> Result<[u8; 32], Failure> {
        self.to.flush().map_err(Failure::Write)?;
        Ok(self.digest.finalize().into())
    }
}
