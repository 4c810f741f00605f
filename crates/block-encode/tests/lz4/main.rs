//! The LZ4 encoders' output: any decoder can read it, it follows the rules, and it is as small as possible.

mod blocks;

use block_encode::lz4::{Fast, Optimal};
use blocks::Kind;
use proptest::prelude::*;
use sector_decode::{Coding, Decoder};
use test_noise::Noise;

/// Packs with room for anything and checks the result.
fn pack_and_judge(name: &str, pack: impl FnOnce(&[u8], &mut [u8]) -> Option<usize>, block: &[u8]) -> Vec<u8> {
    let mut packed = vec![0xEE; block.len() + block.len() / 200 + 32];
    let len = pack(block, &mut packed).expect("there is room for anything");
    packed.truncate(len);
    judge(name, &packed, block);
    packed
}

fn judge(name: &str, packed: &[u8], block: &[u8]) {
    check_rules(name, packed, block.len());
    let mut decoded = vec![0xEE; block.len()];
    // Also with padding, as in files with an index shift.
    for padding in [0, 1, 7] {
        let padded = [packed, &vec![0; padding]].concat();
        decoded.fill(0xEE);
        Decoder::new().decode_block(Coding::Lz4, &padded, &mut decoded).unwrap();
        assert!(decoded == block, "{name}: sector-decode, {} bytes", block.len());
    }
    decoded.fill(0xEE);
    let len = lz4_flex::block::decompress_into(packed, &mut decoded).unwrap();
    assert!(len == block.len() && decoded == block, "{name}: lz4_flex, {len} of {} bytes", block.len());
    let size = i32::try_from(block.len()).unwrap();
    assert!(lz4::block::decompress(packed, Some(size)).unwrap() == block, "{name}: liblz4, {size} bytes");
}

/// Walks through the sequences and checks how they end.
fn check_rules(name: &str, packed: &[u8], block_len: usize) {
    let mut at = 0;
    let mut byte = || {
        at += 1;
        (usize::from(packed[at - 1]), at)
    };
    let length = |in_token: usize, byte: &mut dyn FnMut() -> (usize, usize)| {
        let mut length = in_token;
        if in_token == 15 {
            loop {
                let (more, _) = byte();
                length += more;
                if more != 255 {
                    break;
                }
            }
        }
        length
    };
    let mut produced = 0;
    loop {
        let (token, _) = byte();
        let literals = length(token >> 4, &mut byte);
        produced += literals;
        let mut end = 0;
        for _ in 0..literals {
            end = byte().1;
        }
        if produced == block_len {
            assert!(end == packed.len() || literals == 0, "{name}: bytes behind the end");
            assert!(block_len == literals || literals >= 5, "{name}: only {literals} literals at the end");
            return;
        }
        let ((low, _), (high, _)) = (byte(), byte());
        let offset = low | high << 8;
        assert!(offset > 0 && offset <= produced, "{name}: offset {offset} at {produced}");
        assert!(produced + 12 <= block_len, "{name}: a match begins at {produced} of {block_len}");
        produced += 4 + length(token & 15, &mut byte);
    }
}

#[test]
fn every_length_is_packed_by_the_rules() {
    let (mut fast, mut optimal) = (Fast::new(), Optimal::new(Optimal::EXHAUSTIVE));
    let lengths = (0..300).chain(2030..=2064).chain([4096, 8192, 16384, 16385]);
    for (seed, len) in (0..).zip(lengths) {
        for kind in Kind::ALL {
            let block = kind.block(len, seed);
            pack_and_judge("fast", |block, out| fast.pack(block, out), &block);
            pack_and_judge("optimal", |block, out| optimal.pack(block, out), &block);
        }
    }
}

#[test]
fn blocks_of_up_to_256_kib_are_packed() {
    let (mut fast, mut optimal) = (Fast::new(), Optimal::new(64));
    // Around the largest offset, and the largest length that is not split.
    for len in [32 << 10, 65_524, 65_535, 65_536, 65_537, 65_548, 65_560, 128 << 10, 256 << 10] {
        for kind in Kind::ALL {
            let block = kind.block(len, len as u64);
            pack_and_judge("fast", |block, out| fast.pack(block, out), &block);
            pack_and_judge("optimal", |block, out| optimal.pack(block, out), &block);
        }
    }
}

#[test]
fn matches_reach_back_65535_bytes_and_no_more() {
    let mut optimal = Optimal::new(16);
    for (distance, is_matched) in [(65_534, true), (65_535, true), (65_536, false)] {
        let noise = Kind::Noise.block(distance + 300, 7);
        let mut block = noise.clone();
        block.copy_within(..200, distance);
        pack_and_judge("fast", |block, out| Fast::new().pack(block, out), &block);
        let mut len =
            |block: &[u8]| pack_and_judge("optimal", |block, out| optimal.pack(block, out), block).len();
        assert_eq!(len(&block) + 150 < len(&noise), is_matched, "{distance}");
    }
}

#[test]
fn what_does_not_fit_is_not_packed() {
    for kind in Kind::ALL {
        let block = kind.block(700, 1);
        let whole = pack_and_judge("optimal", |block, out| Optimal::new(256).pack(block, out), &block);
        let whole_fast = pack_and_judge("fast", |block, out| Fast::new().pack(block, out), &block);
        for (whole, is_fast) in [(whole, false), (whole_fast, true)] {
            for room in 0..block.len() + 20 {
                let mut out = vec![0; room];
                let len = if is_fast {
                    Fast::new().pack(&block, &mut out)
                } else {
                    Optimal::new(256).pack(&block, &mut out)
                };
                assert_eq!(len, (room >= whole.len()).then_some(whole.len()), "{kind:?} {room}");
                assert!(len.is_none_or(|len| out[..len] == whole));
            }
        }
    }
}

#[test]
fn a_block_packs_alike_whatever_came_before() {
    let (mut fast, mut optimal) = (Fast::new(), Optimal::new(64));
    let mut noise = Noise::new(3);
    // More than the fast encoder counts before it starts again.
    for round in 0..200 {
        let kind = Kind::ALL[noise.index(Kind::ALL.len())];
        let block = kind.block([0, 1, 2048, 8192, 16384, 40_000][noise.index(6)], round);
        let mut out = [vec![0; block.len() + 400], vec![0; block.len() + 400]];
        let len = fast.pack(&block, &mut out[0]);
        assert_eq!(len, Fast::new().pack(&block, &mut out[1]));
        assert!(out[0] == out[1], "{round}");
        let len = optimal.pack(&block, &mut out[0]);
        assert_eq!(len, Optimal::new(64).pack(&block, &mut out[1]));
        assert!(out[0] == out[1], "{round}");
    }
}

/// The fewest bytes that a block can take, trying every match, every length and every run of literals.
fn fewest(block: &[u8]) -> usize {
    let len = block.len();
    let more = |len: usize, in_token: usize| if len < in_token { 0 } else { 1 + (len - in_token) / 255 };
    let mut from_match = vec![usize::MAX; len + 1];
    let mut costs = vec![usize::MAX; len + 1];
    from_match[len] = 1;
    for at in (0..=len).rev() {
        if at + 12 <= len {
            for from in 0..at {
                let longest = (at..len - 5).take_while(|&to| block[to] == block[to - at + from]).count();
                for taken in 4..=longest {
                    from_match[at] = from_match[at].min(3 + more(taken, 19) + costs[at + taken]);
                }
            }
        }
        let with_literals = |run: usize| from_match[at + run].saturating_add(run + more(run, 15));
        costs[at] = (0..=len - at).map(with_literals).min().unwrap();
    }
    costs[0]
}

#[test]
fn nothing_is_smaller_than_what_the_optimal_encoder_writes() {
    let mut optimal = Optimal::new(Optimal::EXHAUSTIVE);
    let (mut ours, mut least) = (0, 0);
    for seed in 0..40 {
        for kind in Kind::ALL {
            let block = kind.block(100 + 13 * usize::try_from(seed).unwrap(), seed);
            let packed = pack_and_judge("optimal", |block, out| optimal.pack(block, out), &block).len();
            let fewest = fewest(&block);
            assert!((fewest..=fewest + 1).contains(&packed), "{kind:?} {seed}: {packed}, not {fewest}");
            (ours, least) = (ours + packed, least + fewest);
        }
    }
    assert!(ours - least <= least / 20_000, "{ours} bytes, {least} are possible");
}

#[test]
fn sizes_are_those_of_liblz4() {
    use lz4::block::{CompressionMode, compress_to_buffer};

    let (mut fast, mut optimal) = (Fast::new(), Optimal::new(Optimal::EXHAUSTIVE));
    let mut sizes = [0; 4];
    for seed in 0..60 {
        for kind in Kind::ALL {
            let block = kind.block(2048, seed);
            let mut out = vec![0; 2200];
            sizes[0] += optimal.pack(&block, &mut out).unwrap();
            let hc = CompressionMode::HIGHCOMPRESSION(12);
            sizes[1] += compress_to_buffer(&block, Some(hc), false, &mut out).unwrap();
            sizes[2] += fast.pack(&block, &mut out).unwrap();
            sizes[3] += compress_to_buffer(&block, Some(CompressionMode::DEFAULT), false, &mut out).unwrap();
        }
    }
    let [optimal, hc, fast, liblz4] = sizes;
    assert!(optimal <= hc, "optimal {optimal}, HC 12 {hc}");
    assert!(fast <= liblz4 + liblz4 / 200, "fast {fast}, liblz4's {liblz4}");
}

#[test]
fn more_attempts_are_never_worse_by_much_and_in_sum_better() {
    let sizes: Vec<usize> = [1, 4, 16, 64, Optimal::EXHAUSTIVE]
        .into_iter()
        .map(|attempts| {
            let mut optimal = Optimal::new(attempts);
            let blocks = (0..20).flat_map(|seed| Kind::ALL.map(|kind| kind.block(8192, seed)));
            blocks.map(|block| optimal.pack(&block, &mut vec![0; 9000]).unwrap()).sum()
        })
        .collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes[0] > sizes[4], "{sizes:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn anything_decodes_to_itself(
        block in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..3000),
            prop::collection::vec(0..3u8, 0..3000),
            // Runs, so that lengths go through all values.
            prop::collection::vec((any::<u8>(), 1..600usize), 0..12)
                .prop_map(|runs| runs.into_iter().flat_map(|(byte, len)| vec![byte; len]).collect()),
        ],
        attempts in prop_oneof![1..20u32, Just(Optimal::EXHAUSTIVE)],
    ) {
        pack_and_judge("fast", |block, out| Fast::new().pack(block, out), &block);
        pack_and_judge("optimal", |block, out| Optimal::new(attempts).pack(block, out), &block);
    }
}
