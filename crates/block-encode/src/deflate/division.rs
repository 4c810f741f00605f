//! Where a block is best divided into two.

use super::block::Histogram;
use super::costs::{BIT, log2};
use super::symbols::{DISTANCES, END_OF_BLOCK, FIRST_LENGTH, LENGTH_SYMBOL, LITLENS, Token, distance_symbol};

/// A header is estimated at this many fractions of a bit, plus a share for each symbol.
const HEADER: u32 = 70 * BIT;
const HEADER_PER_SYMBOL: u32 = 3 * BIT;

/// Looks for the place where splitting into two separate codes saves most.
pub(super) struct Division {
    sides: [Side; 2],
}

/// The estimated size of one side of the split, kept up to date while tokens change sides.
struct Side {
    litlen: Alphabet<LITLENS>,
    distance: Alphabet<DISTANCES>,
}

struct Alphabet<const SYMBOLS: usize> {
    counts: [u32; SYMBOLS],
    total: u32,
    used: u32,
    /// The sum of the counts times their logarithms.
    weighted: u32,
}

impl<const SYMBOLS: usize> Alphabet<SYMBOLS> {
    const fn new() -> Self {
        Self { counts: [0; SYMBOLS], total: 0, used: 0, weighted: 0 }
    }

    fn set(&mut self, counts: &[u32; SYMBOLS]) {
        *self = Self { counts: *counts, ..Self::new() };
        for &count in counts {
            self.total += count;
            self.used += u32::from(count > 0);
            self.weighted += weight(count);
        }
    }

    fn add(&mut self, symbol: usize) {
        let count = &mut self.counts[symbol];
        self.weighted += weight(*count + 1) - weight(*count);
        self.used += u32::from(*count == 0);
        self.total += 1;
        *count += 1;
    }

    fn remove(&mut self, symbol: usize) {
        let count = &mut self.counts[symbol];
        self.weighted -= weight(*count) - weight(*count - 1);
        self.used -= u32::from(*count == 1);
        self.total -= 1;
        *count -= 1;
    }

    /// The entropy of all symbols and their share of the header.
    fn estimate(&self) -> u32 {
        weight(self.total) - self.weighted + self.used * HEADER_PER_SYMBOL
    }
}

/// Estimates the size of a block with these symbols, in fractions of a bit.
pub(super) fn estimate(histogram: &Histogram) -> u32 {
    let (mut litlen, mut distance) = (Alphabet::new(), Alphabet::new());
    litlen.set(&histogram.litlen);
    distance.set(&histogram.distance);
    litlen.estimate() + distance.estimate() + histogram.extra_bits() * BIT
}

impl Division {
    pub(super) const fn new() -> Self {
        const SIDE: Side = Side { litlen: Alphabet::new(), distance: Alphabet::new() };
        Self { sides: [SIDE; 2] }
    }

    /// Returns after how many tokens to divide; `None` when dividing does not seem to gain anything.
    pub(super) fn find(&mut self, tokens: &[Token]) -> Option<usize> {
        let all = Histogram::of(tokens);
        let [before, behind] = &mut self.sides;
        before.litlen.set(&[0; LITLENS]);
        before.distance.set(&[0; DISTANCES]);
        before.litlen.add(END_OF_BLOCK);
        behind.litlen.set(&all.litlen);
        behind.distance.set(&all.distance);
        let mut least = behind.litlen.estimate() + behind.distance.estimate();
        let mut place = None;
        for (at, &token) in (1..).zip(tokens) {
            let symbol = match token.distance() {
                0 => token.value(),
                distance => {
                    before.distance.add(distance_symbol(distance));
                    behind.distance.remove(distance_symbol(distance));
                    FIRST_LENGTH + usize::from(LENGTH_SYMBOL[token.value()])
                }
            };
            before.litlen.add(symbol);
            behind.litlen.remove(symbol);
            let estimate = HEADER
                + before.litlen.estimate()
                + before.distance.estimate()
                + behind.litlen.estimate()
                + behind.distance.estimate();
            if estimate < least && at < tokens.len() {
                (least, place) = (estimate, Some(at));
            }
        }
        place
    }
}

/// Returns a count times its logarithm.
fn weight(count: u32) -> u32 {
    WEIGHTS.get(count as usize).copied().unwrap_or_else(|| count * log2(count))
}

/// The weights of common counts.
static WEIGHTS: [u32; 1024] = {
    let mut weights = [0; 1024];
    let mut count = 1;
    while count < 1024 {
        weights[count as usize] = count * log2(count);
        count += 1;
    }
    weights
};
