//! The strong parser: parses a block again and again, each time with the costs that the parse before has led to, and
//! divides it where its parts want different codes.

use alloc::vec::Vec;
use core::ops::Range;

use super::bits::BitWriter;
use super::block::{BlockCoder, Histogram};
use super::costs::Costs;
use super::division::{Division, estimate};
use super::matches::{Matches, Search};
use super::parse::Parser;
use super::symbols::{MIN_MATCH, Token};

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) search: Search,
    /// How often a part is parsed.
    pub(super) passes: usize,
    /// Parses end after so many that did not make the part smaller.
    pub(super) patience: usize,
    /// How often cheaper code lengths are looked for after each parse.
    pub(super) rounds: u32,
    /// The same for the parse that is taken.
    pub(super) last_rounds: u32,
    /// A stream may be this much longer at first than it has room for, in 32ths: no parse makes up for more.
    pub(super) hope: u64,
    /// Shorter parts are not divided.
    pub(super) divisible: usize,
}

impl Settings {
    /// What fits into the time that libdeflate 12 takes.
    pub(super) const THOROUGH: Self = Self {
        search: Search { depth: 32, long: 48, every_symbol: false },
        passes: 2,
        patience: 1,
        rounds: 0,
        last_rounds: 2,
        hope: 32,
        divisible: 4096,
    };

    /// The same for blocks of more than 4 KiB, where more is to be found and the header matters less.
    pub(super) const THOROUGH_LARGE: Self =
        Self { search: Search { depth: 128, long: 128, every_symbol: false }, passes: 4, ..Self::THOROUGH };

    /// Whatever still makes blocks smaller by more than some hundredths of a percent.
    pub(super) const BEST: Self = Self {
        search: Search { depth: 1024, long: 128, every_symbol: true },
        passes: 15,
        patience: 3,
        rounds: 3,
        last_rounds: 12,
        hope: 33,
        divisible: 1024,
    };

    /// Works out a deflate block for good; returns how many bits it takes.
    fn plan(&self, histogram: &Histogram, coder: &mut BlockCoder) -> u32 {
        let bits = coder.plan(histogram);
        coder.refine(histogram, bits, self.last_rounds)
    }
}

/// Takes blocks apart the best way that it finds.
pub(super) struct Strong {
    settings: Settings,
    matches: Matches,
    parser: Parser,
    costs: Costs,
    division: Division,
    tokens: Vec<Token>,
    best: Vec<Token>,
    parsed: Parsed,
    /// Whether a division was tried, for better or worse.
    divided: bool,
}

/// A block as deflate blocks.
#[derive(Default)]
struct Parsed {
    tokens: Vec<Token>,
    /// Where the tokens of each deflate block end.
    ends: Vec<usize>,
}

impl Parsed {
    /// Returns the symbols of each deflate block, and whether it is the last one.
    fn parts(&self) -> impl Iterator<Item = (&[Token], bool)> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| (&self.tokens[start..end], end == self.tokens.len()))
    }
}

impl Strong {
    pub(super) fn new(settings: Settings, max_block: usize) -> Self {
        Self {
            settings,
            matches: Matches::new(max_block),
            parser: Parser::new(max_block),
            costs: Costs::new(),
            division: Division::new(),
            tokens: Vec::with_capacity(max_block),
            best: Vec::with_capacity(max_block),
            divided: false,
            parsed: Parsed {
                tokens: Vec::with_capacity(2 * max_block),
                ends: Vec::with_capacity(2 * max_block / settings.divisible + 4),
            },
        }
    }

    /// Packs `block` into `out`; returns how many bytes that took, `None` when it does not fit.
    pub(super) fn encode(&mut self, block: &[u8], out: &mut [u8], coder: &mut BlockCoder) -> Option<usize> {
        self.matches.find(block, self.settings.search);
        self.divided = false;
        self.parsed.tokens.clear();
        self.parsed.ends.clear();
        let first = self.first(block, 0..block.len());
        if u64::from(coder.plan(&first)) * 32 > out.len() as u64 * 8 * self.settings.hope {
            return None;
        }
        let bits = self.part(block, 0..block.len(), coder);
        if bits.div_ceil(8) as usize > out.len() {
            return None;
        }
        let mut bits = BitWriter::new(out);
        for (tokens, last) in self.parsed.parts() {
            // A block that nobody tried to divide is the one that was worked out last.
            if self.divided {
                self.settings.plan(&Histogram::of(tokens), coder);
            }
            coder.write(tokens, last, &mut bits);
        }
        bits.finish()
    }

    /// Parses a part of a block, as one deflate block or as several; returns how many bits it takes.
    fn part(&mut self, block: &[u8], part: Range<usize>, coder: &mut BlockCoder) -> u32 {
        let bits = self.one_block(block, part.clone(), coder);
        let (start, first) = (self.parsed.tokens.len(), self.parsed.ends.len());
        self.parsed.tokens.extend_from_slice(&self.best);
        self.parsed.ends.push(self.parsed.tokens.len());
        if part.len() < self.settings.divisible {
            return bits;
        }
        let Some(at) = self.division.find(&self.best) else { return bits };
        self.divided = true;
        let middle = part.start + self.best[..at].iter().map(|token| token.len()).sum::<usize>();
        let end = self.parsed.tokens.len();
        let both = self.part(block, part.start..middle, coder) + self.part(block, middle..part.end, coder);
        if both < bits {
            self.parsed.tokens.drain(start..end);
            self.parsed.ends.remove(first);
            for later in &mut self.parsed.ends[first..] {
                *later -= end - start;
            }
            return both;
        }
        self.parsed.tokens.truncate(end);
        self.parsed.ends.truncate(first + 1);
        bits
    }

    /// Finds the best tokens for a part as one deflate block; returns how many bits it takes.
    fn one_block(&mut self, block: &[u8], part: Range<usize>, coder: &mut BlockCoder) -> u32 {
        let mut histogram = self.first(block, part.clone());
        let mut best_bits = u32::MAX;
        let mut stale = 0;
        for pass in 0..self.settings.passes {
            // Real codes and what would be best for the symbols take turns: each finds parses that the other does not.
            match coder.lengths().filter(|_| pass % 2 == 1 && self.settings.rounds > 0) {
                Some(lengths) => self.costs.set_lengths(lengths),
                None => self.costs.set(&histogram),
            }
            self.parser.cheapest(block, part.clone(), &self.matches, &self.costs, &mut self.tokens);
            histogram = Histogram::of(&self.tokens);
            let bits = coder.plan(&histogram);
            let bits = coder.refine(&histogram, bits, self.settings.rounds);
            if bits < best_bits {
                best_bits = bits;
                core::mem::swap(&mut self.best, &mut self.tokens);
                stale = 0;
            } else {
                stale += 1;
                if stale >= self.settings.patience {
                    break;
                }
            }
        }
        self.settings.plan(&Histogram::of(&self.best), coder)
    }

    /// Returns how often symbols occur in the better of two simple parses: with the longest match everywhere, unless
    /// there is a longer one a byte later, or without any.
    fn first(&self, block: &[u8], part: Range<usize>) -> Histogram {
        let longest = |at: usize| {
            let found = if at < part.end { self.matches.at(at).last().copied() } else { None };
            let length = found.map_or(0, |found| found.value().min(part.end - at));
            (length, found.map_or(0, Token::distance))
        };
        let mut histogram = Histogram::new();
        let mut at = part.start;
        while at < part.end {
            let (length, distance) = longest(at);
            let token = if length < MIN_MATCH || longest(at + 1).0 > length {
                Token::literal(block[at])
            } else {
                Token::matched(length, distance)
            };
            histogram.add(token);
            at += token.len();
        }
        // Where bytes hardly repeat, short matches do harm, and no later parse gets quite away from them.
        let literals = Histogram::of_literals(&block[part]);
        if estimate(&literals) < estimate(&histogram) { literals } else { histogram }
    }
}
