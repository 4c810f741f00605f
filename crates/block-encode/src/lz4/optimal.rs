//! The cheapest path through a block.
//!
//! The cost of the rest of a block does not depend on what comes before it, so the costs are computed from
//! the end to the beginning. Matches differ in cost only by their length, so only the longest match of each
//! position matters. Going backwards, it is cheap to find: it is at most one byte longer than that of the
//! next position, and it is that long if the byte before that match's source is the right one. A search is
//! only necessary where a repetition begins.
//!
//! Not all lengths of a match have to be tried either. A shorter rest costs less, by up to one byte: it loses
//! a literal, or the first byte of a match, or a match of four bytes. Such a match costs as much as its three
//! remaining literals, unless these make a run of literals so long that its length takes one more byte. So
//! besides the full length, only lengths up to three bytes shorter are tried, and those that need one byte
//! less to encode the length. If taking the whole repetition is cheapest from one position, it is also
//! cheapest from those before it, without trying: an extra literal would cost one byte more.

use alloc::vec::Vec;
use core::ops::Range;

use super::emit::Emitter;
use super::links::Links;
use super::matches::{Match, longest};
use super::{LAST_LITERALS, LITERALS_IN_TOKEN, MATCH_IN_TOKEN, MATCH_LIMIT, MIN_MATCH, common_before};

/// How many bytes a match may be shortened by.
const CUT: usize = 3;

/// The cost of a match's token and offset.
const MATCH_COST: u32 = 3;

/// Matches and runs of literals longer than this are split.
const LONGEST: usize = u16::MAX as usize;

/// Packs blocks as small as possible.
///
/// It uses sixteen bytes for each byte of the largest block and a table of up to 256 KiB, or two such tables
/// when some blocks are larger than 64 KiB and some are not. They are allocated with the first block and
/// reused for all others.
pub struct Optimal {
    attempts: u32,
    links: Links,
    /// The first step of the cheapest path from each position, including the one after the last byte.
    steps: Vec<Step>,
}

/// The first step of the cheapest path to the end of the block from one of its positions.
#[derive(Clone, Copy, Default)]
struct Step {
    /// How many bytes the rest of the block takes when a sequence begins here.
    cost: u32,
    /// How many literals precede the match that ends this sequence.
    run: u16,
    /// The best length for the match that begins here; 0 for none.
    len: u16,
    /// The distance of that match.
    offset: u16,
}

impl Optimal {
    /// With this many attempts the longest match is practically always found, in blocks of any size.
    pub const EXHAUSTIVE: u32 = 1 << 14;

    /// Makes an encoder that has not allocated any memory yet.
    ///
    /// `attempts` is the maximum number of earlier places with the same four bytes that each position is
    /// compared with. Blocks of 2 KiB only have a few hundred.
    #[must_use]
    pub const fn new(attempts: u32) -> Self {
        Self { attempts, links: Links::new(), steps: Vec::new() }
    }

    /// Packs `block`, of up to 1 GiB, into `out` and returns how many bytes that took; `None` when they do
    /// not fit.
    pub fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        let starts = block.len().saturating_sub(MATCH_LIMIT - 1);
        self.links.build(block);
        // Leftovers of another block are overwritten.
        self.steps.resize(block.len() + 1, Step::default());
        parse(block, starts, &self.links, self.attempts, &mut self.steps);
        let cost = self.steps.first()?.cost as usize;
        if cost > out.len() {
            return None;
        }
        let mut emitter = Emitter::new(out);
        let (mut from, mut at) = (0, 0);
        while at < starts {
            at += usize::from(self.steps[at].run);
            let step = self.steps[at];
            if step.len > 0 {
                emitter.sequence(block, from, at, step.offset, usize::from(step.len))?;
                at += usize::from(step.len);
                from = at;
            }
        }
        let len = emitter.finish(block, from);
        debug_assert!(len == Some(cost) || starts > LONGEST, "the parse was wrong about what it costs");
        len
    }
}

/// Finds the cheapest paths through a block in which matches begin only before `starts`.
fn parse(block: &[u8], starts: usize, links: &Links, attempts: u32, steps: &mut [Step]) {
    let literals = Literals { next: block.len(), sum: number(block.len()) + 1 };
    for (at, step) in steps.iter_mut().enumerate().skip(starts) {
        *step = Step { cost: literals.cost(at), ..Step::default() };
    }
    let mut parser = Parser { steps, literals };
    // The maximum length of a match.
    let mut limit = block.len().saturating_sub(LAST_LITERALS + starts) + 1;
    let mut at = starts;
    while at > 0 {
        at -= 1;
        let found = longest(links, block, at, limit.min(LONGEST), attempts);
        if found.len < MIN_MATCH {
            parser.literal(at);
            limit = MIN_MATCH;
        } else {
            let before = common_before(block, found.from, at);
            limit = parser.repetition(at, found, before) + 1;
            at -= before;
        }
    }
}

/// The parse: the paths from the positions processed so far.
struct Parser<'a> {
    steps: &'a mut [Step],
    literals: Literals,
}

impl Parser<'_> {
    /// Finds the path from a position where no match begins.
    #[inline(always)]
    fn literal(&mut self, at: usize) {
        let cost = self.with_literal(at);
        self.steps[at] = Step { cost, run: small(self.literals.next - at), len: 0, offset: 0 };
    }

    /// Finds the paths from a position where a match begins and from the `before` positions before it, where
    /// it had already begun. Returns its length from the first of them.
    #[inline(always)]
    fn repetition(&mut self, mut at: usize, Match { from, mut len }: Match, mut before: usize) -> usize {
        let (found_at, offset) = (at, at - from);
        // Where the match is best cut off.
        let mut stop = self.cheapest_stop(at, len);
        loop {
            let is_cheaper = self.with_match(at, len, stop, offset);
            if is_cheaper && len >= MIN_MATCH + CUT {
                let more = without_choice(at, len, found_at).min(before);
                self.go_on(at - more..at, stop);
                (at, len, before) = (at - more, len + more, before - more);
            }
            if before == 0 {
                return len;
            }
            (at, before) = (at - 1, before - 1);
            if len == LONGEST {
                stop = self.cheapest_stop(at, len);
                continue;
            }
            len += 1;
            let shortest = at + MIN_MATCH;
            if len <= MIN_MATCH + CUT && self.steps[shortest].cost < self.steps[stop].cost {
                stop = shortest;
            }
        }
    }

    /// Finds the path from a position where a match of up to `len` bytes begins. Returns whether it costs
    /// less than a literal.
    #[inline(always)]
    fn with_match(&mut self, at: usize, len: usize, stop: usize, offset: usize) -> bool {
        let with_literal = self.with_literal(at);
        let (take, cost) = cheapest_len(self.steps, at, len, stop);
        let is_cheaper = cost < with_literal;
        if is_cheaper {
            self.literals = Literals { next: at, sum: number(at) + cost };
        }
        self.steps[at] = Step {
            cost: cost.min(with_literal),
            run: small(self.literals.next - at),
            len: if cost <= with_literal { small(take) } else { 0 },
            offset: small(offset),
        };
        is_cheaper
    }

    /// Makes the match chosen at a position begin at some positions before it.
    #[inline(always)]
    fn go_on(&mut self, places: Range<usize>, stop: usize) {
        let Range { start, end } = places;
        let offset = self.steps[end].offset;
        for at in places.rev() {
            let cost = match_cost(self.steps, at, stop - at);
            self.steps[at] = Step { cost, run: 0, len: small(stop - at), offset };
        }
        self.literals = Literals { next: start, sum: number(start) + self.steps[start].cost };
    }

    /// Returns the cost of the rest of the block when literals start at a position.
    #[inline(always)]
    fn with_literal(&mut self, at: usize) -> u32 {
        if self.literals.next - at == LITERALS_IN_TOKEN {
            self.literals.reconsider(at, self.steps);
        }
        self.literals.cost(at)
    }

    /// Returns where a match of up to `len` bytes best ends if its length costs nothing.
    #[inline(always)]
    fn cheapest_stop(&self, at: usize, len: usize) -> usize {
        let mut stop = at + len;
        for cut in 1..=CUT {
            let shorter = at + MIN_MATCH.max(len.saturating_sub(cut));
            if self.steps[shorter].cost < self.steps[stop].cost {
                stop = shorter;
            }
        }
        stop
    }
}

/// Which match ends the next run of literals.
struct Literals {
    /// Where that match begins, or the block's end.
    next: usize,
    /// Its position plus the cost of the rest of the block from there, so that literals before it change
    /// nothing.
    sum: u32,
}

impl Literals {
    /// Returns the cost of the rest of the block when literals start at a position.
    #[inline(always)]
    fn cost(&self, at: usize) -> u32 {
        self.sum - number(at) + length_bytes(self.next - at, LITERALS_IN_TOKEN)
    }

    /// When the run to the next match has become so long that its length takes a byte more, checks whether
    /// the run to a nearer match is now cheaper.
    #[inline(never)]
    fn reconsider(&mut self, at: usize, steps: &[Step]) {
        let mut best = self.sum + 1;
        for (near, step) in steps.iter().enumerate().skip(at + 1).take(LITERALS_IN_TOKEN - 1) {
            if step.len > 0 {
                let sum = number(near) + match_cost(steps, near, usize::from(step.len));
                if sum < best {
                    (best, *self) = (sum, Self { next: near, sum });
                }
            }
        }
    }
}

/// Returns for how many positions before `at` only the whole match is worth taking, when that is so at `at`,
/// where it has `len` bytes.
///
/// Shorter ones whose lengths take a byte less to encode are worth taking only when they end after
/// `found_at`, where the match was found: before that point, the rest of the block is again cheapest with
/// this match.
#[inline(always)]
fn without_choice(at: usize, len: usize, found_at: usize) -> usize {
    if len < MATCH_IN_TOKEN - 1 {
        return MATCH_IN_TOKEN - 1 - len;
    }
    let beyond = (len + 1 - MATCH_IN_TOKEN) % 255;
    let shorter = at + len - 1 - beyond;
    if shorter <= found_at { (255 - beyond).min(LONGEST - len) } else { 0 }
}

/// Returns the best length for a match of up to `len` bytes, and the resulting cost of the rest of the block.
#[inline(always)]
fn cheapest_len(steps: &[Step], at: usize, len: usize, stop: usize) -> (usize, u32) {
    let mut best = (stop - at, match_cost(steps, at, stop - at));
    if len >= MATCH_IN_TOKEN {
        let bytes = (len - MATCH_IN_TOKEN) / 255;
        for shorter in [MATCH_IN_TOKEN - 1, MATCH_IN_TOKEN + 255 * bytes - 1] {
            let cost = match_cost(steps, at, shorter);
            if cost < best.1 {
                best = (shorter, cost);
            }
        }
    }
    best
}

/// Returns the cost of the rest of the block starting with a match of `len` bytes.
#[inline(always)]
fn match_cost(steps: &[Step], at: usize, len: usize) -> u32 {
    MATCH_COST + length_bytes(len, MATCH_IN_TOKEN) + steps[at + len].cost
}

/// Returns how many bytes a length takes after the token.
#[inline(always)]
fn length_bytes(len: usize, in_token: usize) -> u32 {
    if len < in_token { 0 } else { 1 + number(len - in_token) / 255 }
}

/// A position or a number of bytes in a block.
#[expect(clippy::cast_possible_truncation, reason = "blocks are far smaller than 4 GiB")]
#[inline(always)]
fn number(value: usize) -> u32 {
    value as u32
}

/// A length or an offset. Matches are never longer; a longer run is split.
#[expect(clippy::cast_possible_truncation, reason = "limited to what fits")]
#[inline(always)]
fn small(value: usize) -> u16 {
    value.min(LONGEST) as u16
}
