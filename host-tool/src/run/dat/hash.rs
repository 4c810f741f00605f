//! The digests that DATs ask for, and no others.

use std::collections::BTreeMap;

use crc32fast::Hasher as Crc32;
use dat_file::{Hashes, Wanted};
use image_writer::Monitor;
use md5::Md5;
use sector_decode::ReadAt;
use sha1::{Digest, Sha1};

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::human;

/// Computes the wanted digests of bytes passed in order.
pub(super) struct Hasher {
    crc32: Option<Crc32>,
    md5: Option<Md5>,
    sha1: Option<Sha1>,
}

impl Hasher {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            crc32: wanted.crc32.then(Crc32::new),
            md5: wanted.md5.then(Md5::new),
            sha1: wanted.sha1.then(Sha1::new),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.crc32.iter_mut().for_each(|crc32| crc32.update(bytes));
        self.md5.iter_mut().for_each(|md5| md5.update(bytes));
        self.sha1.iter_mut().for_each(|sha1| sha1.update(bytes));
    }

    pub(super) fn finish(self) -> Hashes {
        Hashes {
            crc32: self.crc32.map(Crc32::finalize),
            md5: self.md5.map(|md5| md5.finalize().into()),
            sha1: self.sha1.map(|sha1| sha1.finalize().into()),
        }
    }
}

/// Computes the wanted digests of a file; it is not read if there are none.
///
/// # Errors
///
/// When it cannot be read, or on a signal.
pub(super) fn file(file: &HostFile, wanted: Wanted, monitor: &Monitor) -> Result<Hashes, Failure> {
    const PIECE: usize = 1 << 20;
    let mut hasher = Hasher::new(wanted);
    if wanted.is_none() {
        return Ok(hasher.finish());
    }
    let mut file = file.clone();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    while offset < file.len() {
        if monitor.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let len = usize::try_from(file.len() - offset).map_or(PIECE, |left| left.min(PIECE));
        file.read_exact_at(&mut buffer[..len], offset).map_err(|error| Failure::Read { offset, error })?;
        hasher.update(&buffer[..len]);
        offset += len as u64;
        monitor.advance(len as u64, len as u64);
    }
    Ok(hasher.finish())
}

/// The digests as JSON objects have them.
pub(super) fn named(hashes: &Hashes) -> BTreeMap<&'static str, String> {
    let crc32 = hashes.crc32.map(|crc32| ("crc32", format!("{crc32:08x}")));
    let md5 = hashes.md5.map(|md5| ("md5", human::hex(&md5)));
    let sha1 = hashes.sha1.map(|sha1| ("sha1", human::hex(&sha1)));
    crc32.into_iter().chain(md5).chain(sha1).collect()
}
