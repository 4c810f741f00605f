//! A block that liblz4 decodes to a full buffer decodes to the same bytes here, even when padding follows
//! it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sector_decode::{CodecError, Coding, Decoder};

const ROOM: usize = 1 << 16;

fuzz_target!(|packed: &[u8]| {
    let mut judged = vec![0; ROOM];
    let size = i32::try_from(ROOM).unwrap();
    let Ok(len) = lz4::block::decompress_to_buffer(packed, Some(size), &mut judged) else { return };
    if len == 0 {
        return;
    }
    for padding in [0, 1, 7] {
        let mut padded = packed.to_vec();
        padded.resize(packed.len() + padding, b'X');
        let mut decoded = vec![0; len];
        match Decoder::new().decode_block(Coding::Lz4, &padded, &mut decoded) {
            Ok(()) => assert!(decoded == judged[..len]),
            // liblz4 accepts a distance of 0, which does not refer to any bytes.
            Err(CodecError::Invalid { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
});
