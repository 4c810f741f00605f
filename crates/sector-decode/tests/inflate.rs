//! The inflater against an independent one: sound streams, damaged streams, streams of nothing but noise.

use flate2::{Compress, Compression, FlushCompress};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use proptest::prelude::*;
use sector_decode::{Coding, Decoder};

/// What the other inflater makes of a stream: the bytes, if it ends and fits.
fn reference(stream: &[u8], room: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; room];
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, _, produced) = decompress(&mut DecompressorOxide::new(), stream, &mut out, 0, flags);
    out.truncate(produced);
    (status == TINFLStatus::Done).then_some(out)
}

/// What ours makes of it, asked for `needed` bytes.
fn ours(decoder: &mut Decoder, stream: &[u8], room: usize, needed: usize) -> Option<Vec<u8>> {
    let mut out = vec![0xEE; room];
    decoder.decode(Coding::Deflate, stream, &mut out, needed).ok().map(|()| out)
}

fn deflate(data: &[u8], level: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() * 2 + 100);
    let mut compress = Compress::new(Compression::new(level), false);
    compress.compress_vec(data, &mut out, FlushCompress::Finish).unwrap();
    out
}

/// Data of every kind that matters: noise, repeats near and far, few different bytes.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..300),
        (any::<u8>(), 1usize..600).prop_map(|(byte, len)| vec![byte; len]),
        prop::collection::vec(0u8..4, 1..400),
        (prop::collection::vec(any::<u8>(), 1..40), 1usize..20)
            .prop_map(|(bytes, times)| bytes.repeat(times)),
    ];
    prop::collection::vec(piece, 1..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn sound_streams_decode(data in data(), level in 0u32..=9, padding in 0usize..9) {
        let mut stream = deflate(&data, level);
        stream.extend(std::iter::repeat_n(b'X', padding));
        let out = ours(&mut Decoder::new(), &stream, data.len(), data.len());
        prop_assert_eq!(out, Some(data));
    }

    /// A flipped bit or a cut end: both inflaters agree whether the rest is a stream, and on its bytes.
    #[test]
    fn damaged_streams_are_judged_alike(
        data in data(),
        level in 1u32..=9,
        bit in any::<prop::sample::Index>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut stream = deflate(&data, level);
        let bit = bit.index(stream.len() * 8);
        stream[bit / 8] ^= 1 << (bit % 8);
        if let Some(cut) = cut {
            stream.truncate(cut.index(stream.len()));
        }
        let room = data.len() + 64;
        let mut decoder = Decoder::new();
        match reference(&stream, room) {
            Some(expected) => {
                let out = ours(&mut decoder, &stream, room, expected.len());
                prop_assert_eq!(out.map(|out| out[..expected.len()].to_vec()), Some(expected.clone()));
                prop_assert_eq!(ours(&mut decoder, &stream, room, expected.len() + 1), None);
            }
            None => prop_assert_eq!(ours(&mut decoder, &stream, room, 0), None),
        }
        // Whatever came before, the tables are as good as new.
        let sound = deflate(&data, level);
        prop_assert_eq!(ours(&mut decoder, &sound, data.len(), data.len()), Some(data));
    }

    #[test]
    fn noise_is_judged_alike(stream in prop::collection::vec(any::<u8>(), 0..200)) {
        let out = ours(&mut Decoder::new(), &stream, 1000, 0);
        match reference(&stream, 1000) {
            Some(expected) => prop_assert_eq!(out.map(|out| out[..expected.len()].to_vec()), Some(expected)),
            None => prop_assert_eq!(out, None),
        }
    }
}
