//! The strong parser: parses a block repeatedly, each time with the costs from the previous parse, and
//! divides it where its parts need different codes.

use alloc::vec::Vec;
use core::ops::Range;

use super::bits::BitWriter;
use super::block::{BlockCoder, Histogram};
use super::costs::Costs;
use super::division::{Division, estimate};
use super::matches::Matches;
use super::parse::Parser;
use super::settings::Settings;
use super::symbols::{MIN_MATCH, Token};

/// A division based on an earlier parse may look worse by this many 256ths.
const LENIENCE: u32 = 1;

/// Finds the best parse of a block that it can.
pub(super) struct Strong {
    settings: Settings,
    matches: Matches,
    parser: Parser,
    costs: Costs,
    division: Division,
    tokens: Vec<Token>,
    best: Vec<Token>,
    /// Where the next parse starts from.
    survey: Parsed,
    parsed: Parsed,
    /// The best parse so far.
    chosen: Parsed,
}

/// A block as deflate blocks.
struct Parsed {
    tokens: Vec<Token>,
    parts: Vec<Part>,
}

/// A deflate block.
#[derive(Clone, Copy)]
struct Part {
    /// Where its tokens end.
    end: usize,
    /// How many bytes its tokens represent.
    len: usize,
}

impl Parsed {
    /// Returns how many bytes each part represents.
    fn lens(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().map(|part| part.len)
    }

    /// Returns the symbols of each deflate block.
    fn part(&self, index: usize) -> &[Token] {
        let start = if index == 0 { 0 } else { self.parts[index - 1].end };
        &self.tokens[start..self.parts[index].end]
    }
}

fn bytes(tokens: &[Token]) -> usize {
    tokens.iter().map(|token| token.len()).sum()
}

impl Strong {
    pub(super) fn new(settings: Settings, max_block: usize) -> Self {
        let parsed = || Parsed {
            tokens: Vec::with_capacity(max_block),
            parts: Vec::with_capacity(2 * max_block / settings.divisible + 4),
        };
        Self {
            settings,
            matches: Matches::new(max_block, settings.search),
            parser: Parser::new(max_block),
            costs: Costs::new(),
            division: Division::new(),
            tokens: Vec::with_capacity(max_block),
            best: Vec::with_capacity(max_block),
            survey: parsed(),
            parsed: parsed(),
            chosen: parsed(),
        }
    }

    /// Packs `block` into `out`; returns how many bytes that took, `None` when it does not fit.
    pub(super) fn encode(&mut self, block: &[u8], out: &mut [u8], coder: &mut BlockCoder) -> Option<usize> {
        self.matches.find(block);
        self.start(block);
        let first = coder.plan(&Histogram::of(&self.survey.tokens));
        if u64::from(first) * 32 > out.len() as u64 * 8 * self.settings.hope {
            return None;
        }
        for _ in 0..self.settings.surveys {
            self.divide_all(0, coder);
            self.survey_again(block);
        }
        if self.settings.surveys > 0 {
            self.divide_all(0, coder);
        }
        let mut least = self.parse(block, coder);
        core::mem::swap(&mut self.parsed, &mut self.chosen);
        for _ in 1..self.settings.attempts {
            self.survey.tokens.clone_from(&self.chosen.tokens);
            self.divide_all(LENIENCE, coder);
            if self.survey.lens().eq(self.chosen.lens()) {
                break;
            }
            let bits = self.parse(block, coder);
            if bits >= least {
                break;
            }
            least = bits;
            core::mem::swap(&mut self.parsed, &mut self.chosen);
        }
        if least.div_ceil(8) as usize > out.len() {
            return None;
        }
        let mut bits = BitWriter::new(out);
        let count = self.chosen.parts.len();
        for index in 0..count {
            let tokens = self.chosen.part(index);
            // The only part of the only attempt is already the last planned one.
            if count > 1 || self.settings.attempts > 1 {
                coder.plan_refined(&Histogram::of(tokens), self.settings.last_rounds);
            }
            coder.write(tokens, index + 1 == count, &mut bits);
        }
        bits.finish()
    }

    /// Parses each part of the survey as well as possible; returns how many bits all take.
    fn parse(&mut self, block: &[u8], coder: &mut BlockCoder) -> u32 {
        self.parsed.tokens.clear();
        self.parsed.parts.clear();
        let (mut start, mut all) = (0, 0);
        for index in 0..self.survey.parts.len() {
            let len = self.survey.parts[index].len;
            all += self.one_block(block, start..start + len, Histogram::of(self.survey.part(index)), coder);
            start += len;
            self.parsed.tokens.extend_from_slice(&self.best);
            self.parsed.parts.push(Part { end: self.parsed.tokens.len(), len });
        }
        all
    }

    /// Parses each part of the survey once more, each with the costs of its own symbols.
    fn survey_again(&mut self, block: &[u8]) {
        self.best.clear();
        let mut start = 0;
        for index in 0..self.survey.parts.len() {
            let part = start..start + self.survey.parts[index].len;
            start = part.end;
            self.costs.set(&Histogram::of(self.survey.part(index)));
            self.parser.cheapest(block, part, &self.matches, &self.costs, &mut self.tokens);
            self.best.extend_from_slice(&self.tokens);
        }
        core::mem::swap(&mut self.survey.tokens, &mut self.best);
    }

    /// Divides the survey where that pays.
    fn divide_all(&mut self, lenience: u32, coder: &mut BlockCoder) {
        self.survey.parts.clear();
        self.divide(0..self.survey.tokens.len(), lenience, coder);
    }

    /// Divides a part of the survey where that pays; returns how many bits it takes. With `lenience` it also
    /// divides when that costs up to this many 256ths, because separate parses then make the parts smaller.
    fn divide(&mut self, tokens: Range<usize>, lenience: u32, coder: &mut BlockCoder) -> u32 {
        let part = &self.survey.tokens[tokens.clone()];
        let len = bytes(part);
        let divides = if len >= self.settings.divisible { self.division.find(part) } else { None };
        let bits = coder.plan_refined(&Histogram::of(part), self.settings.rounds);
        let first = self.survey.parts.len();
        if let Some(at) = divides {
            let middle = tokens.start + at;
            let both = self.divide(tokens.start..middle, lenience, coder)
                + self.divide(middle..tokens.end, lenience, coder);
            if both < bits + bits * lenience / 256 {
                return both.min(bits);
            }
        }
        self.survey.parts.truncate(first);
        self.survey.parts.push(Part { end: tokens.end, len });
        bits
    }

    /// Finds the best tokens for a part as one deflate block; returns how many bits it takes.
    fn one_block(
        &mut self,
        block: &[u8],
        part: Range<usize>,
        mut histogram: Histogram,
        coder: &mut BlockCoder,
    ) -> u32 {
        let mut best_bits = u32::MAX;
        let mut stale = 0;
        for pass in 0..self.settings.passes {
            // Actual codes and the ideal costs of the symbols take turns: each finds parses that the other
            // misses.
            match coder.lengths().filter(|_| pass % 2 == 1 && self.settings.rounds > 0) {
                Some(lengths) => self.costs.set_lengths(lengths),
                None => self.costs.set(&histogram),
            }
            self.parser.cheapest(block, part.clone(), &self.matches, &self.costs, &mut self.tokens);
            histogram = Histogram::of(&self.tokens);
            let bits = coder.plan_refined(&histogram, self.settings.rounds);
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
        coder.plan_refined(&Histogram::of(&self.best), self.settings.last_rounds)
    }

    /// Puts the better of two simple parses into the survey, as one part: one that takes the longest match
    /// everywhere unless there is a longer one a byte later, and one without matches.
    fn start(&mut self, block: &[u8]) {
        self.survey.tokens.clear();
        self.survey.parts.clear();
        let longest = |at: usize| {
            let found = if at < block.len() { self.matches.at(at).last().copied() } else { None };
            let length = found.map_or(0, |found| found.value());
            (length, found.map_or(0, Token::distance))
        };
        let mut at = 0;
        while at < block.len() {
            let (length, distance) = longest(at);
            let token = if length < MIN_MATCH || longest(at + 1).0 > length {
                Token::literal(block[at])
            } else {
                Token::matched(length, distance)
            };
            self.survey.tokens.push(token);
            at += token.len();
        }
        // Where bytes hardly repeat, short matches do harm, and later parses never fully recover from them.
        let literals = Histogram::of_literals(block);
        if estimate(&literals) < estimate(&Histogram::of(&self.survey.tokens)) {
            self.survey.tokens.clear();
            self.survey.tokens.extend(block.iter().map(|&byte| Token::literal(byte)));
        }
        self.survey.parts.push(Part { end: self.survey.tokens.len(), len: block.len() });
    }
}
