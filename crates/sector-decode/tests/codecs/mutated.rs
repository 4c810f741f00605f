//! What encoders write, whole, cut off and damaged; and noise.

use std::io::Write as _;

use proptest::prelude::*;
use sector_decode::Coding;

use crate::compare;

/// How many cases a property gets: fewer under Miri, which is a thousand times slower.
pub(crate) fn cases(count: u32) -> u32 {
    if cfg!(miri) { 3 } else { count }
}

const CODINGS: [Coding; 5] = [Coding::Stored, Coding::Deflate, Coding::Zlib, Coding::Lz4, Coding::Lzo];

fn coding() -> impl Strategy<Value = Coding> {
    proptest::sample::select(&CODINGS)
}

/// Packs with one of the encoders for the coding, which `variant` chooses.
fn pack(coding: Coding, plain: &[u8], variant: u8) -> Vec<u8> {
    let level = u32::from(variant % 10);
    match coding {
        Coding::Stored => plain.to_vec(),
        Coding::Deflate if variant.is_multiple_of(2) || cfg!(miri) => {
            miniz_oxide::deflate::compress_to_vec(plain, level.to_le_bytes()[0])
        }
        Coding::Deflate => {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
            encoder.write_all(plain).and_then(|()| encoder.finish()).expect("a vector takes everything")
        }
        Coding::Zlib => miniz_oxide::deflate::compress_to_vec_zlib(plain, level.to_le_bytes()[0]),
        Coding::Lz4 if cfg!(miri) => {
            let mut packed = Vec::new();
            crate::writers::sequence(&mut packed, plain, None);
            packed
        }
        Coding::Lz4 => {
            let mode = if level == 0 {
                lz4::block::CompressionMode::FAST(1)
            } else {
                lz4::block::CompressionMode::HIGHCOMPRESSION(i32::from(variant % 12) + 1)
            };
            lz4::block::compress(plain, Some(mode), false).expect("LZ4 packs everything")
        }
        Coding::Lzo => lzokay::compress::compress(plain).expect("LZO packs everything"),
    }
}

/// Bytes that compress: pieces that are new, runs, and repetitions of what came before.
fn plain() -> impl Strategy<Value = Vec<u8>> {
    let piece = (any::<u8>(), any::<u16>(), 1_usize..80);
    (proptest::collection::vec(piece, 1..120), any::<u64>(), 2_u64..256).prop_map(
        |(pieces, mut seed, symbols)| {
            let mut bytes: Vec<u8> = Vec::new();
            for (kind, distance, len) in pieces {
                for _ in 0..len {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    let byte = match (kind % 4, bytes.len()) {
                        (0, 1..) => bytes[bytes.len() - 1],
                        (1 | 2, before @ 1..) => bytes[before - 1 - usize::from(distance) % before.min(3000)],
                        _ => (seed % symbols) as u8,
                    };
                    bytes.push(byte);
                }
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(4000)))]

    #[test]
    fn packed_bytes_decode(
        coding in coding(),
        plain in plain(),
        variant in any::<u8>(),
        behind in proptest::collection::vec(any::<u8>(), 0..12),
        spare in 0_usize..40,
    ) {
        let mut packed = pack(coding, &plain, variant);
        let size = plain.len();
        prop_assert_eq!(compare(coding, &packed, size, size), Ok(plain.clone()));
        let _ = compare(coding, &packed, size + spare, size);
        let _ = compare(coding, &packed, size, size - spare.min(size));
        let _ = compare(coding, &packed, size - spare.min(size), size - spare.min(size));
        let _ = compare(coding, &packed, size + spare, size + spare);
        packed.extend(behind);
        let _ = compare(coding, &packed, size, size);
    }

    #[test]
    fn damaged_bytes_get_the_same_verdict(
        coding in coding(),
        plain in plain(),
        variant in any::<u8>(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), 0_u8..4, any::<u8>()), 1..6),
        spare in 0_usize..40,
    ) {
        let mut packed = pack(coding, &plain, variant);
        for (at, kind, value) in damage {
            let at = at.index(packed.len().max(1));
            match kind {
                _ if at >= packed.len() => {}
                0 => packed[at] = value,
                1 => packed[at] ^= 1 << (value % 8),
                2 => { packed.remove(at); }
                _ => packed.insert(at, value),
            }
        }
        let _ = compare(coding, &packed, plain.len(), plain.len());
        let _ = compare(coding, &packed, plain.len() + spare, plain.len());
    }

    #[test]
    fn cut_off_bytes_get_the_same_verdict(
        coding in coding(),
        plain in plain(),
        variant in any::<u8>(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let packed = pack(coding, &plain, variant);
        let cut = cut.index(packed.len() + 1);
        let _ = compare(coding, &packed[..cut], plain.len(), plain.len());
    }

    #[test]
    fn noise_gets_the_same_verdict(
        coding in coding(),
        packed in proptest::collection::vec(any::<u8>(), 0..300),
        room in 0_usize..3000,
    ) {
        let _ = compare(coding, &packed, room, room);
        let _ = compare(coding, &packed, room, room / 2);
    }
}
