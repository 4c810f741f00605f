//! Deflate streams of all shapes that the format allows and of many that it does not.

use std::io::Write as _;

use proptest::prelude::*;
use sector_decode::{CodecError, Coding};

use crate::bit_writer::BitWriter;
use crate::compare;

const END: usize = 256;

fn inflate(packed: &[u8], room: usize) -> Result<Vec<u8>, CodecError> {
    compare(Coding::Deflate, packed, room, room)
}

fn assert_invalid(packed: &[u8]) {
    assert!(matches!(inflate(packed, 64), Err(CodecError::Invalid { .. })), "{packed:02X?}");
}

/// Lengths of the fixed literal/length code.
fn fixed() -> Vec<u8> {
    let mut lengths = vec![8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    lengths
}

/// A literal/length code of two-bit codewords for `a`, `b`, the end, and matches of three bytes.
fn small() -> Vec<u8> {
    let mut lengths = vec![0; 258];
    for symbol in [usize::from(b'a'), usize::from(b'b'), END, 257] {
        lengths[symbol] = 2;
    }
    lengths
}

#[test]
fn bytes_behind_the_end_are_ignored() {
    let mut stream = BitWriter::default();
    stream.bits(1, 1).bits(1, 2).symbol(&fixed(), 0x41).symbol(&fixed(), END);
    for garbage in [&[][..], &[0xFF; 1], &[0; 3], &[0xFF; 40]] {
        let packed = [&stream.finish()[..], garbage].concat();
        assert_eq!(inflate(&packed, 1), Ok(vec![0x41]));
    }
}

#[test]
fn bytes_past_the_end_of_a_stream_are_not_counted() {
    // Zeros, which are `a` in this code, stand for what is not there.
    const HEADER_BITS: usize = 3 + 14 + 19 * 3 + 4 * (258 + 2);
    let mut stream = BitWriter::default();
    stream.dynamic(false, &small(), &[1, 1]);
    for _ in 0..50 {
        stream.symbol(&small(), usize::from(b'a'));
        let packed = stream.finish();
        let produced = (8 * packed.len() - HEADER_BITS) as u32 / 2;
        assert_eq!(inflate(&packed, 4096), Err(CodecError::InputEnded { produced, expected: 4096 }));
    }
}

#[test]
fn codes_of_another_block_do_not_stay() {
    // The fixed codes are kept from block to block, until a header has touched them.
    let mut plain = BitWriter::default();
    plain.bits(1, 1).bits(1, 2).symbol(&fixed(), 0x41).symbol(&fixed(), END);
    let mut other = BitWriter::default();
    other.dynamic(true, &small(), &[1, 1]).symbol(&small(), usize::from(b'a')).symbol(&small(), END);
    let mut both = BitWriter::default();
    both.bits(0, 1).bits(1, 2).symbol(&fixed(), 0x41).symbol(&fixed(), END).bits(0, 1).bits(1, 2);
    both.symbol(&fixed(), 0x42).symbol(&fixed(), END).dynamic(false, &small(), &[1, 1]);
    both.symbol(&small(), END).bits(1, 1).bits(1, 2).symbol(&fixed(), 0x43).symbol(&fixed(), END);
    let (plain, other, both) = (plain.finish(), other.finish(), both.finish());
    for len in 0..=other.len() {
        assert_eq!(inflate(&plain, 1), Ok(vec![0x41]));
        assert_eq!(inflate(&other[..len], 1).is_ok(), len == other.len());
        assert_eq!(inflate(&both, 3), Ok(vec![0x41, 0x42, 0x43]), "after {len} bytes of a header");
    }
}

#[test]
fn distance_codes_without_use_are_allowed() {
    let (litlens, a) = (small(), usize::from(b'a'));
    for distances in [&[0][..], &[1], &[0, 1], &[0, 0, 0, 0, 1]] {
        let mut stream = BitWriter::default();
        stream.dynamic(true, &litlens, distances).symbol(&litlens, a).symbol(&litlens, END);
        assert_eq!(inflate(&stream.finish(), 1), Ok(vec![b'a']), "{distances:?}");
    }
}

#[test]
fn a_single_distance_codeword_has_one_bit() {
    let (litlens, a) = (small(), usize::from(b'a'));
    for (bit, valid) in [(0, true), (1, false)] {
        let mut stream = BitWriter::default();
        stream.dynamic(true, &litlens, &[1]).symbol(&litlens, a).symbol(&litlens, 257).bits(bit, 1);
        stream.symbol(&litlens, END).raw(&[0; 24]);
        assert_eq!(inflate(&stream.finish(), 4).is_ok(), valid);
    }
}

/// A pattern that begins no codeword is as long as a bit: where not even that is left, the stream has ended.
#[test]
fn where_no_codeword_could_be_and_no_bit_is_left_the_stream_has_ended() {
    let (litlens, a) = (small(), usize::from(b'a'));
    let mut no_distance = BitWriter::default();
    no_distance.dynamic(true, &litlens, &[0]);
    (0..4).for_each(|_| _ = no_distance.symbol(&litlens, a));
    no_distance.symbol(&litlens, 257);
    let mut no_symbol = BitWriter::default();
    no_symbol.bits(0, 1).bits(1, 2).symbol(&fixed(), END).dynamic(true, &[0; 258], &[0]);
    for (stream, produced) in [(no_distance, 4), (no_symbol, 0)] {
        let packed = stream.finish();
        assert_eq!(inflate(&packed, 64), Err(CodecError::InputEnded { produced, expected: 64 }));
        assert_invalid(&[&packed[..], &[0]].concat());
    }
}

#[test]
fn incomplete_and_oversubscribed_codes_are_refused() {
    let end = |litlens: &[u8], distances: &[u8]| {
        let mut stream = BitWriter::default();
        stream.dynamic(true, litlens, distances).raw(&[0; 16]);
        stream.finish()
    };
    let mut three = small();
    three[257] = 0;
    let mut five = small();
    five[0] = 2;
    let mut long = small();
    long[257] = 3;
    for litlens in [three, five, long] {
        assert_invalid(&end(&litlens, &[1]));
    }
    for distances in [&[2][..], &[2, 2, 2], &[1, 1, 1], &[1, 1, 15], &[15; 30]] {
        assert_invalid(&end(&small(), distances));
    }
}

#[test]
fn a_block_need_not_have_an_end_codeword_but_then_does_not_end() {
    let mut litlens = vec![0; 257];
    litlens[0] = 1;
    let mut stream = BitWriter::default();
    stream.dynamic(true, &litlens, &[0]).raw(&[0; 64]);
    assert!(matches!(inflate(&stream.finish(), 64), Err(CodecError::Overlong { block_size: 64 })));
    // And a code with no codeword at all fails at its first bit.
    let mut stream = BitWriter::default();
    stream.dynamic(true, &[0; 257], &[0]).raw(&[0; 64]);
    assert_invalid(&stream.finish());
}

#[test]
fn headers_with_too_many_symbols_are_refused() {
    for (litlens, distances, valid) in
        [(286, 30, true), (287, 30, false), (288, 1, false), (286, 31, false), (257, 32, false)]
    {
        let mut lengths = vec![0; litlens];
        (lengths[65], lengths[END]) = (1, 1);
        let mut stream = BitWriter::default();
        stream.dynamic(true, &lengths, &vec![0; distances]).symbol(&lengths, 65).symbol(&lengths, END);
        stream.raw(&[0; 16]);
        assert_eq!(inflate(&stream.finish(), 1).is_ok(), valid, "{litlens} {distances}");
    }
}

/// A header whose code for lengths has the symbols 0, 1, 16 and 18, two bits each, for 257 + 1 lengths.
fn header_with_runs() -> BitWriter {
    let mut stream = BitWriter::default();
    stream.bits(1, 1).bits(2, 2).bits(0, 5).bits(0, 5).bits(14, 4);
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        stream.bits(if [0, 1, 16, 18].contains(&symbol) { 2 } else { 0 }, 3);
    }
    stream
}

#[test]
fn runs_of_lengths_may_cross_over_to_the_distances_but_not_behind_them() {
    let (zero, one, repeat, zeros) = (0, 1, 2, 3);
    // 65 zeros, a one for `A`, 190 zeros, a one for the end, and the distance.
    let start = |stream: &mut BitWriter| {
        stream.codeword(zeros, 2).bits(65 - 11, 7).codeword(one, 2);
        stream.codeword(zeros, 2).bits(138 - 11, 7).codeword(zeros, 2).bits(52 - 11, 7);
    };
    let finish = |stream: &mut BitWriter| {
        stream.bits(0, 1).bits(1, 1).raw(&[0; 16]);
        inflate(&stream.finish(), 1)
    };
    let mut plain = header_with_runs();
    start(&mut plain);
    plain.codeword(one, 2).codeword(zero, 2);
    assert_eq!(finish(&mut plain), Ok(vec![65]));
    // The last zeros as a run of 11 that takes the end's place: no end codeword, but also one length too few.
    let mut behind = header_with_runs();
    start(&mut behind);
    behind.codeword(one, 2).codeword(zeros, 2).bits(0, 7);
    assert!(matches!(finish(&mut behind), Err(CodecError::Invalid { .. })));
    let mut repeated = header_with_runs();
    start(&mut repeated);
    repeated.codeword(repeat, 2).bits(0, 2);
    assert!(matches!(finish(&mut repeated), Err(CodecError::Invalid { .. })));
    let mut first = header_with_runs();
    first.codeword(repeat, 2).bits(0, 2);
    assert!(matches!(finish(&mut first), Err(CodecError::Invalid { .. })));
}

#[test]
fn a_run_may_begin_with_literals_and_go_on_with_distances() {
    // The lengths of symbols 255, the end, and two distances are one run of ones: 1 + 3.
    let mut stream = BitWriter::default();
    stream.bits(1, 1).bits(2, 2).bits(0, 5).bits(1, 5).bits(14, 4);
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        stream.bits(if [0, 1, 16, 18].contains(&symbol) { 2 } else { 0 }, 3);
    }
    stream.codeword(3, 2).bits(138 - 11, 7).codeword(3, 2).bits(117 - 11, 7);
    stream.codeword(1, 2).codeword(2, 2).bits(0, 2);
    stream.bits(0, 1).bits(1, 1).raw(&[]);
    assert_eq!(inflate(&stream.finish(), 1), Ok(vec![255]));
}

#[test]
fn the_code_for_lengths_must_be_complete() {
    for lengths in [&[][..], &[(0, 1)], &[(0, 1), (1, 2)], &[(0, 1), (1, 1), (2, 1)], &[(0, 7)]] {
        let mut stream = BitWriter::default();
        stream.bits(1, 1).bits(2, 2).bits(0, 5).bits(0, 5).bits(15, 4);
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
            let len = lengths.iter().find(|&&(other, _)| other == symbol).map_or(0, |&(_, len)| len);
            stream.bits(len, 3);
        }
        stream.raw(&[0; 200]);
        assert_invalid(&stream.finish());
    }
}

#[test]
fn symbols_without_meaning_are_refused() {
    for symbol in [286, 287] {
        let mut stream = BitWriter::default();
        stream.bits(1, 1).bits(1, 2).symbol(&fixed(), symbol).raw(&[0; 16]);
        assert_invalid(&stream.finish());
    }
    for distance in [30, 31] {
        let mut stream = BitWriter::default();
        stream
            .bits(1, 1)
            .bits(1, 2)
            .symbol(&fixed(), 65)
            .symbol(&fixed(), 257)
            .codeword(distance, 5)
            .raw(&[0; 16]);
        assert_invalid(&stream.finish());
    }
    assert_invalid(&[0x07; 16]);
}

#[test]
fn every_length_and_distance_symbol_means_what_it_should() {
    let start = 32768;
    for (len, symbol, extra, value) in [
        (3, 257, 0, 0),
        (10, 264, 0, 0),
        (12, 265, 1, 1),
        (34, 272, 2, 3),
        (258, 285, 0, 0),
        (258, 284, 5, 31),
        (227, 284, 5, 0),
    ] {
        for distance in 0..30_usize {
            let extra_bits = usize::from(distance >= 2) * (distance / 2).saturating_sub(1);
            for distance_value in [0, (1_u32 << extra_bits) - 1] {
                let mut stream = BitWriter::default();
                let plain: Vec<u8> =
                    (0..start).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
                stream.bits(0, 3).raw(&[0x00, 0x80, 0xFF, 0x7F]).raw(&plain);
                stream.bits(1, 1).bits(1, 2).symbol(&fixed(), symbol).bits(value, extra);
                stream.codeword(distance as u32, 5).bits(distance_value, extra_bits).symbol(&fixed(), END);
                assert!(inflate(&stream.finish(), plain.len() + len).is_ok());
            }
        }
    }
}

#[test]
fn distances_before_the_beginning_are_refused() {
    for (distance, valid) in [(0, true), (1, true), (2, false), (3, false), (29, false)] {
        let mut stream = BitWriter::default();
        stream.bits(1, 1).bits(1, 2).symbol(&fixed(), 65).symbol(&fixed(), 66).symbol(&fixed(), 257);
        stream.codeword(distance, 5).raw(&[0; 32]);
        assert_eq!(inflate(&stream.finish(), 5).is_ok(), valid, "{distance}");
    }
}

#[test]
fn stored_blocks_are_checked() {
    let stored =
        |header: [u8; 4], bytes: &[u8]| BitWriter::default().bits(1, 3).raw(&header).raw(bytes).finish();
    assert_eq!(inflate(&stored([3, 0, 0xFC, 0xFF], b"abc"), 3), Ok(b"abc".to_vec()));
    assert_eq!(inflate(&stored([0, 0, 0xFF, 0xFF], b""), 0), Ok(Vec::new()));
    assert!(matches!(inflate(&stored([3, 0, 0xFC, 0xFE], b"abc"), 3), Err(CodecError::Invalid { .. })));
    assert!(matches!(inflate(&stored([3, 0, 0xFC, 0xFF], b"ab"), 3), Err(CodecError::InputEnded { .. })));
    assert!(matches!(inflate(&stored([3, 0, 0xFC, 0xFF], b"abc"), 2), Err(CodecError::Overlong { .. })));
    assert!(matches!(inflate(&stored([3, 0, 0xFC, 0xFF], b"abc"), 4), Err(CodecError::Short { .. })));
}

/// Past its end, the input reads as zeros, which may be codewords. So each kind of codeword is checked.
#[test]
fn a_stream_that_is_cut_in_its_codewords_has_ended() {
    /// No description of codes is longer here.
    const HEADER: usize = 100;
    for (count, level) in [(400_u32, 9), (1200, 1)] {
        let text: Vec<u8> = (0..count).flat_map(|number| number.pow(2).to_string().into_bytes()).collect();
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(&text).unwrap();
        let stream = encoder.finish().unwrap();
        assert_eq!(inflate(&stream, text.len()).as_ref(), Ok(&text));
        for len in HEADER..stream.len() {
            let cut = inflate(&stream[..len], text.len());
            assert!(matches!(cut, Err(CodecError::InputEnded { .. })), "{len} of {}: {cut:?}", stream.len());
        }
    }
}

#[test]
fn blocks_of_all_kinds_follow_each_other() {
    let litlens = small();
    let mut stream = BitWriter::default();
    for round in 0..4 {
        stream.bits(0, 1).bits(1, 2).symbol(&fixed(), 65 + round).symbol(&fixed(), END);
        stream.bits(0, 3).raw(&[1, 0, 0xFE, 0xFF, b'x']);
        stream
            .dynamic(round == 3, &litlens, &[1, 1])
            .symbol(&litlens, usize::from(b'b'))
            .symbol(&litlens, 257);
        stream.bits(1, 1).symbol(&litlens, END);
    }
    assert_eq!(inflate(&stream.finish(), 24).map(|bytes| bytes[..6].to_vec()), Ok(b"Axbxbx".to_vec()));
}

/// Lengths of a complete code: begins with one codeword of no bits and splits one at random until there are `count`.
fn complete_code(symbols: usize) -> impl Strategy<Value = Vec<u8>> {
    (2..=symbols.min(200), any::<u64>(), any::<bool>()).prop_map(move |(count, seed, deep)| {
        let mut random = seed | 1;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % below as u64) as usize
        };
        let mut leaves = vec![1_u8, 1];
        while leaves.len() < count {
            // Deep codes have codewords that the tables do not hold.
            let at = if deep && next(3) > 0 { leaves.len() - 1 } else { next(leaves.len()) };
            if leaves[at] == 15 {
                break;
            }
            leaves[at] += 1;
            let len = leaves[at];
            leaves.push(len);
        }
        let mut lengths = vec![0; symbols];
        for len in leaves {
            let mut symbol = next(symbols);
            while lengths[symbol] != 0 {
                symbol = (symbol + 1) % symbols;
            }
            lengths[symbol] = len;
        }
        lengths
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::mutated::cases(3000)))]

    /// Random bits under complete codes of all depths are mostly valid symbols.
    #[test]
    fn random_symbols_under_random_codes(
        litlens in (257_usize..=286).prop_flat_map(complete_code),
        distances in (2_usize..=30).prop_flat_map(complete_code),
        literals in proptest::collection::vec(any::<u8>(), 0..600),
        bits in proptest::collection::vec(any::<u8>(), 0..1500),
        room in prop_oneof![0_usize..100, 2000_usize..2100],
    ) {
        let mut stream = BitWriter::default();
        let stored = literals.len() as u32;
        stream.bits(0, 3).align().bits(stored, 16).bits(!stored & 0xFFFF, 16).raw(&literals);
        stream.dynamic(true, &litlens, &distances);
        let mut packed = stream.finish();
        packed.extend(bits);
        let _ = inflate(&packed, room);
        let _ = compare(Coding::Deflate, &packed, room, room / 2);
    }

    /// Symbols that were chosen, not decoded from noise, so that blocks end and fill the room exactly.
    #[test]
    fn chosen_symbols_fill_the_room(
        litlens in Just(286_usize).prop_flat_map(complete_code),
        picks in proptest::collection::vec(any::<(u16, u8, u16)>(), 1..400),
        spare in 0_usize..3,
    ) {
        let distances = [2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12];
        let mut litlens = litlens;
        if litlens[END] == 0 {
            let other = litlens.iter().position(|&len| len != 0).expect("a code has symbols");
            litlens.swap(END, other);
        }
        let used: Vec<usize> = (0..286).filter(|&symbol| symbol != END && litlens[symbol] != 0).collect();
        let mut stream = BitWriter::default();
        stream.dynamic(true, &litlens, &distances);
        let mut produced = 0_usize;
        for (pick, small, extra) in picks {
            if used.is_empty() {
                break;
            }
            let symbol = used[usize::from(pick) % used.len()];
            if symbol < END {
                stream.symbol(&litlens, symbol);
                produced += 1;
                continue;
            }
            let reach = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97];
            let choices = reach.iter().filter(|&&base| base <= produced).count();
            if choices == 0 {
                continue;
            }
            let index = symbol - 257;
            let extra_len = if index < 8 || index == 28 { 0 } else { index / 4 - 1 };
            let extra_value = usize::from(extra) & ((1 << extra_len) - 1);
            let base = if index == 28 { 258 } else if index < 8 { index + 3 } else { ((index % 4 + 4) << extra_len) + 3 };
            let distance = usize::from(small) % choices;
            let distance_extra = if distance < 2 { 0 } else { distance / 2 - 1 };
            stream.symbol(&litlens, symbol).bits(extra_value as u32, extra_len);
            stream.symbol(&distances, distance).bits(0, distance_extra);
            produced += base + extra_value;
        }
        stream.symbol(&litlens, END);
        let packed = stream.finish();
        prop_assert!(inflate(&packed, produced).is_ok());
        let _ = inflate(&packed, produced + spare);
        let _ = inflate(&packed, produced.saturating_sub(spare));
        let _ = inflate(&packed[..packed.len() - 1], produced);
    }
}
