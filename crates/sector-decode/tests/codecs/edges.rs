//! One small stream per codec, cut off everywhere, damaged everywhere, and given every room near its own.
//!
//! This is what Miri runs in reasonable time: `cargo +nightly miri test --features fast --test codecs -- edges`.

use sector_decode::Coding;

use crate::bit_writer::BitWriter;
use crate::compare;

/// How far apart the places are that are tried.
const STEP: usize = if cfg!(miri) { 13 } else { 1 };

fn try_all(coding: Coding, packed: &[u8], size: usize) {
    assert!(compare(coding, packed, size, size).is_ok());
    for room in (size.saturating_sub(20)..size + 20).step_by(STEP) {
        let _ = compare(coding, packed, room, room);
        let _ = compare(coding, packed, room, room.min(size));
    }
    for at in (0..packed.len()).step_by(STEP) {
        let _ = compare(coding, &packed[..at], size, size);
        for value in [0x00, 0xFF, packed[at] ^ 0x10, packed[at].wrapping_add(1)] {
            let mut damaged = packed.to_vec();
            damaged[at] = value;
            let _ = compare(coding, &damaged, size, size);
        }
    }
}

#[test]
fn lz4() {
    let mut packed = Vec::new();
    let mut size = 0;
    for (literals, distance, len) in
        [(7, 3, 4), (0, 1, 19), (16, 2, 30), (4, 9, 5), (1, 40, 18), (14, 4, 8), (13, 7, 9), (300, 200, 17)]
    {
        let bytes: Vec<u8> = (0..literals).map(|at| at as u8).collect();
        crate::writers::sequence(&mut packed, &bytes, Some((distance, len)));
        size += bytes.len() + len;
    }
    crate::writers::sequence(&mut packed, b"the end", None);
    try_all(Coding::Lz4, &packed, size + 7);
}

#[test]
fn lzo() {
    let mut packed = vec![27];
    packed.extend(0..10);
    // Matches near and far, long and short, with all numbers of trailing literals; then a run.
    packed.extend([0b101_000_01, 0, 90, 0b011_011_11, 0, 91, 92, 93, 0b0000_10_10, 1, 94, 95]);
    packed.extend([0x2A, 0b10_01, 0, 96, 0x20, 80, 0, 0, 9]);
    packed.extend(0..12);
    packed.extend([0b111_111_00, 9, 0x23, 0xFC, 0]);
    packed.extend([0x11, 0, 0]);
    let size = 10 + 6 + 1 + 4 + 3 + 2 + 2 + 12 + 1 + 113 + 12 + 8 + 5;
    try_all(Coding::Lzo, &packed, size);
}

#[test]
fn deflate() {
    // Literals of 2 to 12 bits, the last ones not in the table, and four lengths.
    let mut litlens = vec![0; 270];
    for (symbol, len) in [
        (97, 2),
        (98, 2),
        (99, 3),
        (100, 4),
        (101, 4),
        (102, 6),
        (256, 5),
        (257, 6),
        (258, 6),
        (264, 6),
        (265, 6),
    ] {
        litlens[symbol] = len;
    }
    for (symbol, len) in [(110, 3), (111, 7), (112, 8), (113, 9), (114, 10), (115, 11), (116, 12), (117, 12)]
    {
        litlens[symbol] = len;
    }
    let distances = [2, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9, 9];
    let mut stream = BitWriter::default();
    stream.dynamic(true, &litlens, &distances);
    let mut size = 0;
    for round in 0..12 {
        for symbol in [97, 98, 99, 110 + round % 8, 100, 97 + round % 3] {
            stream.symbol(&litlens, symbol);
            size += 1;
        }
        for (symbol, len) in [(257, 3), (264, 10), (258, 4)] {
            let distance = round % 5;
            stream.symbol(&litlens, symbol).symbol(&distances, distance).bits(0, usize::from(distance == 4));
            size += len;
        }
        stream.symbol(&litlens, 265).bits(1, 1).symbol(&distances, 0);
        size += 12;
    }
    stream.symbol(&litlens, 256);
    try_all(Coding::Deflate, &stream.finish(), size);
}

#[test]
fn stored() {
    let bytes: Vec<u8> = (0..250).collect();
    try_all(Coding::Stored, &bytes, 250);
}

/// The mark that ends a block of the fixed code is seven zeros, the same as bits that are not there.
#[test]
fn end_mark_that_the_stream_does_not_have_is_no_end() {
    use sector_decode::{CodecError, Coding, Decoder};
    // Last block, fixed code; then 144 has nine bits, 'a' has eight.
    for literals in [&b"a"[..], b"aa", b"aaa", b"aaaa", b"aaaaaaaa", b"aaaaaaaaaaaaaaaaaaaaaaaa"] {
        let bits = 3 + 8 * literals.len() + 7;
        let mut stream = vec![0u8; bits.div_ceil(8)];
        let mut put = |at: usize, bit: u8| stream[at / 8] |= bit << (at % 8);
        put(0, 1);
        put(1, 1);
        for (number, &literal) in literals.iter().enumerate() {
            for bit in 0..8 {
                put(3 + 8 * number + bit, (literal + 0x30) >> (7 - bit) & 1);
            }
        }
        let mut out = vec![0; literals.len()];
        let mut decode = |stream: &[u8]| Decoder::new().decode_block(Coding::Deflate, stream, &mut out);
        assert_eq!(decode(&stream), Ok(()));
        stream.pop();
        assert!(matches!(decode(&stream), Err(CodecError::InputEnded { .. })), "{} literals", literals.len());
    }
}

/// Nothing is read of what comes after the packed bytes, not even to see whether there is more.
#[test]
fn streams_that_end_after_a_run() {
    for run in 1..40 {
        let packed: Vec<u8> = (0..=run).map(|at| if at == 0 { 17 + run } else { at }).collect();
        assert!(compare(Coding::Lzo, &packed, 60, 60).is_err());
        let mut packed = vec![run.min(14) << 4 | 4];
        packed.extend(0..run.min(14));
        assert!(compare(Coding::Lz4, &packed, 60, 60).is_err());
    }
}
