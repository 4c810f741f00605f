//! Earlier positions of the same four bytes, ordered by what follows them: binary search trees over one
//! block.

use alloc::vec;
use alloc::vec::Vec;

use super::chains::match_len_from;
use super::symbols::MAX_DISTANCE;
use crate::hash;

/// No position: the last one of 64 KiB, where a match cannot begin.
const NONE: u16 = u16::MAX;

/// Positions in a block, in a tree for each hash of the four bytes there.
///
/// Strings that sort before a position's are on its left, those that sort after it on its right, and every
/// position below it is farther away. So the path down to the place of a string meets the nearest match of
/// each length and discards some of the rest at each step, whereas a chain goes through everything with the
/// same start.
pub(super) struct Trees {
    roots: Vec<u16>,
    /// The left and right children of each position.
    children: Vec<u16>,
    /// Number of bits in a slot number.
    bits: u32,
}

/// How far to descend into a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    /// How many earlier positions to try.
    pub(super) depth: usize,
    /// How many bytes are compared: positions that share this many are treated as equal. Must not exceed the
    /// bytes left in the block at the position, and must always be the same where enough are left.
    pub(super) most: usize,
}

impl Trees {
    /// For blocks of up to `max_block` bytes, at most 64 KiB. Takes six to eight bytes of memory for each of
    /// them.
    pub(super) fn new(max_block: usize) -> Self {
        let slots = max_block.next_power_of_two().clamp(1 << 10, 1 << 15);
        Self { roots: vec![NONE; slots], children: vec![NONE; 2 * max_block], bits: slots.ilog2() }
    }

    /// Forgets the previous block.
    pub(super) fn clear(&mut self) {
        self.roots.fill(NONE);
    }

    /// Enters the position `at` of the block. Calls `meets` for each earlier position on the path, the
    /// nearest first, with the number of bytes it has in common with this one.
    #[inline]
    pub(super) fn enter(&mut self, block: &[u8], at: usize, walk: Walk, mut meets: impl FnMut(usize, usize)) {
        let Some(bytes) = block[at..].first_chunk() else { return };
        let slot = hash(u32::from_le_bytes(*bytes), self.bits);
        let mut node = core::mem::replace(&mut self.roots[slot], at as u16);
        // Where the next position of each side belongs, and how many bytes every position on that side has in
        // common with `at`.
        let (mut left, mut right) = (2 * at, 2 * at + 1);
        let (mut common_left, mut common_right) = (0, 0);
        for _ in 0..walk.depth {
            let before = usize::from(node);
            if node == NONE || at - before > MAX_DISTANCE {
                break;
            }
            let common = match_len_from(block, before, at, common_left.min(common_right), walk.most);
            meets(before, common);
            if common >= walk.most {
                // Any search that would find that position also finds this one.
                self.children[left] = self.children[2 * before];
                self.children[right] = self.children[2 * before + 1];
                return;
            }
            if block[before + common] < block[at + common] {
                self.children[left] = node;
                left = 2 * before + 1;
                common_left = common;
                node = self.children[left];
            } else {
                self.children[right] = node;
                right = 2 * before;
                common_right = common;
                node = self.children[right];
            }
        }
        self.children[left] = NONE;
        self.children[right] = NONE;
    }
}

#[cfg(test)]
mod tests {
    use test_noise::Noise;

    use super::*;

    /// Few distinct byte values, with longer and shorter repetitions.
    fn block() -> Vec<u8> {
        let mut noise = Noise::new(1);
        let mut block = Vec::new();
        while block.len() < 3000 {
            let [length, back, letter, kind] = [64, 256, 4, 2].map(|limit| noise.index(limit));
            let back = 1 + back;
            if kind == 0 || block.len() < back {
                block.push(letter as u8);
            } else {
                for _ in 0..length {
                    block.push(block[block.len() - back]);
                }
            }
        }
        block
    }

    fn common(block: &[u8], before: usize, at: usize) -> usize {
        block[at..].iter().zip(&block[before..]).take_while(|(one, other)| one == other).count()
    }

    #[test]
    fn the_way_down_meets_the_nearest_match_of_each_length() {
        let block = block();
        for limit in [16, 64, 258] {
            let mut trees = Trees::new(block.len());
            for at in 0..block.len() {
                let most = limit.min(block.len() - at);
                let mut met = Vec::new();
                trees.enter(&block, at, Walk { depth: usize::MAX, most }, |before, length| {
                    met.push((before, length))
                });
                assert!(met.iter().all(|&(before, length)| length == common(&block, before, at).min(most)));
                let longer = |met: &[(usize, usize)]| {
                    let mut longest = 3;
                    let mut longer = met.to_vec();
                    longer.retain(|&(_, length)| {
                        length > longest && {
                            longest = length;
                            true
                        }
                    });
                    longer
                };
                let all: Vec<_> =
                    (0..at).rev().map(|before| (before, common(&block, before, at).min(most))).collect();
                assert_eq!(longer(&met), longer(&all), "at {at}, limit {limit}");
            }
        }
    }
}
