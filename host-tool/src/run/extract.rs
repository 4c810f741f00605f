//! `cisor extract`: decodes into a part file, reads it back, and puts it in place.

use std::io::{self, BufWriter, Seek, Write};

use image_writer::ImageHasher;
use sector_decode::ReadAt;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::image::Image;
use crate::interrupt;
use crate::output::Outputs;
use crate::plan::{ExtractJob, Planned};
use crate::report::{Extracted, Record, Reporter};
use crate::run::already::{self, There, Wanted};
use crate::run::raw;
use crate::run::{
    bars, begin_part, check_archive, check_digest, check_header, digest_set, each, put_in_place, read_again,
    remove_source, warn_of_second_name,
};
use crate::scan::{self, OnDamage, Options, Part};
use crate::sidecar;
use crate::sparse::{SparseDigest, next_data};

/// Bytes per call when writing or reading back.
const PIECE: usize = 1 << 20;

/// Shares of decoding, and of reading the finished image back. They are rough, which is enough for the
/// remaining time.
const PASSES: &[f64] = &[0.7, 0.3];

/// Extracts every image.
pub fn extract(jobs: Vec<Planned<ExtractJob, Extracted>>, reporter: &mut Reporter) {
    let mut outputs = Outputs::default();
    each(jobs, PASSES, reporter, |job, record, reporter| extract_one(job, &mut outputs, record, reporter));
}

fn extract_one(
    job: &ExtractJob,
    outputs: &mut Outputs,
    record: &mut Record<Extracted>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    extract_unless_there(job, outputs, record, reporter)?;
    // Of what was written, nothing is left.
    let sidecar = job.raw_sidecar.as_ref().map(|sidecar| sidecar.target.as_path());
    let source = job.remove_source.then_some(job.input.as_path());
    already::tidy(outputs, [Some(job.target.as_path()), sidecar, source]);
    Ok(())
}

fn extract_unless_there(
    job: &ExtractJob,
    outputs: &mut Outputs,
    record: &mut Record<Extracted>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    if record.outcome.skipped.is_some() {
        return Ok(());
    }
    let image = Image::open_steady(&job.input)?;
    record.input_size = Some(image.stored_len());
    if job.raw_sidecar.is_some() {
        image.take_all();
    } else if job.try_without_room {
        image.take_losses();
    }
    record.outcome.layout = Some(*image.layout());
    let size = image.layout().image_size();
    if job.is_there {
        let there = There {
            target: &job.target,
            standing: &job.standing,
            wanted: Wanted::Plain,
            threads: job.threads,
            sidecar: job.handling.sidecar,
        };
        if let Some(done) = already::find(outputs, &image, &there, reporter)? {
            record.outcome.already_done = Some(job.target.clone());
            record.outcome.source_removed = job.remove_source.then_some(false);
            record.outcome.sidecar = done.sidecar;
            return Ok(());
        }
    }
    let needed = (!job.try_without_room).then_some(size);
    let part = begin_part(outputs, &job.input, &job.target, &job.standing, needed, record, reporter)?;

    let raw_part = raw::begin_wanted(outputs, &image, job.raw_sidecar.as_ref(), needed, record, reporter)?;

    let hasher = ImageHasher::new(digest_set(&image, reporter));
    let mut hasher = Some(hasher.map_err(|error| Failure::NoThread(error.kind()))?);
    // The digest to verify with if something is missing, since the digests of an image are meaningless
    // then.
    let mut content = job.keep_going.then(SparseDigest::new);
    let mut out = BufWriter::with_capacity(PIECE, part.file());
    let on_damage = if job.keep_going { OnDamage::Collect } else { OnDamage::Stop };
    let seen = {
        let monitor = interrupt::monitor();
        let _bar = bars(reporter).start("extracting", &job.input, size, &monitor);
        let options = Options { threads: job.threads, on_damage, listed: reporter.list_limit(), lint: false };
        image.settle(scan::run(&image, options, &monitor, |piece| {
            match piece {
                Part::Data(bytes) => {
                    hasher.iter_mut().for_each(|hasher| hasher.update(bytes));
                    content.iter_mut().for_each(|content| content.update(bytes));
                    out.write_all(bytes)?;
                }
                // A hole, whose cost in time and space does not grow with its size.
                Part::Missing(bytes) => {
                    hasher = None;
                    content.iter_mut().for_each(|content| content.zeros(bytes));
                    out.seek_relative(i64::try_from(bytes).map_err(io::Error::other)?)?;
                }
            }
            Ok(())
        }))?
    };
    if let Err(failure) = check_archive(&image) {
        if !job.keep_going {
            return Err(failure);
        }
        record.fail(failure);
    }
    out.flush().map_err(Failure::Write)?;
    drop(out);
    record.outcome.blocks = Some(seen.blocks);
    let digests = hasher.filter(|_| seen.damage.is_empty()).map(ImageHasher::finish);
    if let Some(digests) = &digests {
        let is_thorough = job.remove_source || job.raw_sidecar.is_some();
        if let Err(failure) = check_header(&image, digests.all(), is_thorough, reporter) {
            if !job.keep_going {
                return Err(failure);
            }
            record.fail(failure);
        }
        record.outcome.digests = digests.all().copied();
    } else {
        // A hole at the end only exists once the file has its length.
        part.file().set_len(size).map_err(Failure::Write)?;
    }

    let sha256 = digests.as_ref().filter(|_| job.handling.sidecar).map(|digests| digests.sha256());
    if let Some(sha256) = sha256 {
        sidecar::check(&job.target, sha256, job.standing.rule())?;
    }
    let file = part.sync()?;
    // Another descriptor only for those who need it.
    let raw_part = raw_part.map(|part| (part, file.clone()));
    match (&digests, content) {
        (Some(digests), _) => prove(file, job, digests.sha256(), reporter)?,
        (None, content) => prove_rest(&file, job, content.map(SparseDigest::finish), reporter)?,
    }
    if let (Some((raw_part, file)), Some(digests)) = (raw_part, &digests) {
        let (sha256, threads) = (digests.sha256(), job.threads);
        let written = raw::Written { path: &job.target, file, sha256, threads };
        record.outcome.raw_sidecar = Some(raw::keep(&image, raw_part, written, outputs, record, reporter)?);
    }
    if job.remove_source
        && let Some(digests) = &digests
    {
        read_again(&image, digests.sha256(), job.threads, reporter)?;
    }
    if job.remove_source {
        // Read before the last look at the source, so that nothing is put in place after a change.
        image.holds_more();
    }
    image.settle(Ok(()))?;
    let placed = put_in_place(outputs, part, &job.target, &job.standing, &mut record.outcome.output);
    warn_of_second_name(&job.target, record, reporter);
    placed?;
    if let Some(sha256) = sha256.filter(|_| record.failure.is_none()) {
        record.outcome.sidecar = Some(sidecar::write(outputs, &job.target, sha256, job.standing.rule())?);
    }
    if digests.is_none() {
        return Err(Failure::DamagedBlocks(seen.damage));
    }
    if job.remove_source && record.failure.is_none() {
        remove_source(&image, &job.target, &mut record.outcome.source_removed)?;
    }
    Ok(())
}

/// Reads the finished image back and compares it with what was decoded.
fn prove(
    mut file: HostFile,
    job: &ExtractJob,
    expected: [u8; 32],
    reporter: &Reporter,
) -> Result<(), Failure> {
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("verifying", &job.target, file.len(), &monitor);
    let mut digest = Sha256::new();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    while offset < file.len() {
        if monitor.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let left = usize::try_from(file.len() - offset).unwrap_or(usize::MAX);
        let piece = &mut buffer[..left.min(PIECE)];
        let read = file.read_exact_at(piece, offset);
        read.map_err(|error| Failure::ReadBack(Box::new(Failure::Read { offset, error })))?;
        digest.update(&*piece);
        offset += piece.len() as u64;
        monitor.advance(piece.len() as u64, piece.len() as u64);
    }
    check_digest(expected, digest)
}

/// As [`prove`], for the remains of a damaged image: holes are skipped.
fn prove_rest(
    file: &HostFile,
    job: &ExtractJob,
    expected: Option<[u8; 32]>,
    reporter: &Reporter,
) -> Result<(), Failure> {
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("verifying", &job.target, file.len(), &monitor);
    let mut content = SparseDigest::new();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    while offset < file.len() {
        if monitor.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let data = next_data(file.file(), offset, file.len());
        content.zeros(data - offset);
        let left = usize::try_from(file.len() - data).unwrap_or(usize::MAX);
        let piece = &mut buffer[..left.min(PIECE)];
        let read = file.clone().read_exact_at(piece, data);
        read.map_err(|error| Failure::ReadBack(Box::new(Failure::Read { offset: data, error })))?;
        content.update(piece);
        let end = data + piece.len() as u64;
        monitor.advance(end - offset, end - offset);
        offset = end;
    }
    if expected == Some(content.finish()) {
        return Ok(());
    }
    Err(Failure::NotAsWritten { start: 0, end: file.len() })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::cli::Verbosity;
    use crate::output::{Existing, Standing};

    #[test]
    fn changed_byte_on_the_disk_is_noticed() {
        let job = ExtractJob {
            input: "a.cso".into(),
            target: "a.iso".into(),
            standing: Standing::at("a.iso".as_ref(), Existing::Keep),
            is_there: false,
            try_without_room: false,
            keep_going: false,
            remove_source: false,
            threads: NonZeroUsize::MIN,
            raw_sidecar: None,
            handling: crate::handling::Handling::default(),
        };
        let reporter = Reporter::new(Verbosity { quiet: true, ..Verbosity::default() });
        let mut bytes = vec![7; PIECE + 100];
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        assert!(prove(HostFile::of_bytes(&bytes), &job, digest, &reporter).is_ok());
        bytes[PIECE + 50] ^= 1;
        let changed = prove(HostFile::of_bytes(&bytes), &job, digest, &reporter);
        assert!(matches!(changed, Err(Failure::Digest { .. })));
        let cut = prove(HostFile::of_bytes(&bytes[..PIECE]), &job, digest, &reporter);
        assert!(matches!(cut, Err(Failure::Digest { .. })));
    }
}
