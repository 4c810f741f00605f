//! The code lengths at the start of a dynamic block (RFC 1951, 3.2.7): run lengths, which have their own
//! prefix code.

use super::bits::BitWriter;
use super::huffman::{Huffman, codewords};
use super::smooth::HeaderCosts;
use super::symbols::{DISTANCES, FIRST_LENGTH, LITLENS};

/// The order in which the lengths of the run-length code are written.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Repeats the previous length 3 to 6 times.
const REPEAT: u8 = 16;
/// 3 to 10 times 0.
const ZEROS: u8 = 17;
/// 11 to 138 times 0.
const MANY_ZEROS: u8 = 18;
/// The bits that follow a symbol's codeword.
const fn extra_bits(symbol: u8) -> u32 {
    match symbol {
        REPEAT => 2,
        ZEROS => 3,
        MANY_ZEROS => 7,
        _ => 0,
    }
}
/// Codewords of the run-length code have at most this many bits.
const MAX_CODE_LEN: usize = 7;
/// Bits for the numbers of symbols.
const COUNTS_BITS: u32 = 5 + 5 + 4;

/// How long the codewords of a block are, 0 for symbols without one.
#[derive(Clone)]
pub(super) struct Lengths {
    pub(super) litlen: [u8; LITLENS],
    pub(super) distance: [u8; DISTANCES],
}

impl Lengths {
    pub(super) const fn new() -> Self {
        Self { litlen: [0; LITLENS], distance: [0; DISTANCES] }
    }
}

/// A symbol of the run-length code, and what follows it.
#[derive(Clone, Copy, Default)]
struct Run {
    symbol: u8,
    extra: u8,
}

/// A dynamic block's header, planned but not yet written.
pub(super) struct Header {
    runs: [Run; LITLENS + DISTANCES],
    run_count: usize,
    counts: [u32; 19],
    code: [u8; 19],
    litlens: usize,
    distances: usize,
    /// How many of the 19 lengths of the run-length code are written.
    code_lengths: usize,
    bits: u32,
}

impl Header {
    pub(super) const fn new() -> Self {
        Self {
            runs: [Run { symbol: 0, extra: 0 }; LITLENS + DISTANCES],
            run_count: 0,
            counts: [0; 19],
            code: [0; 19],
            litlens: 0,
            distances: 0,
            code_lengths: 0,
            bits: 0,
        }
    }

    /// Plans the header for these codes; returns how many bits it takes.
    pub(super) fn plan(&mut self, lengths: &Lengths, huffman: &mut Huffman) -> u32 {
        self.litlens = used(&lengths.litlen).max(FIRST_LENGTH);
        self.distances = used(&lengths.distance).max(1);
        self.run_count = 0;
        self.counts = [0; 19];
        // A run may continue from one code into the other: a decoder sees one sequence.
        let mut all = [0; LITLENS + DISTANCES];
        let all = &mut all[..self.litlens + self.distances];
        let (litlen, distance) = all.split_at_mut(self.litlens);
        litlen.copy_from_slice(&lengths.litlen[..self.litlens]);
        distance.copy_from_slice(&lengths.distance[..self.distances]);
        let mut rest = &*all;
        while let Some(&length) = rest.first() {
            let run = rest.iter().take_while(|&&other| other == length).count();
            self.add_run(length, run);
            rest = &rest[run..];
        }

        huffman.lengths(&self.counts, MAX_CODE_LEN, &mut self.code);
        if self.counts.iter().filter(|&&count| count > 0).count() == 1 {
            // Inflaters require this code to be complete.
            let spare = self.counts.iter().position(|&count| count == 0).unwrap_or(0);
            self.code[spare] = 1;
        }
        let last = ORDER.iter().rposition(|&symbol| self.code[usize::from(symbol)] > 0);
        self.code_lengths = last.map_or(4, |last| (last + 1).max(4));
        self.bits = COUNTS_BITS + 3 * self.code_lengths as u32;
        for ((symbol, &count), &length) in (0..).zip(&self.counts).zip(&self.code) {
            self.bits += count * (u32::from(length) + extra_bits(symbol));
        }
        self.bits
    }

    /// Returns what the symbols of the run-length code cost in the last planned header.
    pub(super) fn costs(&self) -> HeaderCosts {
        let cost = |symbol: u8| match self.code[usize::from(symbol)] {
            // Not in this header: assume the rarest codeword, plus its own length.
            0 => 8.0 + extra_bits(symbol) as f32,
            bits => (u32::from(bits) + extra_bits(symbol)) as f32,
        };
        let mut lengths = [0.0; 16];
        for (symbol, length) in (0..).zip(&mut lengths) {
            *length = cost(symbol);
        }
        HeaderCosts { lengths, repeat: cost(REPEAT), zeros: cost(ZEROS), many_zeros: cost(MANY_ZEROS) }
    }

    /// Adds one length, `times` times, with as few symbols as possible.
    fn add_run(&mut self, length: u8, mut times: usize) {
        if length == 0 {
            while times >= 11 {
                let run = times.min(138);
                self.add(MANY_ZEROS, run - 11);
                times -= run;
            }
            if times >= 3 {
                self.add(ZEROS, times - 3);
                times = 0;
            }
        } else {
            self.add(length, 0);
            times -= 1;
            while times >= 3 {
                // Of 7 and 8, leave three or four for a last repetition.
                let run = if times == 7 || times == 8 { times - 4 } else { times.min(6) };
                self.add(REPEAT, run - 3);
                times -= run;
            }
        }
        for _ in 0..times {
            self.add(length, 0);
        }
    }

    fn add(&mut self, symbol: u8, extra: usize) {
        self.runs[self.run_count] = Run { symbol, extra: extra as u8 };
        self.run_count += 1;
        self.counts[usize::from(symbol)] += 1;
    }

    /// Writes the last planned header.
    pub(super) fn write(&self, bits: &mut BitWriter<'_>) {
        bits.put((self.litlens - FIRST_LENGTH) as u32, 5);
        bits.put((self.distances - 1) as u32, 5);
        bits.put((self.code_lengths - 4) as u32, 4);
        for &symbol in &ORDER[..self.code_lengths] {
            bits.put(u32::from(self.code[usize::from(symbol)]), 3);
        }
        let mut words = [0; 19];
        codewords(&self.code, &mut words);
        for run in &self.runs[..self.run_count] {
            let symbol = usize::from(run.symbol);
            bits.put(u32::from(words[symbol]), u32::from(self.code[symbol]));
            bits.put(u32::from(run.extra), extra_bits(run.symbol));
        }
    }
}

/// Returns the number of lengths up to and including the last that is not 0.
fn used(lengths: &[u8]) -> usize {
    lengths.iter().rposition(|&length| length > 0).map_or(0, |last| last + 1)
}
