//! LZ4 blocks: raw, without a frame and without a size in front, as ZSO and CSO v2 store them.
//!
//! A block is a series of sequences: a token, literals, and a match that repeats data from up to 65535 bytes
//! earlier ([the format's own page](https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md)). Its end is
//! not marked, and decoders copy in steps of several bytes, so the format has three rules for the end, which
//! both encoders follow:
//!
//! - the last sequence has only literals,
//! - the last five bytes are literals,
//! - the last match begins at least twelve bytes before the end.
//!
//! [`Fast`] takes the first match that it finds. [`Optimal`] finds the longest match at every position and
//! chooses the cheapest path through them.
//!
//! ```
//! use block_encode::lz4::Optimal;
//!
//! let block = [7; 2048];
//! let mut packed = [0; 2047];
//! let len = Optimal::new(Optimal::EXHAUSTIVE).pack(&block, &mut packed).unwrap();
//! assert_eq!(len, 18);
//! ```

mod emit;
mod fast;
mod links;
mod matches;
mod optimal;

pub use fast::Fast;
pub use optimal::Optimal;

/// The shortest match.
const MIN_MATCH: usize = 4;

/// How far back a match can reach.
const MAX_OFFSET: usize = 0xFFFF;

/// This many bytes at the end are always literals.
const LAST_LITERALS: usize = 5;

/// The last match begins at least this many bytes before the end.
const MATCH_LIMIT: usize = 12;

/// A run of this many literals or more continues its length after the token.
const LITERALS_IN_TOKEN: usize = 15;

/// Likewise for a match of this many bytes.
const MATCH_IN_TOKEN: usize = 15 + MIN_MATCH;

/// Returns four bytes, the first one lowest.
#[inline(always)]
fn word(block: &[u8], at: usize) -> u32 {
    match block.get(at..).and_then(<[u8]>::first_chunk) {
        Some(&bytes) => u32::from_le_bytes(bytes),
        None => 0,
    }
}

/// Returns how many bytes starting at `a` are the same as those starting at `b`, up to `limit`. `a` is before
/// `b`.
#[inline(always)]
fn common(block: &[u8], a: usize, b: usize, limit: usize) -> usize {
    let mut same = 0;
    while same < limit {
        let (Some(first), Some(second)) = (long_word(block, a + same), long_word(block, b + same)) else {
            return same + common_at_end(block, a + same, b + same, limit - same);
        };
        let differ = first ^ second;
        if differ != 0 {
            return limit.min(same + (differ.trailing_zeros() / 8) as usize);
        }
        same += 8;
    }
    limit
}

/// The same when the block ends in less than eight bytes.
#[cold]
fn common_at_end(block: &[u8], a: usize, b: usize, limit: usize) -> usize {
    let rest = |at| block.get(at..).unwrap_or_default();
    rest(a).iter().zip(rest(b)).take(limit).take_while(|(first, second)| first == second).count()
}

/// Returns how many bytes before `a` are the same as those before `b`, which is after `a`.
fn common_before(block: &[u8], a: usize, b: usize) -> usize {
    let (Some(mut first), Some(mut second)) = (block.get(..a), block.get(..b)) else { return 0 };
    let mut same = 0;
    while let (Some((a, a8)), Some((b, b8))) = (first.split_last_chunk(), second.split_last_chunk()) {
        let differ = u64::from_le_bytes(*a8) ^ u64::from_le_bytes(*b8);
        if differ != 0 {
            return same + (differ.leading_zeros() / 8) as usize;
        }
        same += 8;
        (first, second) = (a, b);
    }
    same + first.iter().rev().zip(second.iter().rev()).take_while(|(first, second)| first == second).count()
}

/// Returns eight bytes, the first one lowest.
#[inline(always)]
fn long_word(block: &[u8], at: usize) -> Option<u64> {
    block.get(at..)?.first_chunk().map(|&bytes| u64::from_le_bytes(bytes))
}
