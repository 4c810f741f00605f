use std::io::Cursor;
use std::num::NonZeroUsize;

use image_writer::{DigestSet, Monitor};

use super::*;
use crate::cli::Verbosity;
use crate::host_file::HostFile;
use crate::level::Level;
use crate::output::{Existing, Standing};
use crate::profile::{self, CompressOptions, Profile};

/// Incompressible bytes.
pub(in crate::run) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x5EED_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

/// A finished file, with its job and the summary of its writing.
pub(in crate::run) fn written(to: OutputFormat) -> (Vec<u8>, CompressJob, Summary) {
    let image = noise(20 * 8192);
    let compress_options = CompressOptions {
        to: Some(to),
        block_size: None,
        level: Level::default(),
        threshold: None,
        optimize: Optimize::Size,
        align: None,
        ignore_limits: false,
        threads: NonZeroUsize::MIN,
    };
    let plan = profile::choose(Profile::Any, &compress_options, image.len() as u64).unwrap().plan;
    let mut file = Cursor::new(Vec::new());
    let summary = encode(image.as_slice(), &mut file, &plan, DigestSet::Sha256, &Monitor::new()).unwrap();
    let job = CompressJob {
        input: "a.iso".into(),
        target: "a.cso".into(),
        standing: Standing::at("a.cso".as_ref(), Existing::Keep),
        is_there: false,
        try_without_room: false,
        needed: 0,
        plan,
        image_size: image.len() as u64,
        source_size: image.len() as u64,
        remove_source: false,
        raw_sidecar: None,
        handling: crate::handling::Handling::default(),
    };
    (file.into_inner(), job, summary)
}

fn proof(bytes: &[u8], job: &CompressJob, summary: &Summary) -> Result<Seen, Failure> {
    proof_of(HostFile::of_bytes(bytes), job, summary)
}

pub(in crate::run) fn proof_of(
    file: HostFile,
    job: &CompressJob,
    summary: &Summary,
) -> Result<Seen, Failure> {
    let reporter = Reporter::new(Verbosity { quiet: true, ..Verbosity::default() });
    let expected = Expected { image: summary.digests.sha256(), imprint: Some(&summary.imprint) };
    prove(file, job, &expected, &reporter).map(|(seen, _)| seen)
}

#[test]
fn file_that_is_what_was_written_passes() {
    let (file, job, summary) = written(OutputFormat::Cso);
    assert_eq!(proof(&file, &job, &summary).unwrap().blocks, summary.blocks);
}

#[test]
fn changed_byte_on_the_disk_is_noticed() {
    let (mut file, job, summary) = written(OutputFormat::Cso);
    // In a stored block every byte decodes to itself: only the digest can reveal a change.
    let last = file.len() - 1;
    file[last] ^= 1;
    assert!(matches!(proof(&file, &job, &summary), Err(Failure::Digest { .. })));
}

#[test]
fn every_flipped_bit_on_the_disk_is_noticed() {
    for to in [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Dax, OutputFormat::Jso]
    {
        let (mut file, job, summary) = written(to);
        // Every bit of header and index, and some bits of the rest, including its padding.
        let front = 48 * 8;
        let rest = (front..file.len() * 8).step_by(file.len() * 8 / 50);
        for bit in (0..front).chain(rest).chain(file.len() * 8 - 3..file.len() * 8) {
            file[bit / 8] ^= 1 << (bit % 8);
            assert!(proof(&file, &job, &summary).is_err(), "{to:?}: bit {bit}");
            file[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(proof(&file, &job, &summary).is_ok());
    }
}

#[test]
fn byte_that_no_decoder_looks_at_is_noticed() {
    let (mut file, job, summary) = written(OutputFormat::Cso);
    // The reserved bytes of the header.
    file[22] ^= 1;
    assert!(matches!(proof(&file, &job, &summary), Err(Failure::NotAsWritten { start: 0, end: 24 })));
}

#[test]
fn bytes_after_the_end_are_noticed() {
    let (mut file, job, summary) = written(OutputFormat::Cso);
    file.push(0);
    assert!(matches!(proof(&file, &job, &summary), Err(Failure::NotAsWritten { .. })));
}

#[test]
fn image_of_another_size_than_planned_is_not_packed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut job, _) = written(OutputFormat::Cso);
    job.input = folder.path().join("a.iso");
    std::fs::write(&job.input, noise(20 * 8192)).unwrap();
    assert!(open(&job).is_ok());
    std::fs::write(&job.input, noise(21 * 8192)).unwrap();
    assert!(matches!(open(&job), Err(Failure::InputChanged)));
}

#[test]
fn lost_end_on_the_disk_is_noticed() {
    let (file, job, summary) = written(OutputFormat::Cso);
    for len in [file.len() - 1, 30, 0] {
        assert!(matches!(proof(&file[..len], &job, &summary), Err(Failure::ReadBack(_))), "{len}");
    }
}

#[test]
fn streams_that_are_not_safe_are_noticed() {
    // DAX does not have stored blocks, so noise is in deflate's stored blocks, which do not pass the
    // lint.
    let (file, mut job, summary) = written(OutputFormat::Dax);
    assert_eq!(proof(&file, &job, &summary).unwrap().lint.failed(), 20);
    job.plan.firmware_safe = true;
    assert!(matches!(proof(&file, &job, &summary), Err(Failure::UnsafeStreams(20))));
}
