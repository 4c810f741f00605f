//! The expected cost of each symbol, based on how often it occurred before.

use super::block::Histogram;
use super::header::Lengths;
use super::symbols::{
    DISTANCES, FIRST_LENGTH, LENGTH_EXTRA, LENGTH_SYMBOL, MAX_MATCH, MIN_MATCH, distance_extra,
};

/// Costs are in fractions of a bit; a bit has this many.
pub(super) const BIT: u32 = 64;

/// Expected costs of literals and matches, each including its share of the header and its extra bits.
#[derive(Clone)]
pub(super) struct Costs {
    pub(super) literal: [u32; 256],
    /// By length; entries below [`MIN_MATCH`] are unused.
    pub(super) length: [u32; MAX_MATCH + 1],
    /// By symbol.
    pub(super) distance: [u32; DISTANCES],
}

/// What the first use of another symbol costs, beyond the rarest possible codeword.
const UNUSED: u32 = 2 * BIT;

impl Costs {
    pub(super) const fn new() -> Self {
        Self { literal: [0; 256], length: [0; MAX_MATCH + 1], distance: [0; DISTANCES] }
    }

    /// Sets the costs to what symbols that occur as often as in `histogram` would take in an ideal code.
    pub(super) fn set(&mut self, histogram: &Histogram) {
        let (litlen, distance) = (sum(&histogram.litlen), sum(&histogram.distance));
        self.fill(
            |symbol| symbol_cost(histogram.litlen[symbol], litlen),
            |symbol| symbol_cost(histogram.distance[symbol], distance),
        );
    }

    /// Sets the costs to what symbols take in an existing code.
    pub(super) fn set_lengths(&mut self, lengths: &Lengths) {
        let bits = |length: u8, longest: u8| u32::from(if length == 0 { longest } else { length }) * BIT;
        let longest = |lengths: &[u8]| lengths.iter().copied().max().unwrap_or(0);
        let (litlen, distance) = (longest(&lengths.litlen), longest(&lengths.distance));
        self.fill(
            |symbol| bits(lengths.litlen[symbol], litlen),
            |symbol| bits(lengths.distance[symbol], distance),
        );
    }

    /// Sets the costs from the costs of the codewords.
    fn fill(&mut self, litlen: impl Fn(usize) -> u32, distance: impl Fn(usize) -> u32) {
        for (symbol, cost) in self.literal.iter_mut().enumerate() {
            *cost = litlen(symbol);
        }
        let mut of_symbol = [0; LENGTH_EXTRA.len()];
        for ((symbol, cost), extra) in (FIRST_LENGTH..).zip(&mut of_symbol).zip(LENGTH_EXTRA) {
            *cost = litlen(symbol) + u32::from(extra) * BIT;
        }
        for (cost, &symbol) in self.length.iter_mut().zip(&LENGTH_SYMBOL).skip(MIN_MATCH) {
            *cost = of_symbol[usize::from(symbol)];
        }
        for (symbol, cost) in self.distance.iter_mut().enumerate() {
            *cost = distance(symbol) + distance_extra(symbol) * BIT;
        }
    }
}

fn sum(counts: &[u32]) -> u32 {
    counts.iter().sum::<u32>().max(1)
}

fn symbol_cost(count: u32, total: u32) -> u32 {
    match count {
        0 => log2(total) + UNUSED,
        _ => (log2(total) - log2(count)).max(BIT / 8),
    }
}

/// Fractions of logarithms, by the eight bits after the highest.
static FRACTIONS: [u32; 256] = {
    let mut fractions = [0; 256];
    let mut place = 0;
    while place < 256 {
        // The fraction's bits are computed one by one: squaring a number doubles its logarithm.
        let mut number = (256 + place as u64) << 22;
        let (mut fraction, mut bit) = (0, 0);
        while bit < 7 {
            number = (number * number) >> 30;
            fraction <<= 1;
            if number >= 2 << 30 {
                number >>= 1;
                fraction |= 1;
            }
            bit += 1;
        }
        fractions[place] = (fraction + 1) >> 1;
        place += 1;
    }
    fractions
};

/// Returns the binary logarithm of a number above 0, in fractions of a bit.
pub(super) const fn log2(number: u32) -> u32 {
    let whole = number.ilog2();
    // The highest bit is left out.
    let behind = if whole < 8 { number << (8 - whole) } else { number >> (whole - 8) } & 0xFF;
    whole * BIT + FRACTIONS[behind as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms() {
        for number in (1..3000).chain([65_535, 65_536, 1 << 20]) {
            let exact = f64::from(number).log2() * f64::from(BIT);
            assert!((f64::from(log2(number)) - exact).abs() < 1.0, "{number}");
        }
    }
}
