//! All matches of a block, found once for every parse of it.

use alloc::vec;
use alloc::vec::Vec;

use super::chains::{Chains, match_len};
use super::symbols::{MAX_DISTANCE, MAX_MATCH, MIN_MATCH, Token, distance_symbol};

/// How matches are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// How many earlier positions are looked at.
    pub(super) depth: usize,
    /// As long as this, a match is taken for the right one, and none is looked for inside of it.
    pub(super) long: usize,
    /// Whether shorter matches from farther away are kept too, one per distance symbol: a distance that is often used
    /// can be cheaper than a nearer one.
    pub(super) every_symbol: bool,
}

/// The matches at each position of a block that a cheapest parse could want.
pub(super) struct Matches {
    chains: Chains,
    found: Vec<Token>,
    /// Where each position's matches begin among those found, and at last where they end.
    starts: Vec<u32>,
}

/// Matches for which there is room, per byte of a block.
const PER_BYTE: usize = 8;
/// The most that one position has.
const PER_POSITION: usize = 32;

impl Matches {
    pub(super) fn new(max_block: usize) -> Self {
        Self {
            chains: Chains::new(max_block, 4),
            found: Vec::with_capacity(max_block * PER_BYTE + PER_POSITION),
            starts: vec![0; max_block + 1],
        }
    }

    /// Finds the matches of a block.
    pub(super) fn find(&mut self, block: &[u8], search: Search) {
        self.chains.clear();
        self.found.clear();
        let mut next = 0;
        for at in 0..block.len() {
            let start = self.found.len();
            self.starts[at] = start as u32;
            // What is left is shared out, so that the end of the block gets its part too.
            let room = (PER_BYTE * (at + 1)).saturating_sub(start).min(PER_POSITION);
            if at >= next {
                let longest = self.find_at(block, at, search, room);
                if longest >= search.long {
                    next = at + longest;
                }
            }
            self.chains.enter(block, at);
        }
        self.starts[block.len()] = self.found.len() as u32;
    }

    /// Adds the matches at a position, the shortest first; returns the length of the longest.
    fn find_at(&mut self, block: &[u8], at: usize, search: Search, room: usize) -> usize {
        let start = self.found.len();
        let most = (block.len() - at).min(MAX_MATCH);
        let mut longest = MIN_MATCH - 1;
        let (mut last_symbol, mut last_len) = (usize::MAX, 0);
        for before in self.chains.before(block, at).take(search.depth) {
            let distance = at - before;
            if distance > MAX_DISTANCE || self.found.len() - start >= room {
                break;
            }
            if search.every_symbol {
                let symbol = distance_symbol(distance);
                let needed = if symbol == last_symbol { last_len + 1 } else { MIN_MATCH };
                if needed > most || block[before + needed - 1] != block[at + needed - 1] {
                    continue;
                }
                let length = match_len(block, before, at);
                if length < needed {
                    continue;
                }
                if symbol == last_symbol {
                    self.found.pop();
                }
                self.found.push(Token::matched(length, distance));
                (last_symbol, last_len) = (symbol, length);
                longest = longest.max(length);
                if length == most {
                    break;
                }
            } else {
                if block[before + longest] != block[at + longest] {
                    continue;
                }
                let length = match_len(block, before, at);
                if length > longest {
                    longest = length;
                    self.found.push(Token::matched(length, distance));
                    if length == most {
                        break;
                    }
                }
            }
        }
        if search.every_symbol {
            // Of equally long ones the nearest last: that is the one tried first.
            self.found[start..].sort_unstable_by_key(|found| (found.value(), usize::MAX - found.distance()));
        }
        longest
    }

    /// Returns the matches at a position, the shortest first.
    #[inline]
    pub(super) fn at(&self, at: usize) -> &[Token] {
        &self.found[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}
