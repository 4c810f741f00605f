//! Raw deflate streams, by `miniz_oxide`. It only ever reads here: what it writes is not safe for the
//! PSP's firmware (docs/firmware-safe-deflate.md).

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::count;
use crate::error::CodecError;

/// Tables and state of the inflater.
pub(super) struct Inflate(DecompressorOxide);

impl Inflate {
    pub(super) fn new() -> Self {
        Self(DecompressorOxide::new())
    }

    /// Decodes a stream from its first byte to its end mark; bytes behind the mark are ignored.
    pub(super) fn raw(&mut self, packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
        self.stream(packed, out, needed).map(|_| ())
    }

    /// As [`raw`](Self::raw); returns how many bytes were taken from `packed` and how many came out.
    pub(super) fn stream(
        &mut self,
        packed: &[u8],
        out: &mut [u8],
        needed: usize,
    ) -> Result<(usize, usize), CodecError> {
        self.0.init();
        let (status, consumed, produced) =
            decompress(&mut self.0, packed, out, 0, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        let (done, expected) = (count(produced), count(needed));
        match status {
            TINFLStatus::Done if produced >= needed => Ok((consumed, produced)),
            TINFLStatus::Done => Err(CodecError::Short { produced: done, expected }),
            TINFLStatus::HasMoreOutput => Err(CodecError::Overlong { block_size: count(out.len()) }),
            TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
                Err(CodecError::InputEnded { produced: done, expected })
            }
            _ => Err(CodecError::Invalid { produced: done, expected }),
        }
    }
}
