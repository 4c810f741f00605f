//! Each encoder packs any block into a stream that decodes to the block, within the space it was given, and
//! the firmware-safe ones pass the lint.
#![no_main]

use block_encode::deflate::{Deflate, Effort, MAX_BLOCK};
use block_encode::lz4::{Fast, Optimal};
use libfuzzer_sys::fuzz_target;
use sector_decode::deflate_lint::lint;
use sector_decode::{Coding, Decoder};

const EFFORTS: [Effort; 3] = [Effort::Quick, Effort::Thorough, Effort::Best];

fuzz_target!(|input: &[u8]| {
    let Some(([encoder, copies, room], seed)) = input.split_first_chunk::<3>() else { return };
    // Repetitions of the input reach block sizes that few inputs have.
    let mut block = seed.repeat(usize::from(*copies) + 1);
    block.truncate(MAX_BLOCK);
    let mut packed = vec![0xEE; (block.len() + 300) * usize::from(*room) / 128];
    let (encoder, safe) = (usize::from(encoder >> 1) % 5, encoder & 1 == 1);
    let (coding, len) = match (EFFORTS.get(encoder), encoder) {
        (Some(&effort), _) => {
            let make = if safe { Deflate::firmware_safe } else { Deflate::new };
            (Coding::Deflate, make(effort, block.len()).encode(&block, &mut packed))
        }
        (None, 3) => (Coding::Lz4, Fast::new().pack(&block, &mut packed)),
        (None, _) => (Coding::Lz4, Optimal::new(64).pack(&block, &mut packed)),
    };
    let Some(len) = len else { return };
    let packed = &packed[..len];
    let mut decoded = vec![0x55; block.len()];
    Decoder::new().decode_block(coding, packed, &mut decoded).expect("a sound stream");
    assert!(decoded == block);
    assert!(coding != Coding::Deflate || !safe || lint(packed).is_ok(), "the lint finds something");
});
