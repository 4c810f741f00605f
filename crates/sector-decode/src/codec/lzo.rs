//! LZO1X streams, by `lzokay`. The stream marks its own end, and JSO files have no padding.

use lzokay::Error;
use lzokay::decompress::decompress;

use super::count;
use crate::error::CodecError;

pub(super) fn decode(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    let expected = count(needed);
    match decompress(packed, out) {
        Ok(produced) if produced >= needed => Ok(()),
        Ok(produced) => Err(CodecError::Short { produced: count(produced), expected }),
        Err(Error::OutputOverrun) => Err(CodecError::Overlong { block_size: count(out.len()) }),
        Err(Error::InputOverrun) => Err(CodecError::InputEnded { produced: 0, expected }),
        Err(_) => Err(CodecError::Invalid { produced: 0, expected }),
    }
}
