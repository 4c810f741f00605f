//! LZ4 blocks with every kind of length, distance and end.

use proptest::prelude::*;
use sector_decode::{CodecError, Coding};

use crate::compare;
use crate::writers::sequence;

fn decode(packed: &[u8], room: usize, needed: usize) -> Result<Vec<u8>, CodecError> {
    compare(Coding::Lz4, packed, room, needed)
}

#[test]
fn padding_behind_a_full_block_is_ignored() {
    let mut packed = Vec::new();
    sequence(&mut packed, b"abcd", Some((4, 20)));
    sequence(&mut packed, b"12345", None);
    for padding in 0..20 {
        let padded = [&packed[..], &vec![0; padding]].concat();
        assert_eq!(decode(&padded, 29, 29), Ok(b"abcdabcdabcdabcdabcdabcd12345".to_vec()));
    }
}

#[test]
fn a_block_ends_with_literals_even_if_there_are_none() {
    let mut packed = Vec::new();
    sequence(&mut packed, b"abcd", Some((4, 20)));
    assert!(matches!(decode(&packed, 24, 24), Err(CodecError::InputEnded { .. })));
    sequence(&mut packed, b"", None);
    assert!(decode(&packed, 24, 24).is_ok());
    // A partial block need not fill its room, and what comes behind it may be anything.
    assert!(decode(&packed, 100, 24).is_ok());
    assert!(decode(&packed, 100, 20).is_ok());
    packed.push(0xFF);
    assert!(decode(&packed, 24, 24).is_ok());
    assert!(decode(&packed, 100, 25).is_err());
}

#[test]
fn distances_are_checked() {
    for before in [4, 5, 44, 3000] {
        for distance in [0, 1, 4, before, before + 1, before + 8, u16::MAX] {
            let mut packed = Vec::new();
            sequence(&mut packed, &vec![7; usize::from(before)], Some((distance, 8)));
            sequence(&mut packed, b"0123456789abcdef", None);
            let size = usize::from(before) + 24;
            let valid = (1..=before).contains(&distance);
            assert_eq!(decode(&packed, size, size).is_ok(), valid, "{distance} of {before}");
        }
    }
}

#[test]
fn every_overlap_repeats_the_pattern() {
    for distance in 1..40_u16 {
        for len in (4..64).chain([270, 271, 272, 600]) {
            for tail in [5, 40] {
                let mut packed = Vec::new();
                let literals: Vec<u8> = (0..40).collect();
                sequence(&mut packed, &literals, Some((distance, len)));
                sequence(&mut packed, &vec![9; tail], None);
                assert!(decode(&packed, 40 + len + tail, 40 + len + tail).is_ok());
            }
        }
    }
}

#[test]
fn lengths_at_the_steps_of_their_coding() {
    for literals in [0, 1, 13, 14, 15, 16, 269, 270, 271, 524, 525, 526, 3000] {
        for len in [4, 17, 18, 19, 20, 273, 274, 275, 528, 529, 3000] {
            let mut packed = Vec::new();
            sequence(&mut packed, b"xyzw", Some((3, 5)));
            sequence(&mut packed, &vec![1; literals], Some((9, len)));
            sequence(&mut packed, b"01234567", None);
            let size = 9 + literals + len + 8;
            assert!(decode(&packed, size, size).is_ok());
            assert!(matches!(decode(&packed, size - 1, size - 1), Err(CodecError::Overlong { .. })));
            assert!(decode(&packed, size + 1, size + 1).is_err());
            for cut in 1..packed.len().min(40) {
                assert!(decode(&packed[..packed.len() - cut], size, size).is_err());
            }
        }
    }
}

#[test]
fn endless_lengths_are_an_error() {
    for start in [&[0xF0][..], &[0x4F, 1, 2, 3, 4, 1, 0]] {
        let packed = [start, &[0xFF; 5000]].concat();
        assert!(decode(&packed, 2048, 2048).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::mutated::cases(2000)))]

    #[test]
    fn random_sequences(
        parts in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..24), any::<u16>(), 4_usize..60), 1..60),
        last in 0_usize..12,
        padding in 0_usize..8,
        less in 0_usize..20,
    ) {
        let (mut packed, mut size) = (Vec::new(), 0);
        for (literals, distance, len) in parts {
            size += literals.len();
            if size == 0 {
                continue;
            }
            let distance = 1 + distance % size.min(60000) as u16;
            sequence(&mut packed, &literals, Some((distance, len)));
            size += len;
        }
        sequence(&mut packed, &vec![3; last], None);
        size += last;
        packed.resize(packed.len() + padding, 0);
        prop_assert!(decode(&packed, size, size).is_ok());
        let _ = decode(&packed, size, size - less.min(size));
        let _ = decode(&packed, size + less, size);
        let _ = decode(&packed, size - less.min(size), size - less.min(size));
    }
}
