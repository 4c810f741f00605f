//! How much the strong parser tries.

use super::matches::{Kind, Search};

/// How much to try.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) search: Search,
    /// How often a block is parsed to find the best places to divide it; with 0 it is first parsed as one
    /// part.
    pub(super) surveys: usize,
    /// How often a part is parsed.
    pub(super) passes: usize,
    /// Parsing stops after this many parses that did not make the part smaller.
    pub(super) patience: usize,
    /// How many rounds of looking for cheaper code lengths follow each parse.
    pub(super) rounds: u32,
    /// The same for the final parse.
    pub(super) last_rounds: u32,
    /// The size limit of the first stream, in 32ths of the available room: no parse makes up for more.
    pub(super) hope: u64,
    /// Shorter parts are not divided.
    pub(super) divisible: usize,
    /// How many divisions are tried; later ones are based on the best parse so far.
    pub(super) attempts: usize,
}

impl Settings {
    /// As much as fits into the time that libdeflate 12 takes.
    pub(super) const THOROUGH: Self = Self {
        search: Search { depth: 32, long: 48, kind: Kind::Nearest },
        surveys: 0,
        passes: 2,
        patience: 1,
        rounds: 0,
        last_rounds: 2,
        hope: 32,
        divisible: 4096,
        attempts: 1,
    };

    /// The same for blocks of 4 KiB and more, where there is more to gain and the header matters less.
    pub(super) const THOROUGH_LARGE: Self = Self {
        search: Search { depth: 32, long: 128, kind: Kind::NearestByTrees },
        surveys: 2,
        passes: 1,
        last_rounds: 4,
        ..Self::THOROUGH
    };

    /// Whatever still makes blocks smaller by more than a few hundredths of a percent.
    pub(super) const BEST: Self = Self {
        search: Search { depth: 1024, long: 128, kind: Kind::EverySymbol },
        surveys: 0,
        passes: 15,
        patience: 3,
        rounds: 3,
        last_rounds: 12,
        hope: 33,
        divisible: 1024,
        attempts: 3,
    };

    /// The same for blocks of more than 8 KiB, which more often benefit from several divisions.
    pub(super) const BEST_LARGE: Self = Self { surveys: 2, ..Self::BEST };
}
