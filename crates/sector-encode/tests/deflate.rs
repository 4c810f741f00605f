//! What the deflate encoder writes, judged by two decoders and by the lint for the PSP's firmware.

mod support;

use proptest::prelude::*;
use sector_decode::deflate_lint::lint;
use sector_decode::{Coding, Decoder, reference};
use sector_encode::deflate::{Deflate, Effort, MAX_BLOCK};
use support::{kinds, noise};

/// Packs with room to spare and returns a stream that both decoders have found to be the block's.
fn pack(deflate: &mut Deflate, block: &[u8]) -> Vec<u8> {
    let mut out = vec![0xEE; block.len() * 2 + 300];
    let len = deflate.encode(block, &mut out).expect("there is room");
    assert!(out[len..].iter().all(|&byte| byte == 0xEE), "wrote behind the stream");
    out.truncate(len);
    prove(&out, block);
    out
}

fn prove(stream: &[u8], block: &[u8]) {
    let mut decoded = vec![0x55; block.len()];
    Decoder::new().decode(Coding::Deflate, stream, &mut decoded, block.len()).expect("our decoder takes it");
    assert!(decoded == block);
    decoded.fill(0x55);
    reference::decode(Coding::Deflate, stream, &mut decoded, block.len()).expect("miniz_oxide takes it");
    assert!(decoded == block);
}

#[test]
fn blocks_of_every_kind_and_size_come_back_and_pass_the_lint() {
    let mut deflate = Deflate::new(Effort::Quick, MAX_BLOCK);
    for size in [2048, 8192, 16 << 10, MAX_BLOCK] {
        for (name, block) in kinds(size) {
            let stream = pack(&mut deflate, &block);
            assert_eq!(lint(&stream), Ok(()), "{name} {size}");
        }
    }
}

#[test]
fn every_length_up_to_a_sector() {
    let mut deflate = Deflate::new(Effort::Quick, 2048);
    for (name, block) in kinds(2048) {
        for len in (0..300).chain((300..2048).step_by(61)) {
            assert_eq!(lint(&pack(&mut deflate, &block[..len])), Ok(()), "{name} {len}");
        }
    }
}

#[test]
fn every_match_length_and_far_distances() {
    let mut deflate = Deflate::new(Effort::Quick, MAX_BLOCK);
    for len in 3..600 {
        let word = noise(len, 7);
        let block = [&word[..], &noise(40, 9), &word, &[1, 2, 3]].concat();
        pack(&mut deflate, &block);
    }
    for distance in [32 << 10, (32 << 10) + 1, 40_000] {
        let mut block = noise(distance, 3);
        block.extend_from_within(..300);
        pack(&mut deflate, &block);
    }
}

#[test]
fn a_stream_that_does_not_fit_is_refused_and_one_that_just_fits_is_not() {
    let mut deflate = Deflate::new(Effort::Quick, 2048);
    for (name, block) in kinds(2048) {
        let stream = pack(&mut deflate, &block);
        let mut exact = vec![0; stream.len()];
        assert_eq!(deflate.encode(&block, &mut exact), Some(stream.len()), "{name}");
        assert!(exact == stream);
        for room in [stream.len() - 1, stream.len() / 2, 0] {
            assert_eq!(deflate.encode(&block, &mut exact[..room]), None, "{name}");
        }
    }
    assert_eq!(deflate.encode(&noise(2048, 1), &mut [0; 2048]), None);
}

#[test]
fn longer_blocks_than_it_was_made_for_are_refused() {
    let mut out = vec![0; 1 << 18];
    assert_eq!(Deflate::new(Effort::Quick, 2048).encode(&[0; 2049], &mut out), None);
    assert_eq!(Deflate::new(Effort::Quick, 1 << 20).encode(&vec![0; MAX_BLOCK + 1], &mut out), None);
    assert_eq!(Deflate::new(Effort::Quick, 0).encode(&[], &mut out), Some(2));
}

#[test]
fn blocks_do_not_depend_on_those_before() {
    let mut used = Deflate::new(Effort::Quick, 8192);
    for (name, block) in kinds(8192) {
        pack(&mut used, &block);
        let fresh = pack(&mut Deflate::new(Effort::Quick, 8192), &block);
        assert!(pack(&mut used, &block) == fresh, "{name}");
    }
}

#[test]
fn quick_is_about_as_small_as_zlib_9() {
    let mut deflate = Deflate::new(Effort::Quick, 2048);
    let (mut ours, mut zlibs) = (0, 0);
    for (_, block) in kinds(64 << 10) {
        for block in block.chunks(2048) {
            ours += pack(&mut deflate, block).len();
            zlibs += support::zlib_9(block).len();
        }
    }
    assert!(ours * 100 <= zlibs * 101, "{ours} bytes, zlib {zlibs}");
}

proptest! {
    #[test]
    fn anything_comes_back(block in support::blocks()) {
        let mut deflate = Deflate::new(Effort::Quick, block.len());
        prop_assert_eq!(lint(&pack(&mut deflate, &block)), Ok(()));
    }
}
