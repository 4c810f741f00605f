//! The quick parser: takes the longest match, unless one byte later there is a better one.

use alloc::vec;
use alloc::vec::Vec;

use super::chains::{Chains, match_len};
use super::symbols::{MAX_DISTANCE, MIN_MATCH, Token};

/// How many earlier positions to try.
const DEPTH: usize = 128;
/// A match of at least this length is taken without checking the next byte.
const LONG: usize = 64;
/// Three bytes from farther away cost about as much as three literals.
const FAR: usize = 4096;

/// Parses blocks, one symbol at a time.
pub(super) struct Quick {
    chains: Chains,
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Default)]
struct Match {
    length: usize,
    distance: usize,
}

impl Match {
    /// How good the match is, roughly in bits: longer is better, farther away is worse.
    fn worth(self) -> usize {
        4 * self.length - self.distance.max(1).ilog2() as usize
    }
}

impl Quick {
    pub(super) fn new(max_block: usize) -> Self {
        Self { chains: Chains::new(max_block, 1), tokens: vec![Token::default(); max_block] }
    }

    /// Returns the symbols of a block, without its end.
    pub(super) fn parse(&mut self, block: &[u8]) -> &[Token] {
        self.chains.clear();
        let (mut at, mut count) = (0, 0);
        let mut here = self.longest(block, 0, 0);
        while at < block.len() {
            self.chains.enter(block, at);
            let next = match here.length {
                0..LONG => self.longest(block, at + 1, here.length),
                _ => Match::default(),
            };
            // An extra literal first costs about as much as two bytes of a match are worth.
            let waits = next.length >= MIN_MATCH && next.worth() > here.worth() + 2;
            if here.length < MIN_MATCH || waits {
                self.tokens[count] = Token::literal(block[at]);
                at += 1;
                here = next;
            } else {
                self.tokens[count] = Token::matched(here.length, here.distance);
                for inside in at + 1..at + here.length {
                    self.chains.enter(block, inside);
                }
                at += here.length;
                here = self.longest(block, at, 0);
            }
            count += 1;
        }
        &self.tokens[..count]
    }

    /// Finds the longest match at `at` that is at least as long as `other`; if there is none, its length is
    /// 0.
    fn longest(&self, block: &[u8], at: usize, other: usize) -> Match {
        let mut best = Match::default();
        let mut needed = other.max(MIN_MATCH);
        for before in self.chains.before(block, at).take(DEPTH) {
            let distance = at - before;
            if distance > MAX_DISTANCE {
                break;
            }
            // Only a match that is longer than the best one has this byte in common.
            if block.get(before + needed - 1) != block.get(at + needed - 1) {
                continue;
            }
            let length = match_len(block, before, at);
            if length >= needed && (length > MIN_MATCH || distance <= FAR) {
                best = Match { length, distance };
                needed = length + 1;
                if at + needed > block.len() {
                    break;
                }
            }
        }
        best
    }
}
