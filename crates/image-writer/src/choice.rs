//! Chooses between the encodings of a block.

use load_model::Model;
use sector_decode::Coding;

use crate::plan::Optimize;

/// The encodings available instead of storing a block, with their lengths in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Candidates {
    pub(crate) deflate: Option<usize>,
    pub(crate) lz4: Option<usize>,
    pub(crate) block_size: usize,
    /// Packed bytes are padded to a multiple of this many.
    pub(crate) alignment: usize,
}

/// The chosen encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Stored,
    Deflate(usize),
    Lz4(usize),
}

impl Candidates {
    pub(crate) fn choose(self, optimize: Optimize) -> Choice {
        match optimize {
            Optimize::Size => self.smallest(),
            Optimize::Load => self.fastest(),
        }
    }

    /// Packed data is always smaller than a stored block. LZ4 is cheaper to decode, so it wins a tie.
    fn smallest(self) -> Choice {
        match (self.deflate, self.lz4) {
            (deflated, Some(len)) if deflated.is_none_or(|other| self.padded(len) <= self.padded(other)) => {
                Choice::Lz4(len)
            }
            (Some(len), _) => Choice::Deflate(len),
            (None, _) => Choice::Stored,
        }
    }

    /// The one a PSP is predicted to load sooner. The one that is cheaper to decode wins a tie.
    fn fastest(self) -> Choice {
        let lz4 = self.lz4.map(|len| (Choice::Lz4(len), Coding::Lz4, len));
        let deflate = self.deflate.map(|len| (Choice::Deflate(len), Coding::Deflate, len));
        let mut best = (Choice::Stored, self.seconds(Coding::Stored, self.block_size));
        for (choice, coding, len) in [lz4, deflate].into_iter().flatten() {
            let seconds = self.seconds(coding, len);
            if seconds < best.1 {
                best = (choice, seconds);
            }
        }
        best.0
    }

    fn seconds(self, coding: Coding, len: usize) -> f64 {
        let [len, size] =
            [self.padded(len), self.block_size].map(|len| u32::try_from(len).unwrap_or(u32::MAX));
        Model::PSP.block_seconds(coding, len, size)
    }

    /// How much space packed bytes take in the file.
    fn padded(self, len: usize) -> usize {
        len.next_multiple_of(self.alignment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(optimize: Optimize, deflate: Option<usize>, lz4: Option<usize>) -> Choice {
        Candidates { deflate, lz4, block_size: 2048, alignment: 1 }.choose(optimize)
    }

    #[test]
    fn by_size_the_fewest_bytes_are_taken() {
        let size = |deflate, lz4| choose(Optimize::Size, deflate, lz4);
        assert_eq!(size(None, None), Choice::Stored);
        assert_eq!(size(Some(2047), None), Choice::Deflate(2047));
        assert_eq!(size(None, Some(2047)), Choice::Lz4(2047));
        assert_eq!(size(Some(1000), Some(1001)), Choice::Deflate(1000));
        assert_eq!(size(Some(1000), Some(1000)), Choice::Lz4(1000));
        let padded = Candidates { deflate: Some(1000), lz4: Some(1020), block_size: 2048, alignment: 32 };
        assert_eq!(padded.choose(Optimize::Size), Choice::Lz4(1020));
    }

    #[test]
    fn by_load_the_shortest_time_is_taken() {
        // Based on the model for blocks of 2048 bytes: deflate pays below 952 bytes, LZ4 below 1852.
        let load = |deflate, lz4| choose(Optimize::Load, deflate, lz4);
        assert_eq!(load(None, None), Choice::Stored);
        assert_eq!(load(Some(960), None), Choice::Stored);
        assert_eq!(load(Some(940), None), Choice::Deflate(940));
        assert_eq!(load(None, Some(1855)), Choice::Stored);
        assert_eq!(load(None, Some(1850)), Choice::Lz4(1850));
        // Decoding deflate takes as long as reading 899 more bytes.
        assert_eq!(load(Some(900), Some(1700)), Choice::Lz4(1700));
        assert_eq!(load(Some(900), Some(1800)), Choice::Deflate(900));
    }

    #[test]
    fn padding_counts_as_bytes_of_the_file() {
        let candidates = Candidates { deflate: Some(940), lz4: None, block_size: 2048, alignment: 1024 };
        assert_eq!(candidates.choose(Optimize::Load), Choice::Stored);
    }
}
