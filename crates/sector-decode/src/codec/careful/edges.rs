//! Short blocks that are written by hand, so that every limit of the fast loops is met exactly: matches of many lengths and
//! distances, with little room after them.

use std::vec;
use std::vec::Vec;

use super::{Coding, Decoder, STEPS, pack};

#[path = "../../../tests/codecs/writers.rs"]
#[expect(clippy::cast_possible_truncation, reason = "bytes of streams are cut from counters")]
mod writers;

/// A block as it is written, and what it stands for.
#[derive(Clone, Default)]
struct Block {
    packed: Vec<u8>,
    plain: Vec<u8>,
}

impl Block {
    /// Adds new bytes to what the block stands for, and returns them. No few of them repeat.
    fn fresh(&mut self, count: usize) -> Vec<u8> {
        let start = self.plain.len();
        let bytes = (start..start + count).map(|number| (number * 167 + number / 7).to_le_bytes()[0]);
        let bytes: Vec<u8> = bytes.collect();
        self.plain.extend(&bytes);
        bytes
    }

    /// Adds literals as they are.
    fn literals(&mut self, count: usize) {
        let literals = self.fresh(count);
        self.packed.extend(literals);
    }

    fn repeat(&mut self, distance: usize, length: usize) {
        for _ in 0..length {
            self.plain.push(self.plain[self.plain.len() - distance]);
        }
    }

    fn push(&mut self, bytes: &[usize]) {
        self.packed.extend(bytes.iter().map(|&byte| u8::try_from(byte).unwrap()));
    }

    /// Decodes it and returns how many steps the careful code did.
    fn steps(&self, coding: Coding) -> usize {
        let mut out = vec![0; self.plain.len()];
        STEPS.set(0);
        Decoder::new().decode_block(coding, &self.packed, &mut out).unwrap();
        assert!(out == self.plain, "{coding:?}: {:?}", self.packed);
        STEPS.take()
    }
}

/// How far back, and how long: either side of four, of eight, of twelve, of sixteen, and of what fits a first byte.
const DISTANCES: [u16; 10] = [1, 2, 3, 4, 7, 8, 9, 10, 16, 20];
const LENGTHS: [usize; 22] =
    [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20, 32, 33, 34, 35, 273, 274];
const COUNTS: [usize; 13] = [0, 1, 3, 4, 5, 8, 11, 12, 13, 14, 15, 16, 40];

/// Adds a sequence of LZ4: literals and a match.
fn sequence(block: &mut Block, literals: usize, distance: u16, length: usize) {
    let literals = block.fresh(literals);
    writers::sequence(&mut block.packed, &literals, Some((distance, length)));
    block.repeat(distance.into(), length);
}

/// Adds the sequence that ends a block of LZ4, with less than 15 literals.
fn last_sequence(block: &mut Block, literals: usize) {
    let literals = block.fresh(literals);
    writers::sequence(&mut block.packed, &literals, None);
}

fn lz4() -> usize {
    let mut steps = 0;
    for distance in DISTANCES {
        for length in LENGTHS {
            for literals in COUNTS {
                let mut block = Block::default();
                sequence(&mut block, 20, 20, 4);
                sequence(&mut block, literals, distance, length);
                for last in 0..15 {
                    let mut block = block.clone();
                    last_sequence(&mut block, last);
                    steps += block.steps(Coding::Lz4);
                }
            }
        }
    }
    for first in 1..15_u16 {
        let mut block = Block::default();
        sequence(&mut block, first.into(), first, 4);
        last_sequence(&mut block, 14);
        steps += block.steps(Coding::Lz4);
    }
    steps
}

/// A match of LZO and up to three literals after it, in each of the ways in which it can be written.
fn matches(block: &Block, distance: u16, length: usize, literals: usize) -> Vec<Block> {
    let distance = usize::from(distance);
    let back = distance - 1;
    let mut ways = Vec::new();
    if length <= 8 {
        let mut short = block.clone();
        short.push(&[(length - 1) << 5 | (back & 7) << 2 | literals, back >> 3]);
        ways.push(short);
    }
    let mut long = block.clone();
    match length - 2 {
        few @ 1..=31 => long.push(&[32 | few]),
        many => {
            long.push(&[32]);
            writers::long_length(&mut long.packed, many - 31);
        }
    }
    long.push(&[(back << 2 | literals) & 255, back >> 6]);
    ways.push(long);
    for way in &mut ways {
        way.repeat(distance, length);
        way.literals(literals);
    }
    ways
}

/// What can follow a match of LZO with so many literals after it: after none a run, after others two bytes from near, then
/// another match.
fn endings(block: &Block, distance: u16, literals: usize) -> Vec<Block> {
    let mut endings = Vec::new();
    for last in 4..24 {
        let mut block = block.clone();
        if literals == 0 {
            let bytes = block.fresh(last);
            writers::run(&mut block.packed, &bytes);
        } else {
            let (distance, next) = (usize::from(distance), last % 4);
            let back = distance - 1;
            block.push(&[(back & 3) << 2 | next, back >> 2]);
            block.repeat(distance, 2);
            block.literals(next);
            endings.extend(matches(&block, 3, last, 0));
        }
        endings.push(block);
    }
    endings
}

fn lzo() -> usize {
    let mut steps = 0;
    let mut end = |block: &Block| {
        let mut block = block.clone();
        block.push(&[17, 0, 0]);
        steps += block.steps(Coding::Lzo);
    };
    let beginning = |count: u16| {
        let count = count.into();
        let mut block = Block::default();
        block.push(&[17 + count]);
        block.literals(count);
        block
    };
    for count in 4..20 {
        matches(&beginning(count), count, 4, 0).iter().for_each(&mut end);
    }
    for distance in DISTANCES {
        for length in LENGTHS {
            for literals in 0..4 {
                for block in matches(&beginning(20), distance, length, literals) {
                    end(&block);
                    endings(&block, distance, literals).iter().for_each(&mut end);
                }
            }
        }
    }
    steps
}

/// What zlib writes for a match of each length and distance with each small room after it, and for the smallest blocks.
fn deflate() -> usize {
    let steps = |literals: usize, distance: usize, length: usize, last: usize| {
        let mut block = Block::default();
        block.fresh(literals);
        block.repeat(distance, length);
        block.fresh(last);
        block.packed = pack(Coding::Deflate, &block.plain, 9);
        block.steps(Coding::Deflate)
    };
    let mut all = 0;
    for distance in DISTANCES {
        for length in LENGTHS {
            all += (0..15).map(|last| steps(20, distance.into(), length, last)).sum::<usize>();
        }
    }
    for len in 1..80 {
        for distance in [1, 30, 100].map(|distance: usize| distance.min(len)) {
            all += steps(distance, distance, len - distance, 0);
        }
    }
    all
}

/// The numbers change with the loops, and the first with what zlib writes.
#[test]
#[cfg_attr(miri, ignore = "zlib is C")]
#[cfg_attr(target_pointer_width = "32", ignore = "words of four bytes leave more to it")]
fn what_is_left_at_every_edge() {
    let left = if cfg!(feature = "fast") { [7_162, 65_676, 108_159] } else { [99_184, 128_728, 148_024] };
    assert_eq!([deflate(), lz4(), lzo()], left);
}
