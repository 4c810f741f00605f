//! The deflate lint, on streams written by hand and on those of real encoders.

mod support;

use sector_decode::deflate_lint::{Finding, lint};
use sector_decode::{Coding, Decoder};
use support::bits::{Bits, empty_distance_code, lengths, one_distance_codeword};
use support::{image, pack};

const A: usize = b'A' as usize;
const B: usize = b'B' as usize;
const END: usize = 256;

/// A stream of one dynamic block, up to its codes.
fn dynamic(literals: &[u8], distances: &[u8]) -> Bits {
    let mut stream = Bits::default();
    stream.field(1, 1); // BFINAL: the last block
    stream.field(2, 2); // BTYPE: dynamic codes
    stream.code_lengths(literals, distances);
    stream
}

/// What the decoder makes of a stream: the first bytes of a sector, where at least one comes out.
fn decodes(stream: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; 2048];
    Decoder::new().decode_last_block(Coding::Deflate, stream, &mut out, len).ok()?;
    out.truncate(len);
    Some(out)
}

#[test]
fn complete_codes_pass() {
    // A 0, end 10, match of three (257) 11; distance 1 (symbol 0) 0, distance 2 (symbol 1) 1.
    let mut stream = dynamic(&lengths(258, &[(A, 1), (END, 2), (257, 2)]), &[1, 1]);
    stream.code(0, 1); // A
    stream.code(0b11, 2).code(0, 1); // three bytes from distance 1
    stream.code(0b11, 2).code(1, 1); // three bytes from distance 2
    stream.code(0b10, 2); // end of block
    let stream = stream.finish();
    assert_eq!(decodes(&stream, 7), Some(b"AAAAAAA".to_vec()));
    assert_eq!(lint(&stream), Ok(()));
}

#[test]
fn fixed_codes_pass() {
    let mut stream = Bits::default();
    stream.field(1, 1); // BFINAL: the last block
    stream.field(1, 2); // BTYPE: fixed codes
    stream.code(0b0011_0000 + u32::from(b'A'), 8); // literal A
    stream.code(0b000_0000, 7); // end of block
    let stream = stream.finish();
    assert_eq!(decodes(&stream, 1), Some(b"A".to_vec()));
    assert_eq!(lint(&stream), Ok(()));
}

#[test]
fn repeated_code_lengths_are_understood() {
    let mut stream = Bits::default();
    stream.field(1, 1); // BFINAL: the last block
    stream.field(2, 2); // BTYPE: dynamic codes
    stream.field(0, 5); // HLIT: 257 literal/length codes
    stream.field(3, 5); // HDIST: 4 distance codes
    stream.field(18 - 4, 4); // HCLEN: 18 lengths follow
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        // By symbol: 1 has 0, 2 has 100, 16 has 101, 17 has 110, 18 has 111.
        let length = match symbol {
            1 => 1,
            2 | 16 | 17 | 18 => 3,
            _ => 0,
        };
        stream.field(length, 3);
    }
    stream.code(0b111, 3).field(65 - 11, 7); // 18: 65 zeros, symbols 0 to 64
    stream.code(0, 1); // symbol 65, A: 1 bit
    stream.code(0b111, 3).field(138 - 11, 7); // 18: 138 zeros, to symbol 203
    stream.code(0b111, 3).field(45 - 11, 7); // 18: 45 zeros, to symbol 248
    stream.code(0b110, 3).field(7 - 3, 3); // 17: 7 zeros, to symbol 255
    stream.code(0, 1); // symbol 256, end: 1 bit
    stream.code(0b100, 3); // distance symbol 0: 2 bits
    stream.code(0b101, 3).field(0, 2); // 16: the same three times more
    stream.code(0, 1).code(0, 1); // AA
    stream.code(1, 1); // end of block
    let stream = stream.finish();
    assert_eq!(decodes(&stream, 2), Some(b"AA".to_vec()));
    assert_eq!(lint(&stream), Ok(()));
}

#[test]
fn a_repeat_may_run_from_one_list_into_the_other() {
    // One repeat gives the last literal code and all distance codes their lengths.
    let mut stream = Bits::default();
    stream.field(1, 1).field(2, 2); // BFINAL, BTYPE: the last block, dynamic codes
    stream.field(0, 5).field(2, 5); // HLIT: 257, HDIST: 3 distance codes
    stream.field(18 - 4, 4); // HCLEN: 18 lengths follow
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        // By symbol: 1 has 00, 2 has 01, 16 has 10, 18 has 11.
        stream.field(if matches!(symbol, 1 | 2 | 16 | 18) { 2 } else { 0 }, 3);
    }
    stream.code(0b11, 2).field(65 - 11, 7); // 18: 65 zeros, symbols 0 to 64
    stream.code(0b00, 2); // symbol 65, A: 1 bit
    stream.code(0b11, 2).field(138 - 11, 7); // 18: 138 zeros, to symbol 203
    stream.code(0b11, 2).field(51 - 11, 7); // 18: 51 zeros, to symbol 254
    stream.code(0b01, 2); // symbol 255: 2 bits
    stream.code(0b10, 2).field(1, 2); // 16: four times more, symbol 256 and three distances
    stream.code(0, 1).code(0b11, 2); // A, end of block
    let stream = stream.finish();
    // Literals: A 1 bit, 255 and 256 two bits: complete. Distances: three of two bits: not.
    assert_eq!(lint(&stream), Err(Finding::IncompleteDistanceCode { codewords: 3 }));
}

#[test]
fn empty_distance_code_is_found() {
    let stream = empty_distance_code(5);
    assert_eq!(decodes(&stream, 5), Some(b"AAAAA".to_vec()), "the stream itself is sound");
    assert_eq!(lint(&stream), Err(Finding::FewDistanceCodewords { codewords: 0 }));
    // Several code lengths, all of them zero, make no codeword either.
    let stream = dynamic(&lengths(257, &[(A, 1), (END, 1)]), &[0; 30]).finish();
    assert_eq!(lint(&stream), Err(Finding::FewDistanceCodewords { codewords: 0 }));
}

#[test]
fn one_distance_codeword_is_found() {
    let stream = one_distance_codeword(600);
    assert_eq!(decodes(&stream, 600), Some(vec![b'A'; 600]), "the stream itself is sound");
    assert_eq!(lint(&stream), Err(Finding::FewDistanceCodewords { codewords: 1 }));
    // Wherever in the list it stands, and of whatever length.
    for (symbol, length) in [(0, 15), (7, 1), (29, 1), (29, 2)] {
        let stream = dynamic(&lengths(257, &[(A, 1), (END, 1)]), &lengths(30, &[(symbol, length)])).finish();
        assert_eq!(lint(&stream), Err(Finding::FewDistanceCodewords { codewords: 1 }));
    }
}

#[test]
fn incomplete_distance_code_is_found() {
    // Two codewords of two bits leave half of the patterns unused; three of one bit are one too many.
    for (distances, codewords) in [(&[2, 2][..], 2), (&[1, 1, 1], 3), (&[1, 2], 2), (&[1, 2, 3, 4], 4)] {
        let stream = dynamic(&lengths(257, &[(A, 1), (END, 1)]), distances).finish();
        assert_eq!(lint(&stream), Err(Finding::IncompleteDistanceCode { codewords }), "{distances:?}");
    }
}

#[test]
fn incomplete_literal_code_is_found() {
    for (used, codewords) in
        [(&[(A, 2), (END, 2)][..], 2), (&[(A, 1), (B, 1), (END, 1)], 3), (&[(A, 1), (END, 15)], 2)]
    {
        let stream = dynamic(&lengths(257, used), &[1, 1]).finish();
        assert_eq!(lint(&stream), Err(Finding::IncompleteLiteralCode { codewords }), "{used:?}");
    }
}

#[test]
fn single_literal_codeword_is_found() {
    // Only the end of the block: a block of nothing.
    let mut stream = dynamic(&lengths(257, &[(END, 1)]), &[1, 1]);
    stream.code(0, 1); // end of block
    assert_eq!(lint(&stream.finish()), Err(Finding::FewLiteralCodewords { codewords: 1 }));
}

#[test]
fn literal_code_without_end_of_block_is_malformed() {
    let stream = dynamic(&lengths(257, &[(A, 1), (B, 1)]), &[1, 1]).finish();
    assert_eq!(lint(&stream), Err(Finding::Malformed));
}

#[test]
fn longest_codes_pass() {
    // 1, 2, 3, … 14, 15, 15: complete, and as long as the format allows.
    let ladder: Vec<u8> = (1..=15).chain([15]).collect();
    let used: Vec<_> = (241..).zip(ladder.iter().copied()).collect();
    assert_eq!(used.last(), Some(&(END, 15)));
    let stream = dynamic(&lengths(257, &used), &ladder).finish();
    assert_eq!(lint(&stream), Ok(()));
}

#[test]
fn stored_block_is_found() {
    let mut stream = Bits::default();
    stream.field(1, 1); // BFINAL: the last block
    stream.field(0, 2); // BTYPE: stored
    stream.align(); // the rest of the byte is not used
    stream.field(2, 16).field(!2 & 0xFFFF, 16); // LEN, NLEN: two bytes
    stream.field(u32::from(b'H'), 8).field(u32::from(b'i'), 8);
    let stream = stream.finish();
    assert_eq!(decodes(&stream, 2), Some(b"Hi".to_vec()), "the stream itself is sound");
    assert_eq!(lint(&stream), Err(Finding::StoredBlock));
}

#[test]
fn second_block_is_found() {
    let mut stream = Bits::default();
    stream.field(0, 1); // BFINAL: not the last block
    stream.field(1, 2); // BTYPE: fixed codes
    stream.code(0b0011_0000 + u32::from(b'A'), 8); // literal A
    stream.code(0, 7); // end of block
    stream.field(1, 1); // BFINAL: the last block
    stream.field(1, 2); // BTYPE: fixed codes
    stream.code(0b0011_0000 + u32::from(b'B'), 8); // literal B
    stream.code(0, 7); // end of block
    let stream = stream.finish();
    assert_eq!(decodes(&stream, 2), Some(b"AB".to_vec()), "the stream itself is sound");
    assert_eq!(lint(&stream), Err(Finding::SeveralBlocks));
}

#[test]
fn reserved_block_type_is_malformed() {
    assert_eq!(lint(&[0b111]), Err(Finding::Malformed));
    assert_eq!(lint(&[0b110]), Err(Finding::Malformed));
}

/// A dynamic block whose code for the code lengths has these lengths, in the order of the format.
fn with_code_for_lengths(list: &[u32]) -> Bits {
    let mut stream = Bits::default();
    stream.field(1, 1).field(2, 2); // BFINAL, BTYPE: the last block, dynamic codes
    stream.field(0, 5).field(0, 5); // HLIT: 257, HDIST: 1
    stream.field(u32::try_from(list.len()).unwrap() - 4, 4); // HCLEN
    for &length in list {
        stream.field(length, 3);
    }
    stream
}

#[test]
fn code_for_code_lengths_must_be_complete() {
    // None, one codeword, half of the patterns, too many: symbols 16, 17, 18, 0 (and more).
    for list in [&[0, 0, 0, 0][..], &[0, 0, 0, 1], &[2, 2, 0, 0], &[1, 1, 1, 0], &[7, 7, 7, 7, 7, 7]] {
        let mut stream = with_code_for_lengths(list);
        stream.field(0, 32).field(0, 32); // whatever follows
        assert_eq!(lint(&stream.finish()), Err(Finding::Malformed), "{list:?}");
    }
}

#[test]
fn repeat_of_nothing_is_malformed() {
    let mut stream = with_code_for_lengths(&[1, 0, 0, 1]); // 0 has 0, 16 has 1
    stream.code(1, 1).field(0, 2); // 16: repeat the length before the first one
    stream.field(0, 32);
    assert_eq!(lint(&stream.finish()), Err(Finding::Malformed));
}

#[test]
fn repeat_over_the_end_is_malformed() {
    let mut stream = with_code_for_lengths(&[0, 0, 1, 1]); // 0 has 0, 18 has 1
    stream.code(1, 1).field(127, 7); // 18: 138 zeros
    stream.code(1, 1).field(127, 7); // 18: 138 zeros more, of which only 120 fit
    stream.field(0, 32);
    assert_eq!(lint(&stream.finish()), Err(Finding::Malformed));
}

#[test]
fn more_codes_than_there_are_symbols_are_malformed() {
    // HLIT can say 287 and 288, HDIST 31 and 32; the format has 286 and 30.
    for (literals, distances) in [(287, 2), (288, 2), (257, 31), (257, 32)] {
        let used = lengths(literals, &[(A, 1), (END, 1)]);
        let stream = dynamic(&used, &lengths(distances, &[(0, 1), (1, 1)])).finish();
        assert_eq!(lint(&stream), Err(Finding::Malformed), "{literals}, {distances}");
    }
    let stream = dynamic(&lengths(286, &[(A, 1), (END, 1)]), &lengths(30, &[(0, 1), (1, 1)])).finish();
    assert_eq!(lint(&stream), Ok(()));
}

#[test]
fn header_cut_at_every_byte_is_malformed() {
    let stream = dynamic(&lengths(286, &[(A, 1), (END, 1)]), &lengths(30, &[(0, 1), (1, 1)]));
    let header_len = stream.len().div_ceil(8);
    let stream = stream.finish();
    for len in 0..header_len {
        assert_eq!(lint(&stream[..len]), Err(Finding::Malformed), "{len}");
    }
    assert_eq!(lint(&stream[..header_len]), Ok(()));

    let packed = pack::deflate(&image::text(2048, 1), 9);
    assert_eq!(lint(&packed), Ok(()));
    for len in 0..packed.len() {
        assert!(matches!(lint(&packed[..len]), Ok(()) | Err(Finding::Malformed)), "{len}");
    }
}

#[test]
fn bytes_behind_the_header_do_not_count() {
    let mut stream = pack::deflate(&image::text(2048, 1), 9);
    stream.extend_from_slice(&[0xFF; 40]);
    assert_eq!(lint(&stream), Ok(()));
}

/// Sectors of many kinds: noise of every number of different bytes, text, counters, runs, zeros.
fn sectors() -> Vec<Vec<u8>> {
    let mut sectors: Vec<Vec<u8>> = (0..64).map(|seed| image::text(2048, seed)).collect();
    for alphabet in 1..=255_u8 {
        sectors.push(image::noise(2048, alphabet.into()).iter().map(|byte| byte % alphabet).collect());
    }
    sectors.extend(image::mixed(64 * 2048, 3).chunks(2048).map(<[u8]>::to_vec));
    sectors
        .extend((1..64).map(|period| (0..2048_u32).map(|at| (at % period * 37).to_le_bytes()[0]).collect()));
    sectors.extend((1..64).map(|ones| (0..2048).map(|at| u8::from(at < ones)).collect()));
    sectors
}

#[test]
fn stock_zlib_gives_no_finding_but_stored_blocks() {
    let mut passed = 0;
    for sector in sectors() {
        for level in 1..=9 {
            let stream = pack::deflate(&sector, level);
            match lint(&stream) {
                Ok(()) => passed += 1,
                // zlib stores what does not pack; such a stream is longer than the data, and a writer
                // keeps the block plain anyway.
                Err(Finding::StoredBlock) => assert!(stream.len() > sector.len(), "level {level}"),
                Err(finding) => panic!("level {level}: {finding}"),
            }
        }
    }
    assert!(passed > 3000, "{passed} streams passed");
}

#[test]
fn miniz_oxide_is_caught() {
    // Why it must not write: what hangs PSPs comes from encoders with its habits.
    let (mut empty, mut single) = (0, 0);
    for sector in sectors() {
        for level in [1, 6, 9] {
            match lint(&miniz_oxide::deflate::compress_to_vec(&sector, level)) {
                Err(Finding::FewDistanceCodewords { codewords: 0 }) => empty += 1,
                Err(Finding::FewDistanceCodewords { codewords: 1 }) => single += 1,
                Ok(()) | Err(Finding::StoredBlock) => {}
                Err(finding) => panic!("level {level}: {finding}"),
            }
        }
    }
    assert!(empty >= 50 && single >= 50, "{empty} empty, {single} of one codeword");
}

#[test]
fn findings_read_like_sentences() {
    assert_eq!(Finding::FewDistanceCodewords { codewords: 0 }.to_string(), "an empty distance code");
    assert_eq!(Finding::FewDistanceCodewords { codewords: 1 }.to_string(), "a distance code of one codeword");
}
