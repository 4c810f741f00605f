//! Blocks to pack.
#![allow(unreachable_pub, clippy::cast_possible_truncation, reason = "shared by tests, whose data is small")]

use flate2::{Compress, Compression, FlushCompress};
use libdeflater::{CompressionLvl, Compressor};
use proptest::collection::vec;
use proptest::prelude::*;
use test_noise::Noise;

/// Bytes that do not get smaller.
pub fn noise(len: usize, seed: u32) -> Vec<u8> {
    Noise::new(seed.into()).bytes(len)
}

/// One block of each kind that encoders handle differently.
pub fn kinds(len: usize) -> Vec<(&'static str, Vec<u8>)> {
    let noise = noise(len, 1);
    let of =
        |byte: fn(usize, u8) -> u8| noise.iter().enumerate().map(|(at, &noise)| byte(at, noise)).collect();
    const WORDS: [&str; 8] = ["the ", "quest ", "of ", "a ", "castle, ", "to ", "save\n", "you "];
    let words = noise.iter().flat_map(|&noise| WORDS[usize::from(noise & 7)].bytes()).take(len).collect();
    vec![
        ("zeros", vec![0; len]),
        ("ones", vec![0xFF; len]),
        ("noise", noise.clone()),
        // Almost no matches: where careless encoders leave the distance code empty.
        ("few bits", of(|_, noise| (noise & 0x0F) * (noise >> 4 & 3) + 0x20)),
        // All matches at one distance.
        ("period of four", of(|at, _| [1, 9, 200, 47][at % 4])),
        ("pairs", of(|at, noise| if at % 2 == 0 { noise } else { 0 })),
        (
            "floats",
            of(|at, noise| {
                if at % 4 == 3 {
                    0x3F
                } else if at % 4 == 2 {
                    0x80 | noise >> 6
                } else {
                    noise
                }
            }),
        ),
        ("gradient", of(|at, noise| (at / 5 % 256) as u8 ^ (noise & 1))),
        ("words", words),
        ("skewed", of(|_, noise| noise.leading_zeros() as u8)),
        // Halves that need different codes.
        ("two kinds", of(|at, noise| if at / 1024 % 2 == 0 { noise & 7 } else { noise | 0xE0 })),
    ]
}

/// Raw deflate by stock zlib.
pub fn zlib_9(block: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(block.len() + 100);
    let mut zlib = Compress::new(Compression::new(9), false);
    zlib.compress_vec(block, &mut out, FlushCompress::Finish).expect("there is room");
    out
}

/// Raw deflate by libdeflate.
pub fn libdeflate_12(block: &[u8]) -> Vec<u8> {
    let mut out = vec![0; block.len() + 300];
    let level = CompressionLvl::new(12).expect("a level");
    let len = Compressor::new(level).deflate_compress(block, &mut out).expect("there is room");
    out.truncate(len);
    out
}

/// Blocks of pieces: bytes of a small alphabet, runs, copies of what came before.
pub fn blocks() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        (vec(any::<u8>(), 1..80), Just((0, 0))),
        (vec(0..4u8, 1..200), Just((0, 0))),
        (any::<u8>(), 1..600usize).prop_map(|(byte, len)| (vec![byte; len], (0, 0))),
        (0..4000usize, 3..400usize).prop_map(|copy| (Vec::new(), copy)),
    ];
    vec(piece, 0..40).prop_map(|pieces| {
        let mut block = Vec::new();
        for (bytes, (back, len)) in pieces {
            block.extend(bytes);
            if !block.is_empty() {
                for _ in 0..len {
                    block.push(block[block.len() - 1 - back.min(block.len() - 1)]);
                }
            }
        }
        block
    })
}
