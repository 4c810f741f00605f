//! Code lengths that are cheap together with the header that describes them.
//!
//! A Huffman code is the cheapest one for the symbols, but its lengths vary from symbol to symbol, and in a
//! block of 2 KiB describing them takes a tenth of the stream. This module weighs both: the lengths form a
//! path through all symbols, each step is a symbol of the header's run-length code, and the cheapest path is
//! found as in Viterbi's algorithm. The requirement that the codewords fit together (Kraft's sum) enters the
//! costs as a price for code space, which is raised and lowered until just about all of it is used.

use alloc::vec;
use alloc::vec::Vec;

use super::huffman::MAX_CODE_LEN;
use super::symbols::LITLENS;

/// Lengths 1 to 15, each at its own index.
const LANES: usize = MAX_CODE_LEN + 1;
/// All code space, in units of the longest codeword.
pub(super) const SPACE: i32 = 1 << MAX_CODE_LEN;

/// The costs of header symbols in bits, including their extra bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderCosts {
    /// A length by itself, 0 to 15.
    pub(super) lengths: [f32; LANES],
    /// The previous length, 3 to 6 times.
    pub(super) repeat: f32,
    /// 3 to 10 symbols without a codeword.
    pub(super) zeros: f32,
    /// 11 to 138 of them.
    pub(super) many_zeros: f32,
}

/// Finds cheap lengths. Takes 39 KiB of memory.
pub(super) struct Smoother {
    rows: Vec<Row>,
}

/// The cheapest paths up to a symbol.
#[derive(Clone)]
struct Row {
    /// The cost of the cheapest path that ends with each length, minus `spent`. The first lane is unused.
    paths: [f32; LANES],
    /// What all symbols so far would cost at each length.
    spent: [f32; LANES],
    /// The cheapest path that ends without a codeword.
    zeros: f32,
    /// The cheapest of all these paths.
    cheapest: f32,
    /// How many consecutive symbols before this point do not occur.
    unused: usize,
}

const NO_PATH: f32 = 1e9;

/// Unused symbols within this distance of used ones may be given codewords, to make runs longer.
const REACH: usize = 3;

impl Smoother {
    pub(super) fn new() -> Self {
        let row =
            Row { paths: [NO_PATH; LANES], spent: [0.0; LANES], zeros: NO_PATH, cheapest: 0.0, unused: 0 };
        Self { rows: vec![row; LITLENS + 1] }
    }

    /// Finds the cheapest lengths if all code space costs `price` bits. They may use more or less space than
    /// there is.
    pub(super) fn solve(&mut self, counts: &[u32], price: f32, costs: &HeaderCosts, lengths: &mut [u8]) {
        let mut space = [0.0; LANES];
        for (length, space) in (0..).zip(&mut space) {
            *space = price / (1u32 << length) as f32;
        }
        let mut single = costs.lengths;
        single[0] = NO_PATH;
        for (at, &count) in (1..).zip(counts) {
            let (done, rest) = self.rows.split_at_mut(at);
            let (before, row) = (&done[at - 1], &mut rest[0]);
            row.unused = if count == 0 { before.unused + 1 } else { 0 };
            let near = row.unused <= REACH || counts[at..].iter().take(REACH).any(|&count| count > 0);
            let mut best = NO_PATH;
            if near {
                for ((path, single), spent) in row.paths.iter_mut().zip(single).zip(before.spent) {
                    *path = before.cheapest + single - spent;
                }
                for back in 3..=6.min(at - 1) {
                    for (path, repeated) in row.paths.iter_mut().zip(done[at - back].paths) {
                        *path = lesser(*path, repeated + costs.repeat);
                    }
                }
                let mut totals = [0.0; LANES];
                for lane in 0..LANES {
                    row.spent[lane] = before.spent[lane] + count as f32 * lane as f32 + space[lane];
                    totals[lane] = row.paths[lane] + row.spent[lane];
                }
                for half in [8, 4, 2, 1] {
                    for lane in 0..half {
                        totals[lane] = lesser(totals[lane], totals[lane + half]);
                    }
                }
                best = totals[0];
            } else {
                row.paths = [NO_PATH; LANES];
                row.spent = before.spent;
            }
            let zeros = zero_step(done, at, row.unused, costs).0;
            row.zeros = zeros;
            row.cheapest = lesser(best, zeros);
        }
        self.trace(counts.len(), costs, lengths);
    }

    /// Walks the cheapest path backwards: each step taken is the one whose cost matches the path's.
    fn trace(&self, mut at: usize, costs: &HeaderCosts, lengths: &mut [u8]) {
        // The length that the path must have here because a repetition follows.
        let mut bound = None;
        while at > 0 {
            let row = &self.rows[at];
            let length = bound.take().unwrap_or_else(|| {
                let total = |length: usize| row.paths[length] + row.spent[length];
                let best = (1..LANES).min_by(|&one, &other| total(one).total_cmp(&total(other))).unwrap_or(1);
                if total(best) <= row.zeros { best } else { 0 }
            });
            let back = if length == 0 {
                zero_step(&self.rows, at, row.unused, costs).1
            } else {
                let before = &self.rows[at - 1];
                let single = before.cheapest + costs.lengths[length] - before.spent[length];
                let cost = |back: usize| self.rows[at - back].paths[length] + costs.repeat;
                let back = (3..=6.min(at - 1)).min_by(|&one, &other| cost(one).total_cmp(&cost(other)));
                let repeated = back.filter(|&back| cost(back) < single);
                bound = repeated.map(|_| length);
                repeated.unwrap_or(1)
            };
            lengths[at - back..at].fill(length as u8);
            at -= back;
        }
    }
}

#[inline]
fn lesser(one: f32, other: f32) -> f32 {
    if one < other { one } else { other }
}

/// The cheapest step to `at` over symbols without codewords, where the last `unused` symbols do not occur:
/// its path's cost and how many symbols it covers.
fn zero_step(rows: &[Row], at: usize, unused: usize, costs: &HeaderCosts) -> (f32, usize) {
    if unused == 0 {
        return (NO_PATH, 1);
    }
    let mut best = (rows[at - 1].cheapest + costs.lengths[0], 1);
    let mut offer = |back: usize, cost: f32| {
        let total = rows[at - back].cheapest + cost;
        if total < best.0 {
            best = (total, back);
        }
    };
    for back in 3..=unused.min(10) {
        offer(back, costs.zeros);
    }
    // If there are many, all or nearly all of them.
    for back in unused.saturating_sub(REACH).max(11)..=unused.min(138) {
        offer(back, costs.many_zeros);
    }
    best
}

/// Returns how much code space these lengths leave, negative if they take more than there is.
pub(super) fn space_left(lengths: &[u8]) -> i32 {
    SPACE - lengths.iter().filter(|&&length| length > 0).map(|&length| SPACE >> length).sum::<i32>()
}

/// The cost in the header, in bits, of changing a length next to an equal one.
const RUN: f32 = 3.0;

/// Makes the code complete: lengthens or shortens codewords where that costs least for the space gained.
/// Returns whether that was possible.
pub(super) fn complete(lengths: &mut [u8], counts: &[u32]) -> bool {
    let mut left = space_left(lengths);
    while left != 0 {
        let mut best: Option<(usize, f32)> = None;
        for (at, (&length, &count)) in lengths.iter().zip(counts).enumerate() {
            if length == 0 {
                continue;
            }
            let space = SPACE >> length;
            let around = [at.checked_sub(1).and_then(|before| lengths.get(before)), lengths.get(at + 1)];
            let like = |length: u8| around.iter().filter(|other| **other == Some(&length)).count() as f32;
            let new = if left < 0 { length + 1 } else { length - 1 };
            let header = (like(length) - like(new)) * RUN;
            let worth = if left < 0 {
                if usize::from(length) == MAX_CODE_LEN {
                    continue;
                }
                // Space beyond what is missing is worth nothing.
                -(count as f32 + header + 0.5) / (space / 2).min(-left) as f32
            } else {
                if length == 1 || space > left {
                    continue;
                }
                count as f32 - header
            };
            if best.is_none_or(|(_, other)| worth > other) {
                best = Some((at, worth));
            }
        }
        let Some((at, _)) = best else { return false };
        if left < 0 {
            lengths[at] += 1;
            left += SPACE >> lengths[at];
        } else {
            left -= SPACE >> lengths[at];
            lengths[at] -= 1;
        }
    }
    true
}
