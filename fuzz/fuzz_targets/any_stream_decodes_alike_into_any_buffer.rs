//! Each codec accepts or refuses any bytes, regardless of what its buffer held before, and fills as much of
//! the buffer as it was asked to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sector_decode::{Coding, Decoder};

const CODINGS: [Coding; 5] = [Coding::Stored, Coding::Deflate, Coding::Zlib, Coding::Lz4, Coding::Lzo];

fuzz_target!(|input: &[u8]| {
    let Some(([coding, room, needed], packed)) = input.split_first_chunk::<3>() else { return };
    let coding = CODINGS[usize::from(*coding) % CODINGS.len()];
    let room = usize::from(*room) * 64;
    let needed = room * usize::from(*needed) / 255;
    let mut decoder = Decoder::new();
    let mut outs = [vec![0x00; room], vec![0xFF; room]];
    let results = outs.each_mut().map(|out| decoder.decode_last_block(coding, packed, out, needed));
    assert_eq!(results[0], results[1]);
    if results[0].is_ok() {
        assert!(outs[0][..needed] == outs[1][..needed]);
    }
});
