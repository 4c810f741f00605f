//! All matches of a block, found once for all of its parses.

use alloc::vec;
use alloc::vec::Vec;

use super::chains::{Chains, match_len, match_len_from};
use super::symbols::{MAX_DISTANCE, MAX_MATCH, MIN_MATCH, Token, distance_symbol};
use super::trees::{Trees, Walk};

/// How to look for matches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// How many earlier positions to try.
    pub(super) depth: usize,
    /// A match of at least this length is accepted as it is, and no search is done inside it.
    pub(super) long: usize,
    pub(super) kind: Kind,
}

/// Which matches to look for, and in which structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The nearest match of each length, using chains: the fastest in small blocks.
    Nearest,
    /// The same using trees: with much repetition, chains get long in larger blocks.
    NearestByTrees,
    /// Shorter matches from farther away too, one per distance symbol: a frequently used distance can be
    /// cheaper than a nearer one.
    EverySymbol,
}

/// The matches at each position of a block that a cheapest parse could use.
pub(super) struct Matches {
    search: Search,
    chains: Chains,
    trees: Option<Trees>,
    found: Vec<Token>,
    /// Where each position's matches begin among those found; the last entry is where they end.
    starts: Vec<u32>,
}

/// Space for matches, per byte of a block.
const PER_BYTE: usize = 8;
/// The most matches kept for one position.
const PER_POSITION: usize = 32;
/// Trees find matches of four bytes or more. For matches of three, only this many earlier positions are
/// tried, as other sequences may share their slot.
const SHORT_DEPTH: usize = 2;

impl Matches {
    pub(super) fn new(max_block: usize, search: Search) -> Self {
        Self {
            search,
            trees: (search.kind == Kind::NearestByTrees).then(|| Trees::new(max_block)),
            chains: Chains::new(max_block, 4),
            found: Vec::with_capacity(max_block * PER_BYTE + PER_POSITION),
            starts: vec![0; max_block + 1],
        }
    }

    /// Finds the matches of a block.
    pub(super) fn find(&mut self, block: &[u8]) {
        let search = self.search;
        self.chains.clear();
        if let Some(trees) = &mut self.trees {
            trees.clear();
        }
        self.found.clear();
        let mut next = 0;
        for at in 0..block.len() {
            let start = self.found.len();
            self.starts[at] = start as u32;
            // The remaining room is shared out, so that the end of the block gets its part too.
            let room = (PER_BYTE * (at + 1)).saturating_sub(start).min(PER_POSITION);
            let longest = match search.kind {
                Kind::NearestByTrees => {
                    self.find_in_trees(block, at, search, if at < next { 0 } else { room })
                }
                _ if at < next => 0,
                Kind::Nearest => self.find_nearest(block, at, search, room),
                Kind::EverySymbol => self.find_every_symbol(block, at, search, room),
            };
            if longest >= search.long {
                next = at + longest;
            }
            self.chains.enter(block, at);
        }
        self.starts[block.len()] = self.found.len() as u32;
    }

    /// Adds the matches at a position, the shortest first; returns the length of the longest.
    fn find_nearest(&mut self, block: &[u8], at: usize, search: Search, room: usize) -> usize {
        let start = self.found.len();
        let most = (block.len() - at).min(MAX_MATCH);
        let mut longest = MIN_MATCH - 1;
        for before in self.chains.before(block, at).take(search.depth) {
            let distance = at - before;
            if distance > MAX_DISTANCE || self.found.len() - start >= room {
                break;
            }
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
        longest
    }

    /// The same with trees; also enters the position. Without room it only enters the position.
    fn find_in_trees(&mut self, block: &[u8], at: usize, search: Search, room: usize) -> usize {
        let Self { chains, trees: Some(trees), found, .. } = self else { return 0 };
        let mut longest = MIN_MATCH - 1;
        let full = found.len() + room;
        let mut offer = |before: usize, length: usize| {
            if length > longest && found.len() < full {
                longest = if length < search.long { length } else { match_len(block, before, at) };
                found.push(Token::matched(longest, at - before));
            }
        };
        if room > 0 {
            let short = MIN_MATCH.min(block.len() - at);
            for before in chains.before(block, at).take(SHORT_DEPTH) {
                if at - before <= MAX_DISTANCE {
                    offer(before, match_len_from(block, before, at, 0, short));
                }
            }
        }
        let walk = Walk { depth: search.depth, most: (block.len() - at).min(search.long) };
        trees.enter(block, at, walk, offer);
        longest
    }

    /// Adds the longest match at each distance symbol, the shortest first; returns the length of the longest.
    fn find_every_symbol(&mut self, block: &[u8], at: usize, search: Search, room: usize) -> usize {
        let start = self.found.len();
        let most = (block.len() - at).min(MAX_MATCH);
        let mut longest = 0;
        let (mut last_symbol, mut last_len) = (usize::MAX, 0);
        for before in self.chains.before(block, at).take(search.depth) {
            let distance = at - before;
            if distance > MAX_DISTANCE || self.found.len() - start >= room {
                break;
            }
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
        }
        // Among equal lengths, the nearest comes last: that one is tried first.
        self.found[start..].sort_unstable_by_key(|found| (found.value(), usize::MAX - found.distance()));
        longest
    }

    /// Returns the matches at a position, the shortest first.
    #[inline]
    pub(super) fn at(&self, at: usize) -> &[Token] {
        &self.found[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}
