//! The cheapest way through a block.
//!
//! What a rest of a block costs does not depend on what comes before it, so the costs are worked out from the end to the
//! beginning. All matches cost the same but for their length, so that of each position only the longest one is wanted.
//! Going backwards it is cheap to find: it is at most one byte longer than that of the next position, and where the byte
//! before that one's source is the right one, it is this long. Only where a repetition begins must be searched.
//!
//! Nor do all lengths of a match have to be tried. The shorter a rest is, the less it costs, by up to one byte: it loses a
//! literal, or the first byte of a match, or a match of four bytes, which cost as much as the three literals that are left
//! of it, unless these make a run of literals so long that its length takes one more byte. So besides the whole
//! length those up to three bytes shorter are tried, and those that need one byte less to be written down.

use alloc::vec::Vec;

use super::emit::Emitter;
use super::matches::{Chains, Match};
use super::{LAST_LITERALS, LITERALS_IN_TOKEN, MATCH_IN_TOKEN, MATCH_LIMIT, MIN_MATCH};

/// How much shorter than it could be a match may be taken.
const CUT: usize = 3;

/// A match's token and offset.
const MATCH_COST: u32 = 3;

/// Matches and runs of literals longer than this are taken in pieces.
const LONGEST: usize = u16::MAX as usize;

/// Packs blocks as small as they get.
///
/// It holds twelve bytes for each byte of the largest block and a table of up to 256 KiB, which are allocated with the first
/// one and used again for every other.
pub struct Optimal {
    attempts: u32,
    chains: Chains,
    /// By position: how many bytes the rest of the block takes when a sequence begins there.
    costs: Vec<u32>,
    /// By position: the match that begins there.
    matches: Vec<Step>,
    /// By position: after how many literals the match comes that a sequence which begins there ends with.
    runs: Vec<u16>,
}

/// A match; with a length of 0 there is none.
#[derive(Clone, Copy, Default)]
struct Step {
    len: u16,
    offset: u16,
}

impl Optimal {
    /// So many attempts find the longest match practically always, in blocks of any size.
    pub const EXHAUSTIVE: u32 = 1 << 14;

    /// Makes an encoder that has no memory yet.
    ///
    /// `attempts` is how many earlier places with the same four bytes are compared with a position at the most. In blocks
    /// of 2 KiB some hundred are all that there are.
    #[must_use]
    pub const fn new(attempts: u32) -> Self {
        Self { attempts, chains: Chains::new(), costs: Vec::new(), matches: Vec::new(), runs: Vec::new() }
    }

    /// Packs `block`, of up to 1 GiB, into `out` and returns how many bytes that took; `None` when they do not fit.
    pub fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        let starts = block.len().saturating_sub(MATCH_LIMIT - 1);
        let cost = self.parse(block, starts)?;
        if cost > out.len() {
            return None;
        }
        let mut emitter = Emitter::new(out);
        let (mut from, mut at) = (0, 0);
        while let Some(&run) = self.runs.get(at) {
            at += usize::from(run);
            let step = self.matches.get(at).copied().unwrap_or_default();
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

    /// Finds the cheapest way through a block in which matches begin before `starts` only; returns what it costs.
    fn parse(&mut self, block: &[u8], starts: usize) -> Option<usize> {
        let Self { attempts, chains, costs, matches, runs } = self;
        chains.build(block, starts);
        let len = block.len();
        refill(costs, len + 1);
        refill(matches, starts);
        refill(runs, starts);
        let mut literals = Literals { next: len, sum: number(len) + 1 };
        for (at, cost) in costs.iter_mut().enumerate().skip(starts) {
            *cost = literals.cost(at);
        }

        let end = len.saturating_sub(LAST_LITERALS);
        let mut longest = Match { from: 0, len: 0 };
        // What of a match that ends at `longest`'s end is best taken: where that ends.
        let mut stop = end;
        // How long a match can be at the most.
        let mut limit = end.saturating_sub(starts);
        for at in (0..starts).rev() {
            if literals.next - at == LITERALS_IN_TOKEN {
                literals.reconsider(at, costs, matches);
            }
            limit = (limit + 1).min(end - at).min(LONGEST);
            let goes_on =
                longest.len >= MIN_MATCH && longest.from > 0 && block[longest.from - 1] == block[at];
            longest = if goes_on {
                Match { from: longest.from - 1, len: (longest.len + 1).min(limit) }
            } else {
                chains.longest(block, at, limit, *attempts)
            };
            limit = longest.len;
            let mut cost = literals.cost(at);
            if longest.len >= MIN_MATCH {
                if !goes_on || longest.len <= MIN_MATCH + CUT || longest.len == LONGEST {
                    stop = cheapest_stop(costs, at, longest.len);
                }
                let (take, with_match) = cheapest_len(costs, at, longest.len, stop);
                if with_match <= cost {
                    matches[at] = Step { len: small(take), offset: small(at - longest.from) };
                }
                if with_match < cost {
                    cost = with_match;
                    literals = Literals { next: at, sum: number(at) + cost };
                }
            }
            costs[at] = cost;
            runs[at] = small(literals.next - at);
        }
        costs.first().map(|&cost| cost as usize)
    }
}

/// Which match ends the literals that come next.
struct Literals {
    /// Where it begins, or the block's end.
    next: usize,
    /// Its position and what the rest of the block costs from it on, so that literals before it change nothing.
    sum: u32,
}

impl Literals {
    /// Returns what the rest of the block costs from literals at a position on.
    #[inline(always)]
    fn cost(&self, at: usize) -> u32 {
        self.sum - number(at) + length_bytes(self.next - at, LITERALS_IN_TOKEN)
    }

    /// When the run to the next match has become so long that its length takes a byte more, looks whether that of a nearer
    /// one costs less now.
    #[inline(never)]
    fn reconsider(&mut self, at: usize, costs: &[u32], matches: &[Step]) {
        let mut best = self.sum + 1;
        for (near, step) in matches.iter().enumerate().skip(at + 1).take(LITERALS_IN_TOKEN - 1) {
            if step.len > 0 {
                let sum = number(near) + match_cost(costs, near, usize::from(step.len));
                if sum < best {
                    (best, *self) = (sum, Self { next: near, sum });
                }
            }
        }
    }
}

/// Returns where a match of up to `len` bytes best ends, when its length costs nothing.
#[inline(always)]
fn cheapest_stop(costs: &[u32], at: usize, len: usize) -> usize {
    let mut stop = at + len;
    for shorter in (at + MIN_MATCH.max(len.saturating_sub(CUT)))..at + len {
        if costs[shorter] < costs[stop] {
            stop = shorter;
        }
    }
    stop
}

/// Returns how much of a match of `len` bytes is best taken, and what the rest of the block costs then.
#[inline(always)]
fn cheapest_len(costs: &[u32], at: usize, len: usize, stop: usize) -> (usize, u32) {
    let mut best = (stop - at, match_cost(costs, at, stop - at));
    if len >= MATCH_IN_TOKEN {
        let bytes = (len - MATCH_IN_TOKEN) / 255;
        for shorter in [MATCH_IN_TOKEN - 1, MATCH_IN_TOKEN + 255 * bytes - 1] {
            let cost = match_cost(costs, at, shorter);
            if cost < best.1 {
                best = (shorter, cost);
            }
        }
    }
    best
}

/// Returns what the rest of the block costs from a match of `len` bytes on.
#[inline(always)]
fn match_cost(costs: &[u32], at: usize, len: usize) -> u32 {
    MATCH_COST + length_bytes(len, MATCH_IN_TOKEN) + costs[at + len]
}

/// Returns how many bytes a length takes behind the token.
#[inline(always)]
fn length_bytes(len: usize, in_token: usize) -> u32 {
    if len < in_token { 0 } else { 1 + number(len - in_token) / 255 }
}

fn refill<T: Clone + Default>(values: &mut Vec<T>, len: usize) {
    values.clear();
    values.resize(len, T::default());
}

/// A position or a number of bytes in a block.
#[expect(clippy::cast_possible_truncation, reason = "blocks are far smaller than 4 GiB")]
#[inline(always)]
fn number(value: usize) -> u32 {
    value as u32
}

/// A length or an offset. Matches are not longer; a longer run is taken in pieces.
#[expect(clippy::cast_possible_truncation, reason = "limited to what fits")]
#[inline(always)]
fn small(value: usize) -> u16 {
    value.min(LONGEST) as u16
}
