//! Sequences of LZ4 and runs of LZO, written byte by byte. The library's own tests use them too.

use std::iter::repeat_n;
use std::vec::Vec;

/// Appends a sequence of LZ4; without a match when `matched` is `None`.
pub(crate) fn sequence(packed: &mut Vec<u8>, literals: &[u8], matched: Option<(u16, usize)>) {
    let nibble = |len: usize| len.min(15) as u8;
    let continued = |packed: &mut Vec<u8>, len: usize| {
        if let Some(rest) = len.checked_sub(15) {
            packed.extend(repeat_n(255, rest / 255));
            packed.push((rest % 255) as u8);
        }
    };
    let match_len = matched.map_or(0, |(_, len)| len - 4);
    packed.push(nibble(literals.len()) << 4 | nibble(match_len));
    continued(packed, literals.len());
    packed.extend(literals);
    if let Some((distance, _)) = matched {
        packed.extend(distance.to_le_bytes());
        continued(packed, match_len);
    }
}

/// Appends a run of LZO, of at least four literals.
pub(crate) fn run(packed: &mut Vec<u8>, literals: &[u8]) {
    match literals.len() {
        few @ ..=18 => packed.push(few as u8 - 3),
        many => {
            packed.push(0);
            long_length(packed, many - 18);
        }
    }
    packed.extend(literals);
}

/// Appends what is left of a length of LZO that does not fit the first byte, at least 1.
pub(crate) fn long_length(packed: &mut Vec<u8>, rest: usize) {
    packed.extend(repeat_n(0, (rest - 1) / 255));
    packed.push(((rest - 1) % 255 + 1) as u8);
}
