//! The digests of files and tracks, computed while their bytes pass by.

use sha1::{Digest, Sha1};

use crate::disc::{Disc, TrackEntry};
use crate::error::Error;

/// Bytes of a SHA-1.
const LEN: usize = 20;

/// SHA-1 of each file and of each track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of each file.
    pub files: Vec<[u8; LEN]>,
    /// Of each track, with the pregap that its file holds.
    pub tracks: Vec<[u8; LEN]>,
}

impl Sums {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.files.iter().chain(&self.tracks).flatten().copied().collect()
    }

    pub(crate) fn parse(bytes: &[u8], disc: &Disc) -> Result<Self, Error> {
        let (sums, rest) = bytes.as_chunks();
        if !rest.is_empty() || sums.len() != disc.files.len() + disc.tracks.len() {
            return Err(Error::Damaged("its last section has a wrong length"));
        }
        let (files, tracks) = sums.split_at(disc.files.len());
        Ok(Self { files: files.to_vec(), tracks: tracks.to_vec() })
    }

    /// Compares with what was regenerated.
    pub(crate) fn check(&self, got: &Self, disc: &Disc) -> Result<(), Error> {
        let names = disc.files.iter().map(|file| file.name.clone());
        let tracks = disc.tracks.iter().map(|track| format!("track {}", track.number));
        let pairs = self.files.iter().chain(&self.tracks).zip(got.files.iter().chain(&got.tracks));
        for (name, (expected, got)) in names.chain(tracks).zip(pairs) {
            if expected != got {
                return Err(Error::Hash { name, expected: hex(expected), got: hex(got) });
            }
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Computes the digests, and knows which file the next byte belongs to.
pub(crate) struct Hashing {
    tracks: Vec<(TrackEntry, Sha1)>,
    sizes: Vec<u64>,
    whole: Vec<Sha1>,
    file: usize,
    at: u64,
}

impl Hashing {
    pub(crate) fn new(disc: &Disc) -> Self {
        let mut hashing = Self {
            tracks: disc.tracks.iter().map(|&track| (track, Sha1::new())).collect(),
            sizes: disc.files.iter().map(|file| file.size).collect(),
            whole: disc.files.iter().map(|_| Sha1::new()).collect(),
            file: 0,
            at: 0,
        };
        hashing.skip_complete();
        hashing
    }

    /// The file that the next byte belongs to; `None` after the last one.
    pub(crate) fn file(&self) -> Option<usize> {
        (self.file < self.sizes.len()).then_some(self.file)
    }

    /// Bytes that are missing from that file.
    pub(crate) fn left(&self) -> u64 {
        self.sizes.get(self.file).map_or(0, |size| size - self.at)
    }

    /// Adds the next bytes of the current file, which must not be longer than [`left`](Self::left).
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let (start, end) = (self.at, self.at + bytes.len() as u64);
        self.whole[self.file].update(bytes);
        for (track, sum) in &mut self.tracks {
            if usize::from(track.file) != self.file {
                continue;
            }
            let within = |offset: u64| usize::try_from(offset.clamp(start, end) - start).unwrap_or_default();
            sum.update(&bytes[within(track.start)..within(track.start + track.len)]);
        }
        self.at = end;
        self.skip_complete();
    }

    fn skip_complete(&mut self) {
        while self.sizes.get(self.file) == Some(&self.at) {
            self.file += 1;
            self.at = 0;
        }
    }

    pub(crate) fn finish(self) -> Sums {
        let finish = |sum: Sha1| sum.finalize().into();
        Sums {
            files: self.whole.into_iter().map(finish).collect(),
            tracks: self.tracks.into_iter().map(|(_, sum)| finish(sum)).collect(),
        }
    }
}
