//! LZO1X streams with every instruction.

use proptest::prelude::*;
use sector_decode::{CodecError, Coding};

use crate::compare;
use crate::writers::run;

const END: [u8; 3] = [0x11, 0, 0];

fn decode(packed: &[u8], room: usize) -> Result<Vec<u8>, CodecError> {
    compare(Coding::Lzo, packed, room, room)
}

#[test]
fn the_smallest_streams() {
    assert_eq!(decode(&END, 0), Ok(Vec::new()));
    assert_eq!(decode(&[18, 65, 0x11, 0, 0], 1), Ok(b"A".to_vec()));
    assert_eq!(decode(&[21, 65, 66, 67, 68, 0x11, 0, 0], 4), Ok(b"ABCD".to_vec()));
    assert_eq!(decode(&[22, 65, 66, 67, 68, 69, 0x11, 0, 0], 5), Ok(b"ABCDE".to_vec()));
    assert_eq!(decode(&[1, 65, 66, 67, 68, 0x11, 0, 0], 4), Ok(b"ABCD".to_vec()));
    for packed in [&[][..], &[0x11], &[0x11, 0], &[18, 65], &[17, 65]] {
        assert!(decode(packed, 16).is_err());
    }
}

#[test]
fn the_end_has_one_form_and_is_the_last() {
    for byte in 16..32 {
        for operand in 0..5 {
            let packed = [21, 1, 2, 3, 4, byte, operand, 0];
            let valid = byte == 0x11 && operand < 4;
            assert_eq!(decode(&packed, 4).is_ok(), valid, "{byte:#X} {operand}");
        }
    }
    assert!(decode(&[21, 1, 2, 3, 4, 0x11, 0, 0, 0], 4).is_err());
    assert!(decode(&[21, 1, 2, 3, 4, 0x10, 1, 0, 0], 4).is_err());
}

#[test]
fn runs_of_all_lengths() {
    for len in (4..60).chain([272, 273, 274, 275, 527, 528, 529, 3000]) {
        for cut in 0..4 {
            let literals: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let mut packed = vec![];
            run(&mut packed, &literals);
            packed.extend(END);
            packed.truncate(packed.len() - cut);
            assert_eq!(decode(&packed, len).is_ok(), cut == 0, "{len} {cut}");
            let _ = decode(&packed, len - 1);
            let _ = decode(&packed, len + 1);
        }
    }
}

#[test]
fn endless_lengths_are_an_error() {
    for start in [&[0][..], &[21, 1, 2, 3, 4, 0x20], &[21, 1, 2, 3, 4, 0x10]] {
        assert!(decode(&[start, &[0; 5000]].concat(), 2048).is_err());
    }
}

#[test]
fn nothing_reaches_before_the_first_run() {
    let end = |count: usize| {
        let mut end = vec![];
        run(&mut end, &vec![7; count]);
        end.extend(END);
        end
    };
    for first in 1..40_usize {
        let start = [&[17 + first as u8][..], &(1..=first as u8).collect::<Vec<_>>()].concat();
        // Three bytes from at least 2049 bytes before. After fewer than four literals, two bytes from near.
        for byte in [0, 4, 8, 12] {
            let packed = [&start[..], &[byte, 0], &end(29)].concat();
            let is_near = first < 4 && usize::from(byte / 4) < first;
            assert_eq!(decode(&packed, first + 2 + 29).is_ok(), is_near, "{first} {byte}");
        }
        for back in 0..first + 20 {
            let short = [3 << 5 | (back as u8 & 7) << 2, (back >> 3) as u8];
            let long = [32 | 2, (back << 2) as u8, (back >> 6) as u8];
            for match_ in [&short[..], &long] {
                let packed = [&start[..], match_, &end(13)].concat();
                assert_eq!(decode(&packed, first + 4 + 13).is_ok(), back < first, "{first} {back}");
            }
        }
    }
}

/// One instruction, right or wrong, in any state.
fn instruction() -> impl Strategy<Value = Vec<u8>> {
    let bytes = proptest::collection::vec(any::<u8>(), 3..40);
    (any::<u8>(), 0_u16..700, bytes).prop_map(|(byte, distance, mut bytes)| {
        let operand = (distance << 2 | u16::from(byte & 3)).to_le_bytes();
        match byte {
            64.. => bytes[0] = (distance >> 5) as u8 & 31,
            32.. => bytes[..2].copy_from_slice(&operand),
            _ => {}
        }
        bytes.truncate(match byte {
            64.. => 1 + usize::from(byte & 3),
            33.. => 2 + usize::from(byte & 3),
            16.. => 3,
            _ => bytes.len(),
        });
        bytes.insert(0, byte);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::mutated::cases(6000)))]

    #[test]
    fn rows_of_instructions(
        first in 0_u8..=255,
        start in proptest::collection::vec(any::<u8>(), 240),
        rows in proptest::collection::vec(instruction(), 0..60),
        room in 200_usize..3000,
    ) {
        let run = if first >= 18 { usize::from(first) - 17 } else { 3 + usize::from(first) };
        let mut packed = vec![first];
        packed.extend(start.iter().take(run));
        packed.extend(rows.concat());
        packed.extend(END);
        let _ = decode(&packed, room);
    }

    /// Only valid ones, so that long rows get to the end.
    #[test]
    fn valid_rows(
        picks in proptest::collection::vec((0_u8..4, any::<u16>(), 0_usize..300, 0_usize..4), 1..120),
    ) {
        let (mut packed, mut produced, mut state) = (vec![27], 10, 4);
        packed.extend(0..10);
        for (kind, distance, len, trailing) in picks {
            let distance = usize::from(distance);
            match (kind, state) {
                (0, 0) => {
                    let len = 4 + len % 15;
                    packed.push(len as u8 - 3);
                    packed.extend((0..len).map(|at| at as u8));
                    produced += len;
                    state = 4;
                    continue;
                }
                (0, 1..=3) => {
                    let distance = distance % produced.min(1024);
                    packed.extend([(distance % 4 * 4 + trailing) as u8, (distance / 4) as u8]);
                    produced += 2;
                }
                (0, 4) if produced > 2049 => {
                    let distance = distance % (produced - 2048).min(1024);
                    packed.extend([(distance % 4 * 4 + trailing) as u8, (distance / 4) as u8]);
                    produced += 3;
                }
                (1, _) if produced > 16384 => {
                    let distance = 1 + distance % (produced - 16384).min(16383);
                    packed.extend([0x10 | (1 + len % 7) as u8, (distance % 64 * 4 + trailing) as u8, (distance / 64) as u8]);
                    produced += 2 + 1 + len % 7;
                }
                (2, _) => {
                    let distance = distance % produced.min(16384);
                    if len % 3 == 0 {
                        packed.extend([0x20 | (1 + len % 31) as u8]);
                        produced += 2 + 1 + len % 31;
                    } else {
                        packed.extend([0x20, 1 + (len % 255) as u8]);
                        produced += 2 + 31 + 1 + len % 255;
                    }
                    packed.extend([(distance % 64 * 4 + trailing) as u8, (distance / 64) as u8]);
                }
                _ => {
                    let distance = distance % produced.min(2048);
                    packed.extend([(((2 + len % 6) << 5) | ((distance % 8) << 2) | trailing) as u8, (distance / 8) as u8]);
                    produced += 3 + len % 6;
                }
            }
            packed.extend((0..trailing).map(|at| at as u8));
            produced += trailing;
            state = trailing;
        }
        packed.extend(END);
        prop_assert!(decode(&packed, produced).is_ok());
        let _ = decode(&packed, produced - 1);
        let _ = decode(&packed, produced + 1);
        let _ = decode(&packed[..packed.len() - 1], produced);
    }
}
