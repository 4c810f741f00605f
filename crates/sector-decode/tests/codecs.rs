//! The decoders against other decoders: on every input the same verdict, and the same bytes.
//!
//! Each input is decoded twice into outputs that were filled differently, by a decoder that has seen all
//! inputs before, between guard bytes: so what an earlier block or the output's old content leaves behind
//! cannot pass unnoticed, nor can a byte written outside.

#![expect(clippy::cast_possible_truncation, reason = "bytes of streams are cut from counters everywhere")]
#![expect(clippy::unusual_byte_groupings, reason = "groups are the fields of an instruction")]

#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
#[path = "support/edges.rs"]
mod at_edges;
#[path = "codecs/bit_writer.rs"]
mod bit_writer;
#[path = "codecs/deflate.rs"]
mod deflate;
#[path = "codecs/edges.rs"]
mod edges;
#[path = "codecs/every_stream.rs"]
mod every_stream;
#[path = "codecs/lz4.rs"]
mod lz4;
#[path = "codecs/lzo.rs"]
mod lzo;
#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
#[path = "support/mapped.rs"]
#[allow(dead_code, unreachable_pub, reason = "other binaries use more of it")]
mod mapped;
#[path = "codecs/mutated.rs"]
mod mutated;
#[path = "codecs/writers.rs"]
mod writers;

use std::cell::RefCell;

use sector_decode::{CodecError, Coding, Decoder, reference};

const GUARD: usize = 32;

thread_local! {
    static DECODER: RefCell<Decoder> = const { RefCell::new(Decoder::new()) };
}

/// Decodes with both and compares. Returns what ours says, with the `needed` bytes.
fn compare(coding: Coding, packed: &[u8], room: usize, needed: usize) -> Result<Vec<u8>, CodecError> {
    let mut expected = vec![0x55; room];
    let verdict = reference::decode(coding, packed, &mut expected, needed);
    let first = ours(coding, packed, room, needed, 0x00);
    let second = ours(coding, packed, room, needed, 0xFF);
    assert_eq!(first, second, "{coding:?}: the output's old content matters for {packed:02X?}");
    match (&first, verdict) {
        (Ok(bytes), Ok(())) => {
            assert_eq!(bytes, &expected[..needed], "{coding:?}: other bytes from {packed:02X?}");
        }
        (Err(_), Err(_)) => {}
        (got, verdict) => panic!("{coding:?}: {got:?}, the reference {verdict:?}, for {packed:02X?}"),
    }
    first
}

fn ours(coding: Coding, packed: &[u8], room: usize, needed: usize, fill: u8) -> Result<Vec<u8>, CodecError> {
    let mut buffer = vec![fill; GUARD + room + GUARD];
    let out = &mut buffer[GUARD..GUARD + room];
    let result = DECODER.with_borrow_mut(|decoder| decoder.decode_last_block(coding, packed, out, needed));
    let (before, rest) = buffer.split_at(GUARD);
    let (out, behind) = rest.split_at(room);
    assert!(before.iter().chain(behind).all(|&byte| byte == fill), "{coding:?} wrote outside of its output");
    result.map(|()| out[..needed].to_vec())
}
