//! Digests of the decoded image, the four that DAT files and keepers use, in one pass.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crc32fast::Hasher as Crc32;
use crossbeam_channel::{Sender, bounded};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Digests of a whole image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// CRC-32 as in zip files and DATs.
    pub crc32: u32,
    /// MD5.
    pub md5: [u8; 16],
    /// SHA-1.
    pub sha1: [u8; 20],
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// Takes all digests of bytes that come in order, one after the other: what the parallel ones are tested against.
#[cfg(test)]
#[derive(Clone, Default)]
pub(crate) struct Hasher {
    crc32: Crc32,
    md5: Md5,
    sha1: Sha1,
    sha256: Sha256,
}

#[cfg(test)]
impl Hasher {
    /// Returns a hasher that has seen nothing.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.crc32.update(bytes);
        self.md5.update(bytes);
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }

    /// Returns the digests of all bytes seen.
    pub(crate) fn finish(self) -> Digests {
        Digests {
            crc32: self.crc32.finalize(),
            md5: self.md5.finalize().into(),
            sha1: self.sha1.finalize().into(),
            sha256: self.sha256.finalize().into(),
        }
    }
}

/// Takes all digests of bytes that come in order, each in a thread of its own.
///
/// One after the other the four cost more time than fast encoders and decoders do; side by side only the
/// slowest of them can hold up the work.
#[derive(Debug)]
pub struct ParallelHasher {
    crc32: Lane<u32>,
    md5: Lane<[u8; 16]>,
    sha1: Lane<[u8; 20]>,
    sha256: Lane<[u8; 32]>,
}

/// How many chunks wait in front of each digest. What is hashed faster than it comes needs no queue; this
/// one only smooths over threads that the system wakes up late.
const QUEUE: usize = 4;

/// One digest's thread and the queue in front of it.
#[derive(Debug)]
struct Lane<D> {
    chunks: Sender<Arc<Vec<u8>>>,
    thread: JoinHandle<D>,
}

impl ParallelHasher {
    /// Starts the threads.
    ///
    /// # Panics
    ///
    /// When the system cannot start a thread.
    #[must_use]
    pub fn new() -> Self {
        Self {
            crc32: Lane::start(Crc32::new(), Crc32::update, Crc32::finalize),
            md5: Lane::start(
                Md5::new(),
                |md5, bytes| Digest::update(md5, bytes),
                |md5| md5.finalize().into(),
            ),
            sha1: Lane::start(
                Sha1::new(),
                |sha1, bytes| Digest::update(sha1, bytes),
                |sha1| sha1.finalize().into(),
            ),
            sha256: Lane::start(
                Sha256::new(),
                |sha256, bytes| Digest::update(sha256, bytes),
                |sha256| sha256.finalize().into(),
            ),
        }
    }

    /// Takes the next bytes. Waits while four chunks are queued in front of one of the digests.
    pub fn update(&mut self, bytes: &Arc<Vec<u8>>) {
        self.crc32.send(bytes);
        self.md5.send(bytes);
        self.sha1.send(bytes);
        self.sha256.send(bytes);
    }

    /// Waits for the threads and returns the digests of all bytes seen.
    #[must_use]
    pub fn finish(self) -> Digests {
        Digests {
            crc32: self.crc32.finish(),
            md5: self.md5.finish(),
            sha1: self.sha1.finish(),
            sha256: self.sha256.finish(),
        }
    }
}

impl Default for ParallelHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: Send + 'static> Lane<D> {
    fn start<H: Send + 'static>(mut hasher: H, update: fn(&mut H, &[u8]), finish: fn(H) -> D) -> Self {
        let (chunks, queue) = bounded::<Arc<Vec<u8>>>(QUEUE);
        let thread = thread::spawn(move || {
            for chunk in queue {
                update(&mut hasher, &chunk);
            }
            finish(hasher)
        });
        Self { chunks, thread }
    }

    fn send(&self, bytes: &Arc<Vec<u8>>) {
        // The thread takes chunks as long as there is a sender. If it panicked, `finish` says so.
        let _ = self.chunks.send(Arc::clone(bytes));
    }

    fn finish(self) -> D {
        drop(self.chunks);
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests_of_abc() {
        let mut hasher = Hasher::new();
        hasher.update(b"a");
        hasher.update(b"bc");
        let digests = hasher.finish();
        assert_eq!(digests.crc32, 0x3524_41C2);
        assert_eq!(hex(&digests.md5), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(&digests.sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex(&digests.sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn side_by_side_is_the_same_as_one_after_the_other() {
        let chunks: Vec<_> = (0..50u8).map(|n| Arc::new(vec![n; usize::from(n) * 37])).collect();
        let (mut one, mut four) = (Hasher::new(), ParallelHasher::new());
        for chunk in &chunks {
            one.update(chunk);
            four.update(chunk);
        }
        assert_eq!(four.finish(), one.finish());
    }

    #[test]
    fn a_hasher_that_is_dropped_lets_go_of_its_chunks() {
        let chunk = Arc::new(vec![7; 1000]);
        let mut hasher = ParallelHasher::new();
        hasher.update(&chunk);
        drop(hasher);
        while Arc::strong_count(&chunk) > 1 {
            thread::yield_now();
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
