//! LZ4 blocks: raw ones, without a frame and without a size in front, as ZSO and CSO v2 hold them.
//!
//! A block is a row of sequences: a token, literals, and a match that repeats up to 65535 bytes before it
//! ([the format's own page](https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md)). Its end is not marked, and
//! decoders copy in steps of several bytes, so that the format has three rules for it, which both encoders keep:
//!
//! - the last sequence has only literals,
//! - the last five bytes are literals,
//! - the last match begins at least twelve bytes before the end.
//!
//! [`Fast`] takes the first match that it comes across. [`Optimal`] knows the longest match at every position and takes
//! the cheapest way through them.
//!
//! ```
//! use sector_encode::lz4::Optimal;
//!
//! let block = [7; 2048];
//! let mut packed = [0; 2047];
//! let len = Optimal::new(Optimal::EXHAUSTIVE).pack(&block, &mut packed).unwrap();
//! assert_eq!(len, 18);
//! ```

mod emit;
mod fast;
mod matches;
mod optimal;

pub use fast::Fast;
pub use optimal::Optimal;

/// The shortest match.
const MIN_MATCH: usize = 4;

/// How far back a match can reach.
const MAX_OFFSET: usize = 0xFFFF;

/// So many bytes at the end are literals.
const LAST_LITERALS: usize = 5;

/// So many bytes before the end the last match begins, or earlier.
const MATCH_LIMIT: usize = 12;

/// A run of so many literals has more of its length behind the token.
const LITERALS_IN_TOKEN: usize = 15;

/// So has a match of so many bytes.
const MATCH_IN_TOKEN: usize = 15 + MIN_MATCH;

/// Returns four bytes, the first one lowest.
#[inline(always)]
fn word(block: &[u8], at: usize) -> u32 {
    match block.get(at..).and_then(<[u8]>::first_chunk) {
        Some(&bytes) => u32::from_le_bytes(bytes),
        None => 0,
    }
}

/// Returns a number of so many bits that depends on all of a word's.
#[inline(always)]
fn hash(word: u32, bits: u32) -> usize {
    (word.wrapping_mul(0x9E37_79B1) >> (u32::BITS - bits)) as usize
}

/// Returns how many bytes from `a` on are the same as those from `b` on, of which the last is before `end`. `a` lies
/// before `b`.
#[inline(always)]
fn common(block: &[u8], a: usize, b: usize, end: usize) -> usize {
    let (Some(first), Some(second)) = (block.get(a..), block.get(b..end)) else { return 0 };
    let mut same = 0;
    while let (Some(first), Some(second)) = (long_word(first, same), long_word(second, same)) {
        let differ = first ^ second;
        if differ != 0 {
            return same + (differ.trailing_zeros() / 8) as usize;
        }
        same += 8;
    }
    while same < second.len() && first[same] == second[same] {
        same += 1;
    }
    same
}

#[inline(always)]
fn long_word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|&bytes| u64::from_le_bytes(bytes))
}
