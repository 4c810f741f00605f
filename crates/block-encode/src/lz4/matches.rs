//! The longest match at a position.
//!
//! Earlier positions with the same four bytes are tried in order, nearest first. Most of them do not give a
//! longer match, so the search tries as few as possible:
//!
//! - A longer match contains every word of the known one, and one more. Of these words, the search follows
//!   the chain of the one whose last occurrence is farthest back.
//! - Where bytes repeat with a short period, such as a run of zeros or of records, a chain would go through
//!   the repetition period by period. At most one of these places has the longest match, and how far both
//!   repetitions extend determines which.

use super::links::Links;
use super::{MAX_OFFSET, MIN_MATCH, common, long_word, word};

/// A repetition of earlier bytes.
#[derive(Clone, Copy)]
pub(super) struct Match {
    pub(super) from: usize,
    pub(super) len: usize,
}

impl Match {
    const NONE: Self = Self { from: 0, len: MIN_MATCH - 1 };
}

/// Earlier occurrences of the words in the first N bytes of a match are tried, to find a longer one.
const LOOK_AHEAD: usize = 64;

/// Returns the longest match at a position, up to `limit` bytes, or a useless one when there is none. Tries
/// at most `attempts` places. At least eight bytes must be readable at the position.
#[inline(always)]
pub(super) fn longest(links: &Links, block: &[u8], at: usize, limit: usize, attempts: u32) -> Match {
    if limit == MIN_MATCH {
        nearest(links, block, at, attempts)
    } else {
        search(links, block, at, limit, attempts)
    }
}

/// Returns the nearest match of four bytes.
#[inline(always)]
fn nearest(links: &Links, block: &[u8], at: usize, attempts: u32) -> Match {
    let wanted = word(block, at);
    let lowest = at.saturating_sub(MAX_OFFSET);
    let mut from = at;
    for _ in 0..attempts {
        let back = links.back(from);
        if from < lowest + back {
            break;
        }
        from -= back;
        if word(block, from) == wanted {
            return Match { from, len: MIN_MATCH };
        }
    }
    Match::NONE
}

#[inline(never)]
fn search(links: &Links, block: &[u8], at: usize, limit: usize, attempts: u32) -> Match {
    let mut best = Match::NONE;
    // The chain being followed is that of the word this far after the beginning of the match.
    let mut shift = 0;
    let mut place = at;
    let mut lowest = at.saturating_sub(MAX_OFFSET);
    // The last bytes that a longer match must have, their position, and how many of the eight count.
    let mut tail = eight(block, at);
    let mut ahead = 0;
    let mut mask = first_bytes(MIN_MATCH);
    let mut last = 0;
    for _ in 0..attempts {
        let back = links.back(place);
        if place < lowest + back {
            break;
        }
        let (mut next, mut skip) = (place - back, place - back);
        if back == last {
            let run = links.run(place);
            if run >= back + shift {
                let reach = (run + back - shift).min(place - lowest);
                let repetition = Repetition { at, limit, from: place - shift, period: back };
                (next, skip) = repetition.best_and_last(block, reach);
                (next, skip) = (next + shift, skip + shift);
            }
        }
        last = back;
        let from = next - shift;
        place = skip;
        if (eight(block, from + ahead) ^ tail) & mask != 0 {
            continue;
        }
        let len = common(block, from, at, limit);
        if len <= best.len {
            continue;
        }
        best = Match { from, len };
        if len >= limit {
            break;
        }
        ahead = (len + 1).saturating_sub(8);
        tail = eight(block, at + ahead);
        mask = first_bytes(len + 1);
        let mut furthest = 0;
        let words = (len - MIN_MATCH + 1).min(LOOK_AHEAD);
        for (offset, &gap) in links.gaps(from, words).enumerate() {
            let back = usize::from(gap) + 1;
            if back > furthest {
                (furthest, shift) = (back, offset);
            }
        }
        place = from + shift;
        // The word that only a longer match has.
        let new = len + 1 - MIN_MATCH;
        if links.back(at + new) >= at - from + furthest {
            shift = new;
            place = at + new;
        }
        lowest = at.saturating_sub(MAX_OFFSET) + shift;
    }
    best
}

/// Places one period apart, in bytes that repeat with that period.
struct Repetition {
    /// The position for which a match of up to `limit` bytes is wanted.
    at: usize,
    limit: usize,
    /// The next place to consider after the nearest one.
    from: usize,
    period: usize,
}

impl Repetition {
    /// Returns the place with the longest match, and the last place, of those no further away than `reach`,
    /// which is at least one period.
    ///
    /// From each place the bytes repeat for one period longer than from the place after it. Where the
    /// repetition there is shorter than the one at the position, its length is the match length. Where it is
    /// longer, the match is as long as the repetition at the position. Only where both end together can the
    /// match be longer.
    #[inline(never)]
    fn best_and_last(&self, block: &[u8], reach: usize) -> (usize, usize) {
        let Self { at, limit, from, period } = *self;
        let wanted = common(block, at, at + period, limit) + period;
        let there = common(block, from - period, from, wanted);
        let last = narrow(reach) / narrow(period);
        let best = narrow(wanted - there).div_ceil(narrow(period)).clamp(1, last);
        (from - best as usize * period, from - last as usize * period)
    }
}

/// Returns a mask of this many bytes, or of all eight when there are more.
#[inline(always)]
fn first_bytes(len: usize) -> u64 {
    if len < 8 { u64::MAX >> (64 - 8 * len) } else { u64::MAX }
}

/// Returns eight bytes, the first one lowest.
#[inline(always)]
fn eight(block: &[u8], at: usize) -> u64 {
    long_word(block, at).unwrap_or_default()
}

/// For divisions, which are faster on this type.
#[expect(clippy::cast_possible_truncation, reason = "blocks are far smaller than 4 GiB")]
#[inline(always)]
fn narrow(value: usize) -> u32 {
    value as u32
}
