//! Short blocks that are written by hand, so that every limit of the fast loops is met exactly: two matches of every short
//! length and distance, and every small room behind them.

use std::iter::repeat_n;
use std::vec;
use std::vec::Vec;

use super::{Coding, Decoder, STEPS, pack};

/// A block as it is written, and what it stands for.
#[derive(Clone, Default)]
struct Block {
    packed: Vec<u8>,
    plain: Vec<u8>,
}

impl Block {
    /// Bytes without a repetition in any few of them.
    fn literals(&mut self, count: usize) {
        for _ in 0..count {
            let number = self.plain.len();
            let byte = (number * 167 + number / 7).to_le_bytes()[0];
            self.packed.push(byte);
            self.plain.push(byte);
        }
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
const DISTANCES: [usize; 10] = [1, 2, 3, 4, 7, 8, 9, 10, 16, 20];
const LENGTHS: [usize; 22] =
    [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20, 32, 33, 34, 35, 273, 274];
const COUNTS: [usize; 13] = [0, 1, 3, 4, 5, 8, 11, 12, 13, 14, 15, 16, 40];

/// A sequence of LZ4: literals and a match.
fn sequence(block: &mut Block, literals: usize, distance: usize, length: usize) {
    const LONG: usize = 15;
    let rest = |block: &mut Block, count: usize| {
        if let Some(more) = count.checked_sub(LONG) {
            block.packed.extend(repeat_n(255, more / 255));
            block.push(&[more % 255]);
        }
    };
    block.push(&[literals.min(LONG) << 4 | (length - 4).min(LONG)]);
    rest(block, literals);
    block.literals(literals);
    block.push(&[distance & 255, distance >> 8]);
    rest(block, length - 4);
    block.repeat(distance, length);
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
                    block.push(&[last << 4]);
                    block.literals(last);
                    steps += block.steps(Coding::Lz4);
                }
            }
        }
    }
    for first in 1..15 {
        let mut block = Block::default();
        sequence(&mut block, first, first, 4);
        block.push(&[14 << 4]);
        block.literals(14);
        steps += block.steps(Coding::Lz4);
    }
    steps
}

/// A length of LZO that does not fit the first byte: zeros, and what is left.
fn continued(block: &mut Block, more: usize) {
    block.packed.extend(repeat_n(0, (more - 1) / 255));
    block.push(&[(more - 1) % 255 + 1]);
}

/// A run of LZO's literals, from four on.
fn run(block: &mut Block, count: usize) {
    if count <= 18 {
        block.push(&[count - 3]);
    } else {
        block.push(&[0]);
        continued(block, count - 18);
    }
    block.literals(count);
}

/// A match of LZO with up to three literals behind it, in each of the ways that there are for it.
fn matches(block: &Block, distance: usize, length: usize, literals: usize) -> Vec<Block> {
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
            continued(&mut long, many - 31);
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

fn lzo() -> usize {
    let mut steps = 0;
    let mut end = |block: &Block| {
        let mut block = block.clone();
        block.push(&[17, 0, 0]);
        steps += block.steps(Coding::Lzo);
    };
    let beginning = |count: usize| {
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
                    for last in 4..24 {
                        let mut block = block.clone();
                        if literals == 0 {
                            run(&mut block, last);
                            end(&block);
                        } else {
                            // Two bytes from near, which only follow literals.
                            let (back, next) = (distance - 1, last % 4);
                            block.push(&[(back & 3) << 2 | next, back >> 2]);
                            block.repeat(distance, 2);
                            block.literals(next);
                            end(&block);
                            matches(&block, 3, last, 0).iter().for_each(&mut end);
                        }
                    }
                }
            }
        }
    }
    steps
}

/// What zlib writes for a match of every length and distance, with every small room behind it.
fn deflate() -> usize {
    let mut steps = 0;
    for distance in DISTANCES {
        for length in LENGTHS {
            for last in 0..15 {
                let mut block = Block::default();
                block.literals(20);
                block.repeat(distance, length);
                block.literals(last);
                block.packed = pack(Coding::Deflate, &block.plain, 9);
                steps += block.steps(Coding::Deflate);
            }
        }
    }
    for len in 1..80 {
        for distance in [1, 30, 100] {
            let mut block = Block::default();
            block.literals(len.min(distance));
            block.repeat(distance.min(len), len - len.min(distance));
            block.packed = pack(Coding::Deflate, &block.plain, 9);
            steps += block.steps(Coding::Deflate);
        }
    }
    steps
}

/// The numbers change with the loops, and the first with what zlib writes.
#[test]
#[cfg_attr(miri, ignore = "zlib is C")]
#[cfg_attr(target_pointer_width = "32", ignore = "words of four bytes leave more to it")]
fn what_is_left_at_every_edge() {
    let left = if cfg!(feature = "fast") { [7_162, 65_676, 108_159] } else { [99_184, 128_728, 148_024] };
    assert_eq!([deflate(), lz4(), lzo()], left);
}
