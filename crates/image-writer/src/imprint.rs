//! An imprint of a file as it was passed to the system, for comparison with what the disk returns.
//!
//! A decoder reads only a few bytes of a header and none of the padding, so a file that decodes to the right
//! image may still differ from what was written. The imprint covers every byte. A file is written in a few
//! sequential runs (header, tables of the index, blocks), so each run has a separate hash.

use twox_hash::XxHash3_128;

/// Hashes of the runs in which a file was written, in the order of their positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imprint {
    runs: Vec<Run>,
}

/// Bytes of a file without a gap, and their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    start: u64,
    end: u64,
    hash: u128,
}

/// Where a file differs from what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differs {
    /// First byte of the run that differs.
    pub start: u64,
    /// First byte after it.
    pub end: u64,
}

/// Computes the imprint of a file while it is written.
#[derive(Default)]
pub(crate) struct Press {
    runs: Vec<(u64, u64, XxHash3_128)>,
}

impl Press {
    /// Records bytes written at a position: either where an earlier run ends, or where there is not yet a
    /// run.
    pub(crate) fn add(&mut self, at: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let found = self.runs.iter().position(|&(_, end, _)| end == at).unwrap_or_else(|| {
            self.runs.push((at, at, XxHash3_128::new()));
            self.runs.len() - 1
        });
        let (_, end, hash) = &mut self.runs[found];
        *end += bytes.len() as u64;
        hash.write(bytes);
    }

    pub(crate) fn finish(self) -> Imprint {
        let finish =
            |(start, end, hash): (u64, u64, XxHash3_128)| Run { start, end, hash: hash.finish_128() };
        let mut runs: Vec<Run> = self.runs.into_iter().map(finish).collect();
        runs.sort_by_key(|run| run.start);
        Imprint { runs }
    }
}

impl Imprint {
    /// Starts comparing a file with the imprint.
    #[must_use]
    pub fn compare(&self) -> Comparison<'_> {
        Comparison { runs: &self.runs, at: 0, hash: XxHash3_128::new(), differs: None }
    }
}

/// A comparison with an imprint. It is fed the bytes of the file from its beginning to its end.
pub struct Comparison<'i> {
    /// The run being compared, and all after it.
    runs: &'i [Run],
    at: u64,
    hash: XxHash3_128,
    differs: Option<Differs>,
}

impl Comparison<'_> {
    /// Adds the next bytes of the file.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.differs.is_none() {
            let Some(run) = self.runs.first().filter(|run| run.start <= self.at) else {
                let end = self.at + bytes.len() as u64;
                self.differs = Some(Differs { start: self.at, end });
                return;
            };
            let left = usize::try_from(run.end - self.at).unwrap_or(usize::MAX);
            let (these, rest) = bytes.split_at(left.min(bytes.len()));
            self.hash.write(these);
            self.at += these.len() as u64;
            bytes = rest;
            if self.at == run.end {
                if self.hash.finish_128() != run.hash {
                    self.differs = Some(Differs { start: run.start, end: run.end });
                }
                self.hash = XxHash3_128::new();
                self.runs = &self.runs[1..];
            }
        }
    }

    /// Finishes the comparison.
    ///
    /// # Errors
    ///
    /// The first run that differs, is missing, or is extra in the file.
    pub fn finish(self) -> Result<(), Differs> {
        match (self.differs, self.runs.first()) {
            (Some(differs), _) => Err(differs),
            (None, Some(run)) => Err(Differs { start: run.start, end: run.end }),
            (None, None) => Ok(()),
        }
    }
}

impl std::fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparison")
            .field("at", &self.at)
            .field("differs", &self.differs)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of three runs, written out of order.
    fn pressed() -> (Vec<u8>, Imprint) {
        let file: Vec<u8> = (0..1000u32).map(|i| (i * 7 / 3).to_le_bytes()[0]).collect();
        let mut press = Press::default();
        for (at, end) in [(300, 500), (24, 100), (500, 1000), (100, 300), (0, 24)] {
            press.add(at as u64, &file[at..end]);
        }
        (file, press.finish())
    }

    fn compared(imprint: &Imprint, file: &[u8], piece: usize) -> Result<(), Differs> {
        let mut comparison = imprint.compare();
        file.chunks(piece).for_each(|bytes| comparison.update(bytes));
        comparison.finish()
    }

    #[test]
    fn the_same_bytes_pass_however_they_are_cut() {
        let (file, imprint) = pressed();
        for piece in [1, 7, 24, 300, 1000] {
            assert_eq!(compared(&imprint, &file, piece), Ok(()), "{piece}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let (mut file, imprint) = pressed();
        for bit in 0..file.len() * 8 {
            file[bit / 8] ^= 1 << (bit % 8);
            let differs = compared(&imprint, &file, 64).unwrap_err();
            assert!((differs.start..differs.end).contains(&(bit as u64 / 8)), "{bit}: {differs:?}");
            file[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn a_shorter_and_a_longer_file_are_noticed() {
        let (mut file, imprint) = pressed();
        for len in [0, 24, 300, 999] {
            assert!(compared(&imprint, &file[..len], 50).is_err(), "{len}");
        }
        file.push(0);
        assert_eq!(compared(&imprint, &file, 50), Err(Differs { start: 1000, end: 1001 }));
    }

    #[test]
    fn a_gap_that_nothing_was_written_to_is_noticed() {
        let mut press = Press::default();
        press.add(0, b"head");
        press.add(6, b"data");
        assert_eq!(compared(&press.finish(), b"head\0\0data", 3).map_err(|differs| differs.start), Err(4));
    }
}
