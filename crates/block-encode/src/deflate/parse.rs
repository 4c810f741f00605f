//! The cheapest parse of a block for given costs.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::costs::Costs;
use super::matches::Matches;
use super::symbols::{MIN_MATCH, Token, distance_symbol};

/// Finds cheapest parses, working from the end of a block to its beginning.
pub(super) struct Parser {
    /// The cost of the rest of the block from each position.
    rest: Vec<u32>,
    /// The next token of a cheapest parse at each position.
    choice: Vec<Token>,
}

impl Parser {
    pub(super) fn new(max_block: usize) -> Self {
        Self { rest: vec![0; max_block + 1], choice: vec![Token::default(); max_block] }
    }

    /// Puts the cheapest parse of a part of the block into `tokens`. Matches stay within the part, but may
    /// copy from before it.
    pub(super) fn cheapest(
        &mut self,
        block: &[u8],
        part: Range<usize>,
        matches: &Matches,
        costs: &Costs,
        tokens: &mut Vec<Token>,
    ) {
        self.rest[part.end] = 0;
        for at in part.clone().rev() {
            let byte = block[at];
            let mut best = costs.literal[usize::from(byte)] + self.rest[at + 1];
            let mut choice = Token::literal(byte);
            let mut found = matches.at(at);
            let most = part.end - at;
            let (mut cheapest, mut distance) = (u32::MAX, 0);
            while let Some((longest, shorter)) = found.split_last() {
                // From the longest down: for each length, the cheapest distance with a match that long.
                found = shorter;
                let cost = costs.distance[distance_symbol(longest.distance())];
                if cost < cheapest {
                    (cheapest, distance) = (cost, longest.distance());
                }
                let from = shorter.last().map_or(MIN_MATCH, |next| next.value() + 1);
                let to = longest.value().min(most);
                if from > to {
                    continue;
                }
                let lengths = &costs.length[from..=to];
                let rests = &self.rest[at + from..=at + to];
                for ((length, cost), rest) in (from..).zip(lengths).zip(rests) {
                    let total = cheapest + cost + rest;
                    if total < best {
                        best = total;
                        choice = Token::matched(length, distance);
                    }
                }
            }
            self.rest[at] = best;
            self.choice[at] = choice;
        }
        tokens.clear();
        let mut at = part.start;
        while at < part.end {
            let token = self.choice[at];
            tokens.push(token);
            at += token.len();
        }
    }
}
