//! The digests that DATs ask for, and no others.

use std::collections::BTreeMap;
use std::sync::Arc;

use dat_file::{Hashes, Wanted};
use image_source::{Listed, UserData};
use image_writer::{DigestKinds, Monitor, ParallelHasher, SomeDigests};
use sector_decode::ReadAt;

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::human;

/// Starts to compute the wanted digests.
///
/// # Errors
///
/// When the system cannot start a thread.
pub(super) fn hasher(wanted: Wanted) -> Result<ParallelHasher, Failure> {
    let Wanted { crc32, md5, sha1 } = wanted;
    let kinds = DigestKinds { crc32, md5, sha1, sha256: false };
    ParallelHasher::new(kinds).map_err(|error| Failure::NoThread(error.kind()))
}

/// Returns the digests that DATs have.
pub(super) const fn hashes(digests: &SomeDigests) -> Hashes {
    Hashes { crc32: digests.crc32, md5: digests.md5, sha1: digests.sha1 }
}

/// Computes the wanted digests of a file; it is not read if there are none.
///
/// # Errors
///
/// When it cannot be read, or on a signal.
pub(super) fn file(file: &HostFile, wanted: Wanted, monitor: &Monitor) -> Result<Hashes, Failure> {
    let mut file = file.clone();
    bytes(file.len(), wanted, monitor, |piece, offset| {
        file.read_exact_at(piece, offset).map_err(|error| Failure::Read { offset, error })
    })
}

/// Computes the wanted digests of a part of a dump; it is not read if there are none.
///
/// # Errors
///
/// When it cannot be read, or on a signal.
pub(super) fn piece(
    content: &mut UserData,
    piece: Listed,
    wanted: Wanted,
    monitor: &Monitor,
) -> Result<Hashes, Failure> {
    bytes(piece.len, wanted, monitor, |buf, offset| {
        let offset = piece.start + offset;
        content.read_exact_at(buf, offset).map_err(|error| Failure::Read { offset, error })
    })
}

fn bytes(
    len: u64,
    wanted: Wanted,
    monitor: &Monitor,
    mut read: impl FnMut(&mut [u8], u64) -> Result<(), Failure>,
) -> Result<Hashes, Failure> {
    const PIECE: usize = 1 << 20;
    if wanted.is_none() {
        return Ok(Hashes::default());
    }
    let mut hasher = hasher(wanted)?;
    let mut offset = 0;
    while offset < len {
        if monitor.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let mut piece = vec![0; usize::try_from(len - offset).map_or(PIECE, |left| left.min(PIECE))];
        read(&mut piece, offset)?;
        let done = piece.len() as u64;
        hasher.update(&Arc::new(piece));
        offset += done;
        monitor.advance(done, done);
    }
    Ok(hashes(&hasher.finish()))
}

/// The digests as JSON objects have them.
pub(super) fn named(hashes: &Hashes) -> BTreeMap<&'static str, String> {
    let crc32 = hashes.crc32.map(|crc32| ("crc32", format!("{crc32:08x}")));
    let md5 = hashes.md5.map(|md5| ("md5", human::hex(&md5)));
    let sha1 = hashes.sha1.map(|sha1| ("sha1", human::hex(&sha1)));
    crc32.into_iter().chain(md5).chain(sha1).collect()
}
