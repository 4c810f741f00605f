//! Digests of the decoded image: the four that DAT files and collectors use, in one pass.

use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crc32fast::Hasher as Crc32;
use crossbeam_channel::{Sender, bounded};
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Output;
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

/// Which of the four digests to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DigestKinds {
    /// CRC-32.
    pub crc32: bool,
    /// MD5.
    pub md5: bool,
    /// SHA-1.
    pub sha1: bool,
    /// SHA-256.
    pub sha256: bool,
}

impl DigestKinds {
    /// All four.
    pub const ALL: Self = Self { crc32: true, md5: true, sha1: true, sha256: true };
}

/// Digests of a whole image, those of the requested kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SomeDigests {
    /// CRC-32.
    pub crc32: Option<u32>,
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
}

impl SomeDigests {
    /// Returns all four, if all were requested.
    #[must_use]
    pub fn all(&self) -> Option<Digests> {
        Some(Digests { crc32: self.crc32?, md5: self.md5?, sha1: self.sha1?, sha256: self.sha256? })
    }
}

impl From<Digests> for SomeDigests {
    fn from(digests: Digests) -> Self {
        let Digests { crc32, md5, sha1, sha256 } = digests;
        Self { crc32: Some(crc32), md5: Some(md5), sha1: Some(sha1), sha256: Some(sha256) }
    }
}

/// Which digests of an image to compute beside its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestSet {
    /// SHA-256 alone: a finished file is proven with it. The other three take longer than a fast encoder does
    /// altogether.
    Sha256,
    /// All four.
    All,
}

/// Digests of a whole image, as many as were requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageDigests {
    /// [`DigestSet::Sha256`].
    Sha256([u8; 32]),
    /// [`DigestSet::All`].
    All(Digests),
}

impl ImageDigests {
    /// Returns the SHA-256, which is always there.
    #[must_use]
    pub const fn sha256(&self) -> [u8; 32] {
        match self {
            Self::Sha256(sha256) => *sha256,
            Self::All(digests) => digests.sha256,
        }
    }

    /// Returns all four, if they were requested.
    #[must_use]
    pub const fn all(&self) -> Option<&Digests> {
        match self {
            Self::Sha256(_) => None,
            Self::All(digests) => Some(digests),
        }
    }
}

/// Computes digests of bytes passed in order, each in its own thread.
///
/// Computed in sequence, the four would take longer than fast encoders and decoders do. In parallel, only the
/// slowest of them can hold up the work.
#[derive(Debug)]
pub struct ParallelHasher {
    crc32: Option<Lane<u32>>,
    md5: Option<Lane<[u8; 16]>>,
    sha1: Option<Lane<[u8; 20]>>,
    sha256: Option<Lane<[u8; 32]>>,
}

/// Computes the requested digests of bytes passed in order, in parallel with the caller's work.
#[derive(Debug)]
pub struct ImageHasher {
    sha256: Lane<[u8; 32]>,
    others: ParallelHasher,
}

/// How many chunks can wait for each digest. Hashing that is faster than the input does not need a queue;
/// this one only compensates for threads that the system wakes up late.
const QUEUE: usize = 4;

/// One digest's thread and its queue.
#[derive(Debug)]
struct Lane<D> {
    chunks: Option<Sender<Arc<Vec<u8>>>>,
    thread: Option<JoinHandle<D>>,
}

impl ParallelHasher {
    /// Starts a thread for each of these kinds.
    ///
    /// # Errors
    ///
    /// When the system cannot start a thread.
    pub fn new(kinds: DigestKinds) -> io::Result<Self> {
        Ok(Self {
            crc32: kinds.crc32.then(Lane::crc32).transpose()?,
            md5: kinds.md5.then(Lane::of::<Md5>).transpose()?,
            sha1: kinds.sha1.then(Lane::of::<Sha1>).transpose()?,
            sha256: kinds.sha256.then(Lane::of::<Sha256>).transpose()?,
        })
    }

    /// Adds the next bytes. Blocks while four chunks are queued for one of the digests.
    pub fn update(&mut self, bytes: &Arc<Vec<u8>>) {
        self.crc32.iter().for_each(|lane| lane.send(bytes));
        self.md5.iter().for_each(|lane| lane.send(bytes));
        self.sha1.iter().for_each(|lane| lane.send(bytes));
        self.sha256.iter().for_each(|lane| lane.send(bytes));
    }

    /// Waits for the threads and returns the digests of all bytes seen.
    #[must_use]
    pub fn finish(self) -> SomeDigests {
        SomeDigests {
            crc32: self.crc32.map(Lane::finish),
            md5: self.md5.map(Lane::finish),
            sha1: self.sha1.map(Lane::finish),
            sha256: self.sha256.map(Lane::finish),
        }
    }
}

impl ImageHasher {
    /// Starts a thread for each digest.
    ///
    /// # Errors
    ///
    /// When the system cannot start a thread.
    pub fn new(set: DigestSet) -> io::Result<Self> {
        let others = match set {
            DigestSet::Sha256 => DigestKinds::default(),
            DigestSet::All => DigestKinds { sha256: false, ..DigestKinds::ALL },
        };
        Ok(Self { sha256: Lane::of::<Sha256>()?, others: ParallelHasher::new(others)? })
    }

    /// Adds the next bytes. Blocks while four chunks are queued for one of the digests.
    pub fn update(&mut self, bytes: &Arc<Vec<u8>>) {
        self.sha256.send(bytes);
        self.others.update(bytes);
    }

    /// Waits for the threads and returns the digests of all bytes seen.
    #[must_use]
    pub fn finish(self) -> ImageDigests {
        let sha256 = self.sha256.finish();
        let all = SomeDigests { sha256: Some(sha256), ..self.others.finish() }.all();
        all.map_or(ImageDigests::Sha256(sha256), ImageDigests::All)
    }
}

impl Lane<u32> {
    fn crc32() -> io::Result<Self> {
        Self::start(Crc32::new(), Crc32::update, Crc32::finalize)
    }
}

impl<const LEN: usize> Lane<[u8; LEN]> {
    fn of<H>() -> io::Result<Self>
    where
        H: Digest + Send + 'static,
        Output<H>: Into<[u8; LEN]>,
    {
        Self::start(H::new(), |hasher, bytes| hasher.update(bytes), |hasher| hasher.finalize().into())
    }
}

impl<D: Send + 'static> Lane<D> {
    fn start<H: Send + 'static>(
        mut hasher: H,
        update: fn(&mut H, &[u8]),
        finish: fn(H) -> D,
    ) -> io::Result<Self> {
        let (chunks, queue) = bounded::<Arc<Vec<u8>>>(QUEUE);
        let thread = thread::Builder::new().spawn(move || {
            for chunk in queue {
                update(&mut hasher, &chunk);
            }
            finish(hasher)
        })?;
        Ok(Self { chunks: Some(chunks), thread: Some(thread) })
    }

    fn send(&self, bytes: &Arc<Vec<u8>>) {
        // The thread takes chunks as long as there is a sender. If it panicked, `finish` reports it.
        let _ = self.chunks.as_ref().map(|chunks| chunks.send(Arc::clone(bytes)));
    }

    fn finish(mut self) -> D {
        drop(self.chunks.take());
        let thread = self.thread.take().expect("only taken here and at the end");
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Waits for the thread. If another lane cannot start, what this one might still report must not come after that error.
impl<D> Drop for Lane<D> {
    fn drop(&mut self) {
        drop(self.chunks.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    /// Computes all digests of bytes passed in order, in one thread: the parallel ones are tested against it.
    #[derive(Clone, Default)]
    struct Hasher {
        crc32: Crc32,
        md5: Md5,
        sha1: Sha1,
        sha256: Sha256,
    }

    impl Hasher {
        /// Returns a hasher that has seen nothing.
        fn new() -> Self {
            Self::default()
        }

        /// Adds the next bytes.
        fn update(&mut self, bytes: &[u8]) {
            self.crc32.update(bytes);
            self.md5.update(bytes);
            self.sha1.update(bytes);
            self.sha256.update(bytes);
        }

        /// Returns the digests of all bytes seen.
        fn finish(self) -> Digests {
            Digests {
                crc32: self.crc32.finalize(),
                md5: self.md5.finalize().into(),
                sha1: self.sha1.finalize().into(),
                sha256: self.sha256.finalize().into(),
            }
        }
    }

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
        let (mut one, mut four) = (Hasher::new(), ParallelHasher::new(DigestKinds::ALL).unwrap());
        for chunk in &chunks {
            one.update(chunk);
            four.update(chunk);
        }
        let (one, four) = (one.finish(), four.finish());
        assert_eq!((four.all(), four), (Some(one), SomeDigests::from(one)));
    }

    #[test]
    fn lane_that_is_dropped_has_ended() {
        let ended = Arc::new(AtomicBool::new(false));
        let slow = |_: &mut Arc<AtomicBool>, _: &[u8]| thread::sleep(Duration::from_millis(50));
        let lane =
            Lane::start(Arc::clone(&ended), slow, |ended| ended.store(true, Ordering::SeqCst)).unwrap();
        lane.send(&Arc::new(vec![0]));
        drop(lane);
        assert!(ended.load(Ordering::SeqCst));
    }

    #[test]
    fn only_the_requested_kinds_are_computed() {
        let mut hasher = ParallelHasher::new(DigestKinds { sha1: true, ..DigestKinds::default() }).unwrap();
        hasher.update(&Arc::new(b"abc".to_vec()));
        let digests = hasher.finish();
        assert_eq!(digests.sha1.map(|sha1| hex(&sha1)).unwrap(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(SomeDigests { sha1: None, ..digests }, SomeDigests::default());
        assert_eq!(digests.all(), None);
    }

    #[test]
    fn sha_256_alone_is_the_same_as_beside_the_others() {
        let chunk = Arc::new(vec![7; 1000]);
        let digests = [DigestSet::Sha256, DigestSet::All].map(|set| {
            let mut hasher = ImageHasher::new(set).unwrap();
            hasher.update(&chunk);
            hasher.finish()
        });
        let expected: [u8; 32] = Sha256::digest(&*chunk).into();
        assert_eq!(digests[0], ImageDigests::Sha256(expected));
        assert_eq!(digests.map(|digests| digests.sha256()), [expected; 2]);
        assert!(digests[0].all().is_none() && digests[1].all().is_some());
    }

    #[test]
    fn a_hasher_that_is_dropped_lets_go_of_its_chunks() {
        let chunk = Arc::new(vec![7; 1000]);
        let mut hasher = ParallelHasher::new(DigestKinds::ALL).unwrap();
        hasher.update(&chunk);
        drop(hasher);
        let begun = Instant::now();
        while Arc::strong_count(&chunk) > 1 {
            assert!(begun.elapsed() < Duration::from_secs(30), "a thread keeps its chunk");
            thread::yield_now();
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
