//! The deflate encoder's output, checked with two decoders and with the lint for the PSP's firmware.

mod support;

use block_encode::deflate::{Deflate, Effort, MAX_BLOCK};
use proptest::prelude::*;
use sector_decode::deflate_lint::lint;
use sector_decode::{Coding, Decoder, reference};
use support::{kinds, noise};

/// Packs with room to spare and returns the stream, after two decoders have confirmed that it holds the
/// block.
fn pack(deflate: &mut Deflate, block: &[u8]) -> Vec<u8> {
    try_pack(deflate, block).unwrap_or_else(|| panic!("there is room"))
}

/// The same; `None` when the encoder does not find a worthwhile stream.
fn try_pack(deflate: &mut Deflate, block: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0xEE; block.len() * 2 + 300];
    let len = deflate.encode(block, &mut out)?;
    assert!(out[len..].iter().all(|&byte| byte == 0xEE), "wrote behind the stream");
    out.truncate(len);
    prove(&out, block);
    Some(out)
}

fn prove(stream: &[u8], block: &[u8]) {
    let mut decoded = vec![0x55; block.len()];
    Decoder::new().decode_block(Coding::Deflate, stream, &mut decoded).expect("our decoder takes it");
    assert!(decoded == block);
    decoded.fill(0x55);
    reference::decode(Coding::Deflate, stream, &mut decoded, block.len()).expect("miniz_oxide takes it");
    assert!(decoded == block);
}

/// Every way to make an encoder.
fn encoders(max_block: usize) -> Vec<(String, bool, Deflate)> {
    let mut all = Vec::new();
    for effort in [Effort::Quick, Effort::Thorough, Effort::Best] {
        // The strongest one is slow in unoptimised builds.
        let max_block = if effort == Effort::Best { max_block.min(16 << 10) } else { max_block };
        let safe = effort == Effort::Quick;
        all.push((format!("{effort:?}"), safe, Deflate::new(effort, max_block)));
        all.push((format!("{effort:?}, firmware-safe"), true, Deflate::firmware_safe(effort, max_block)));
    }
    all
}

#[test]
fn blocks_of_every_kind_and_size_come_back_and_pass_the_lint() {
    for (encoder, safe, mut deflate) in encoders(MAX_BLOCK) {
        for size in [2048, 8192, 16 << 10, MAX_BLOCK] {
            if encoder.starts_with("Best") && size > 16 << 10 {
                continue;
            }
            for (name, block) in kinds(size) {
                let stream = pack(&mut deflate, &block);
                assert!(!safe || lint(&stream) == Ok(()), "{encoder}: {name} {size}");
            }
        }
    }
}

#[test]
fn every_length_up_to_a_sector() {
    for (encoder, safe, mut deflate) in encoders(2048) {
        for (name, block) in kinds(2048) {
            for len in (0..80).chain((80..2048).step_by(229)) {
                let stream = pack(&mut deflate, &block[..len]);
                assert!(!safe || lint(&stream) == Ok(()), "{encoder}: {name} {len}");
            }
        }
    }
}

#[test]
fn every_match_length_and_far_distances() {
    let mut deflate = Deflate::new(Effort::Quick, MAX_BLOCK);
    let mut strong = Deflate::new(Effort::Thorough, MAX_BLOCK);
    for len in 3..600 {
        let word = noise(len, 7);
        let block = [&word[..], &noise(40, 9), &word, &[1, 2, 3]].concat();
        pack(&mut deflate, &block);
        if len % 16 < 3 {
            pack(&mut strong, &block);
        }
    }
    for distance in [32 << 10, (32 << 10) + 1, 40_000] {
        let mut block = noise(distance, 3);
        block.extend_from_within(..300);
        pack(&mut deflate, &block);
        pack(&mut strong, &block);
    }
}

#[test]
fn a_stream_that_does_not_fit_is_refused_and_one_that_just_fits_is_not() {
    for (encoder, _, mut deflate) in encoders(2048) {
        for (name, block) in kinds(2048) {
            let stream = pack(&mut deflate, &block);
            let mut exact = vec![0; stream.len()];
            match deflate.encode(&block, &mut exact) {
                Some(_) => assert!(exact == stream, "{encoder}: {name}"),
                // The stronger ones give up early on data that hardly gets smaller.
                None => assert!(!encoder.starts_with("Quick"), "{encoder}: {name}"),
            }
            for room in [stream.len() - 1, stream.len() / 2, 0] {
                assert_eq!(deflate.encode(&block, &mut exact[..room]), None, "{encoder}: {name}");
            }
        }
        assert_eq!(deflate.encode(&noise(2048, 1), &mut [0; 2048]), None);
    }
}

#[test]
fn longer_blocks_than_it_was_made_for_are_refused() {
    let mut out = vec![0; 1 << 18];
    for effort in [Effort::Quick, Effort::Thorough, Effort::Best] {
        assert_eq!(Deflate::new(effort, 2048).encode(&[0; 2049], &mut out), None);
        assert_eq!(Deflate::new(effort, 1 << 20).encode(&vec![0; MAX_BLOCK + 1], &mut out), None);
        assert_eq!(Deflate::new(effort, 0).encode(&[], &mut out), Some(2));
    }
}

#[test]
fn blocks_do_not_depend_on_those_before() {
    for (encoder, _, mut used) in encoders(8192) {
        let mut fresh = encoders(8192);
        for (name, block) in kinds(8192) {
            pack(&mut used, &block);
            let (_, _, fresh) = fresh.iter_mut().find(|(other, _, _)| *other == encoder).unwrap();
            let stream = pack(fresh, &block);
            assert!(pack(&mut used, &block) == stream, "{encoder}: {name}");
            *fresh = encoders(8192).into_iter().find(|(other, _, _)| *other == encoder).unwrap().2;
        }
    }
}

#[test]
fn each_effort_is_smaller_than_the_encoders_that_it_is_to_beat() {
    let blocks: Vec<_> = kinds(32 << 10)
        .into_iter()
        .flat_map(|(_, block)| block.chunks(2048).map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect();
    let size = |pack: &mut dyn FnMut(&[u8]) -> usize| {
        blocks.iter().map(|block| pack(block).min(2048)).sum::<usize>()
    };
    let ours = |effort| {
        let mut deflate = Deflate::firmware_safe(effort, 2048);
        size(&mut |block| try_pack(&mut deflate, block).map_or(2048, |stream| stream.len()))
    };
    let zlib = size(&mut |block| support::zlib_9(block).len());
    let libdeflate = size(&mut |block| support::libdeflate_12(block).len());
    let [quick, thorough, best] = [Effort::Quick, Effort::Thorough, Effort::Best].map(ours);
    assert!(quick * 1000 <= zlib * 1003, "{quick} bytes, zlib {zlib}");
    assert!(thorough * 1000 <= libdeflate * 997, "{thorough} bytes, libdeflate {libdeflate}");
    assert!(best * 1000 <= libdeflate * 993, "{best} bytes, libdeflate {libdeflate}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn anything_comes_back(block in support::blocks()) {
        for (_, safe, mut deflate) in encoders(block.len()) {
            if block.len() <= 16 << 10 {
                let stream = try_pack(&mut deflate, &block);
                prop_assert!(!safe || stream.is_none_or(|stream| lint(&stream) == Ok(())));
            }
        }
    }
}
