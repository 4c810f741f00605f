//! minilzo and the decoder accept the same streams, and give the same bytes.
//!
//! There is one exception: minilzo accepts an end mark of any length. The decoder, lzokay and the Linux kernel want the
//! one that encoders write.
#![no_main]

use std::ffi::{c_int, c_uchar, c_ulong, c_void};

use libfuzzer_sys::fuzz_target;
// For its copy of minilzo. Its own function does not say how many bytes came out.
use minilzo_rs as _;
use sector_decode::{CodecError, Coding, Decoder};

/// The most bytes of a block.
const ROOM: usize = 1 << 16;

unsafe extern "C" {
    /// Reads how much room there is from `dst_len`, and writes how much was used there.
    fn lzo1x_decompress_safe(
        src: *const c_uchar,
        src_len: c_ulong,
        dst: *mut c_uchar,
        dst_len: *mut c_ulong,
        work: *mut c_void,
    ) -> c_int;
}

fuzz_target!(|packed: &[u8]| {
    let mut judged = vec![0; ROOM];
    let mut len = ROOM as c_ulong;
    // SAFETY: The lengths are those of the buffers; decompression needs no working memory.
    let code = unsafe {
        let (src, src_len) = (packed.as_ptr(), packed.len() as c_ulong);
        lzo1x_decompress_safe(src, src_len, judged.as_mut_ptr(), &raw mut len, std::ptr::null_mut())
    };
    let mut decoder = Decoder::new();
    let mut decoded = vec![0; ROOM];
    let result = decoder.decode_last_block(Coding::Lzo, packed, &mut decoded, 0);
    if code == 0 && matches!(result, Err(CodecError::Invalid { .. })) && !ends_as_usual(packed) {
        return;
    }
    assert_eq!(code == 0, result.is_ok(), "minilzo says {code}: {result:?}");
    if code != 0 {
        return;
    }
    let len = usize::try_from(len).expect("at most the room");
    assert!(decoded[..len] == judged[..len]);
    decoder.decode_block(Coding::Lzo, packed, &mut decoded[..len]).expect("exactly as much as comes out");
    assert!(decoded[..len] == judged[..len]);
    if len < ROOM {
        let result = decoder.decode_block(Coding::Lzo, packed, &mut decoded[..=len]);
        assert!(matches!(result, Err(CodecError::Short { .. })), "{result:?}");
    }
});

/// Whether the last instruction is the end mark of encoders. Behind these bytes 0x11 may continue a length instead.
fn ends_as_usual(packed: &[u8]) -> bool {
    match packed {
        [.., 0 | 0x10 | 0x18, 0x11, 0, 0] => false,
        [.., 0x11, 0, 0] => true,
        _ => false,
    }
}
