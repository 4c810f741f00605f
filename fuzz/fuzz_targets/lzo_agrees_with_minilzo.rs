//! A stream that minilzo decodes to a full buffer decodes to the same bytes here; and one that decodes here, minilzo
//! decodes too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minilzo_rs::LZO;
use sector_decode::{Coding, Decoder};

/// The most bytes of a block.
const ROOM: usize = 1 << 16;

fuzz_target!(|packed: &[u8]| {
    let Ok(lzo) = LZO::init() else { return };
    let judged = lzo.decompress_safe(packed, ROOM).ok();
    let len = judged.as_ref().map_or(ROOM, Vec::len);
    let mut decoded = vec![0; len];
    let result = Decoder::new().decode_block(Coding::Lzo, packed, &mut decoded);
    match (judged, result) {
        (Some(judged), Ok(())) => assert!(decoded == judged),
        (Some(judged), Err(error)) => assert!(judged.is_empty(), "minilzo takes it: {error}"),
        (None, Ok(())) => panic!("minilzo refuses it"),
        (None, Err(_)) => {}
    }
});
