//! `cisor extract`: decodes into a part file, reads it back, and puts it in place.

use std::io::{BufWriter, Write};

use image_encode::ImageHasher;
use sector_decode::ReadAt;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::image::{HostFile, Image};
use crate::interrupt;
use crate::output::Outputs;
use crate::plan::{ExtractJob, Planned};
use crate::report::{Record, Reporter};
use crate::run::{bars, begin_part, check_digest, check_header_md5, digest_set, each, remove_source};
use crate::scan::{self, OnDamage, Options};

/// Bytes that are written or read back with one call.
const PIECE: usize = 1 << 20;

/// Extracts every image.
pub fn extract(jobs: Vec<Planned<ExtractJob>>, reporter: &mut Reporter) {
    let mut outputs = Outputs::default();
    each(jobs, reporter, |job, record, reporter| extract_one(job, &mut outputs, record, reporter));
}

fn extract_one(
    job: &ExtractJob,
    outputs: &mut Outputs,
    record: &mut Record,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let image = Image::open(&job.input)?;
    record.set_layout(image.layout());
    let size = image.layout().image_size();
    let without_room = job.try_without_room;
    let part = begin_part(outputs, &job.input, &job.target, size, without_room, record, reporter)?;

    let mut hasher = ImageHasher::new(digest_set(&image, reporter));
    let mut out = BufWriter::with_capacity(PIECE, part.file());
    let on_damage = if job.keep_going { OnDamage::Collect } else { OnDamage::Stop };
    let seen = {
        let monitor = interrupt::monitor();
        let _bar = bars(reporter).start("extracting", &job.input, size, &monitor);
        let options = Options { threads: job.threads, on_damage, lint: false };
        scan::run(&image, options, &monitor, |bytes| {
            hasher.update(bytes);
            out.write_all(bytes)
        })?
    };
    out.flush().map_err(Failure::Write)?;
    drop(out);
    let digests = hasher.finish();
    record.set_blocks("decoding", seen.blocks);
    let intact = seen.damage.is_empty();
    if intact && let Err(failure) = check_header_md5(&image, digests.all()) {
        if !job.keep_going {
            return Err(failure);
        }
        record.fail(&failure);
    }
    if intact && let Some(digests) = digests.all() {
        record.set_digests(digests);
    }

    prove(part.sync()?, job, digests.sha256(), reporter)?;
    outputs.commit(part, job.existing)?;
    record.set_output(&job.target);
    if !intact {
        return Err(Failure::DamagedBlocks(seen.damage));
    }
    if job.remove_source && record.error.is_none() {
        remove_source(&image, &job.target, record, reporter);
    }
    Ok(())
}

/// Reads the finished image back and compares with what was decoded.
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::cli::Talk;
    use crate::output::Existing;

    #[test]
    fn changed_byte_on_the_disk_is_noticed() {
        let job = ExtractJob {
            input: "a.cso".into(),
            target: "a.iso".into(),
            existing: Existing::Keep,
            try_without_room: false,
            keep_going: false,
            remove_source: false,
            threads: NonZeroUsize::MIN,
        };
        let reporter = Reporter::new(Talk { quiet: true, ..Talk::default() });
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
