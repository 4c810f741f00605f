//! The codecs, one file each, behind one function that decodes a block.

#[cfg(test)]
mod careful;
mod copy;
mod inflate;
mod lz4;
mod lzo;
#[cfg(feature = "fast")]
#[allow(unsafe_code)]
mod raw;
pub(crate) mod zlib;

use crate::error::CodecError;

/// How the bytes of a block are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As they are in the image.
    Stored,
    /// Raw deflate stream.
    Deflate,
    /// Deflate stream with zlib header and Adler-32.
    Zlib,
    /// Raw LZ4 block without a frame.
    Lz4,
    /// LZO1X stream with its end mark.
    Lzo,
}

/// The memory that decoding needs besides its input and output: less than 4 KiB, reused for every block.
///
/// It is a value of its own so that a caller can put it where it wants: in a `static`, in a box.
pub struct Decoder {
    inflate: inflate::Inflate,
}

impl Decoder {
    /// Returns a decoder that is ready for use.
    #[must_use]
    pub const fn new() -> Self {
        Self { inflate: inflate::Inflate::new() }
    }

    /// Decodes a block that fills all of `out`.
    ///
    /// `packed` begins with the block's packed bytes; what follows their end (padding, the Adler-32 that
    /// ciso.py leaves there) is ignored, except for LZO, where nothing may follow.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the packed bytes are damaged. What `out` holds then is unspecified.
    pub fn decode_block(&mut self, coding: Coding, packed: &[u8], out: &mut [u8]) -> Result<(), CodecError> {
        let len = out.len();
        self.decode(coding, packed, out, len)
    }

    /// As [`decode_block`](Self::decode_block), for the last block of an image, of which only `len` bytes may belong to the
    /// image. Some writers fill such a block up with zeros first, others do not, so `out` has room for a whole block,
    /// and anything from `len` bytes to all of it may come out.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the packed bytes are damaged, or stand for fewer bytes than `len` or more than `out` holds. What
    /// `out` holds then is unspecified.
    pub fn decode_last_block(
        &mut self,
        coding: Coding,
        packed: &[u8],
        out: &mut [u8],
        len: usize,
    ) -> Result<(), CodecError> {
        self.decode(coding, packed, out, len)
    }

    // Not inlined in the driver, where its instructions are counted by its name (docs/driver-costs.md).
    // Elsewhere the call's frame would cost 3 % of a stored block (docs/device-costs.md).
    #[cfg_attr(feature = "terse", inline(never))]
    pub(crate) fn decode(
        &mut self,
        coding: Coding,
        packed: &[u8],
        out: &mut [u8],
        needed: usize,
    ) -> Result<(), CodecError> {
        match coding {
            Coding::Stored => stored(packed, out, needed),
            Coding::Deflate => self.inflate.raw(packed, out, needed),
            Coding::Zlib => zlib::decode(
                |packed, out, needed| self.inflate.stream(packed, out, needed),
                packed,
                out,
                needed,
            ),
            Coding::Lz4 => lz4::decode(packed, out, needed),
            Coding::Lzo => lzo::decode(packed, out, needed),
        }
    }
}

impl core::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

fn stored(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    match (packed.get(..needed), out.get_mut(..needed)) {
        (Some(bytes), Some(out)) => {
            out.copy_from_slice(bytes);
            Ok(())
        }
        _ => Err(CodecError::InputEnded { produced: count(packed.len()), expected: count(needed) }),
    }
}

/// What went wrong, before it is known how far decoding had come.
#[derive(Clone, Copy)]
enum Fault {
    InputEnded,
    Short,
    Overlong,
    Invalid,
}

impl Fault {
    fn error(self, produced: usize, needed: usize, room: usize) -> CodecError {
        let (produced, expected) = (count(produced), count(needed));
        match self {
            Self::InputEnded => CodecError::InputEnded { produced, expected },
            Self::Short => CodecError::Short { produced, expected },
            Self::Overlong => CodecError::Overlong { block_size: count(room) },
            Self::Invalid => CodecError::Invalid { produced, expected },
        }
    }
}

/// A byte count for an error. Blocks are at most 1 MiB, so it always fits.
pub(crate) fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
