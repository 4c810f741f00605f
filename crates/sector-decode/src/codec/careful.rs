//! How much the fast loops leave to the careful code, counted. A loop that stops too early changes no result, only the time
//! that it takes, so no other test would notice.

mod edges;

use std::cell::Cell;
use std::io::Write as _;
use std::vec;
use std::vec::Vec;

use test_noise::Noise;

use super::{Coding, Decoder};

std::thread_local! {
    static STEPS: Cell<usize> = const { Cell::new(0) };
}

/// Counts one step of the careful code: a symbol, a sequence or an instruction.
pub(super) fn step() {
    STEPS.set(STEPS.get() + 1);
}

/// Bytes that compress: new ones, runs, and repetitions of what came before, from near and far.
fn plain(noise: &mut Noise, len: usize) -> Vec<u8> {
    let symbols = 2 + noise.below(254);
    let mut bytes: Vec<u8> = Vec::new();
    while bytes.len() < len {
        let longest = [8, 40, 400][noise.index(3)];
        let piece = 1 + noise.index(longest);
        let near = [1, 7, 300, bytes.len()][noise.index(4)].min(bytes.len());
        if near == 0 || noise.below(2) == 0 {
            bytes.extend((0..piece).map(|_| noise.below(symbols).to_le_bytes()[0]));
        } else {
            let distance = 1 + noise.index(near);
            for _ in 0..piece {
                bytes.push(bytes[bytes.len() - distance]);
            }
        }
    }
    bytes.truncate(len);
    bytes
}

fn pack(coding: Coding, plain: &[u8], level: u32) -> Vec<u8> {
    match coding {
        Coding::Lz4 => {
            let mode = lz4::block::CompressionMode::HIGHCOMPRESSION(level.cast_signed() + 3);
            lz4::block::compress(plain, Some(mode), false).unwrap()
        }
        Coding::Lzo => lzokay::compress::compress(plain).unwrap(),
        _ => {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
    }
}

/// Decodes 300 blocks of all usual sizes; returns how many steps the careful code did.
fn steps(coding: Coding) -> usize {
    let mut noise = Noise::new(18);
    let mut decoder = Decoder::new();
    STEPS.set(0);
    for number in 0..300 {
        let plain = plain(&mut noise, 2048 << (number % 6));
        let packed = pack(coding, &plain, 1 + number % 9);
        let mut out = vec![0; plain.len()];
        decoder.decode_block(coding, &packed, &mut out).unwrap();
        assert!(out == plain, "{coding:?}, block {number}");
    }
    STEPS.take()
}

/// The numbers change with what the encoders write, and with the loops.
#[test]
#[cfg_attr(miri, ignore = "the encoders are C")]
#[cfg_attr(target_pointer_width = "32", ignore = "words of four bytes leave more to it")]
fn little_is_left_to_the_careful_code() {
    let left = if cfg!(feature = "fast") { [24_330, 4_876, 23_694] } else { [3_029_974, 82_322, 213_413] };
    assert_eq!([Coding::Deflate, Coding::Lz4, Coding::Lzo].map(steps), left);
}
