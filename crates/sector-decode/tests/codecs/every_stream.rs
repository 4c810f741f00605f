//! All short beginnings of streams of a few bytes each, in front of what keeps the fast loops going, into outputs of every
//! small size: each copy meets each border. Few enough for Miri, too.

use sector_decode::Coding;

use crate::compare;

/// The sizes of the output. The fast loops need about forty bytes of room; the four literals before the heads fill the
/// second of Miri's.
fn rooms() -> impl Iterator<Item = usize> {
    const OF_MIRI: [usize; 5] = [0, 4, 24, 48, 72];
    (0..=80).filter(|room| !cfg!(miri) || OF_MIRI.contains(room))
}

/// Calls `check` with every sequence of `count` of these bytes.
fn every(bytes: &[u8], count: u32, mut check: impl FnMut(&[u8])) {
    let mut head = Vec::new();
    for number in 0..bytes.len().pow(count) {
        head.clear();
        let mut rest = number;
        for _ in 0..count {
            head.push(bytes[rest % bytes.len()]);
            rest /= bytes.len();
        }
        check(&head);
    }
}

/// Decodes each stream into outputs of all sizes; returns how many there were that decoded.
fn every_stream(coding: Coding, bytes: &[u8], counts: (u32, u32), before: &[u8], tails: &[&[u8]]) -> u32 {
    let mut decoded = 0;
    let count = if cfg!(miri) { counts.0 } else { counts.1 };
    every(bytes, count, |head| {
        for tail in tails {
            let stream = [before, head, tail].concat();
            for room in rooms() {
                decoded += u32::from(compare(coding, &stream, room, room).is_ok());
            }
        }
    });
    decoded
}

#[test]
fn lz4() {
    // Tokens, lengths and distances: none, short, the longest without and the shortest with more bytes, at borders.
    let bytes = [0x00, 0x01, 0x02, 0x0F, 0x10, 0x1F, 0x24, 0xE8, 0xF0, 0xFF];
    let bytes: &[u8] = if cfg!(miri) { &[0x00, 0x01, 0x1F, 0xF4] } else { &bytes };
    // A literal first, so that there is something to copy; after the head, literals or more matches.
    let tails: [&[u8]; 3] =
        [&[], &[0xF0, 15, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], &[0x10; 24]];
    let decoded = every_stream(Coding::Lz4, bytes, (3, 4), &[0x40, 1, 2, 3, 4, 1, 0], &tails);
    assert!(decoded > 0);
}

#[test]
fn lzo() {
    // Each kind of instruction with its shortest and longest match and each number of literals.
    let bytes = [0x00, 0x03, 0x10, 0x11, 0x1F, 0x20, 0x2D, 0x3F, 0x40, 0x63, 0xE0, 0xFF];
    let bytes: &[u8] = if cfg!(miri) { &[0x00, 0x11, 0x21, 0x63] } else { &bytes };
    let tails: [&[u8]; 3] =
        [&[], &[0x11, 0, 0], &[0x40, 0, 0x01, 5, 6, 7, 8, 0x11, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9]];
    let decoded = every_stream(Coding::Lzo, bytes, (3, 4), &[21, 1, 2, 3, 4], &tails);
    assert!(decoded > 0);
}

#[test]
fn deflate() {
    // All beginnings of a block: with fixed codes, stored, or with codes of its own.
    let all: Vec<u8> = (0..=255).collect();
    let bytes: &[u8] = if cfg!(miri) { &[0x00, 0x03, 0x4B, 0x63, 0xED] } else { &all };
    let tails: [&[u8]; 2] = [&[], &[0x4C, 0x44, 0x80, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]];
    let rooms = [0, 1, 2, 7, 40, 80];
    let mut decoded = 0;
    every(bytes, 2, |head| {
        for tail in tails {
            let stream = [head, tail].concat();
            let rooms: &[usize] = if cfg!(miri) { &[0, 7, 40] } else { &rooms };
            for &room in rooms {
                decoded += u32::from(compare(Coding::Deflate, &stream, room, room).is_ok());
            }
        }
    });
    // After four literals with the fixed codes, matches of every distance and length that few bits give.
    let bytes = [0x00, 0x01, 0x22, 0x3F, 0x55, 0x80, 0xA4, 0xFF];
    let bytes: &[u8] = if cfg!(miri) { &bytes[1..4] } else { &bytes };
    decoded += every_stream(Coding::Deflate, bytes, (2, 4), &[0x4B, 0x4C, 0x4A], &tails);
    assert!(decoded > 0);
}
