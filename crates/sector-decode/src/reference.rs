//! The same decoding by independent crates: `miniz_oxide`, `lz4_flex` and `lzokay`.
//!
//! Nothing that ships uses this. Tests and fuzzers compare [`Decoder`](crate::Decoder) with it: on every
//! input both must come to the same verdict, and to the same bytes where it is a good one. Which
//! [`CodecError`] a bad one is may differ.

use lzokay::Error as LzoError;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::codec::{Coding, count, zlib};
use crate::error::CodecError;

/// Decodes one whole block, as [`Decoder::decode_block`](crate::Decoder::decode_block) does.
///
/// # Errors
///
/// [`CodecError`] when the packed bytes are damaged. What `out` holds then is unspecified.
pub fn decode(coding: Coding, packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    match coding {
        Coding::Stored => {
            let bytes = packed.get(..needed);
            let ended = CodecError::InputEnded { produced: count(packed.len()), expected: count(needed) };
            out[..needed].copy_from_slice(bytes.ok_or(ended)?);
            Ok(())
        }
        Coding::Deflate => inflate(packed, out, needed).map(|_| ()),
        Coding::Zlib => zlib::decode(inflate, packed, out, needed),
        Coding::Lz4 => lz4(packed, out, needed),
        Coding::Lzo => lzo(packed, out, needed),
    }
}

/// Returns how many bytes were taken from `packed` and how many came out.
fn inflate(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(usize, usize), CodecError> {
    let mut state = DecompressorOxide::new();
    let (status, consumed, produced) =
        decompress(&mut state, packed, out, 0, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
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

fn lzo(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    let expected = count(needed);
    match lzokay::decompress::decompress(packed, out) {
        Ok(produced) if produced >= needed => Ok(()),
        Ok(produced) => Err(CodecError::Short { produced: count(produced), expected }),
        Err(LzoError::OutputOverrun) => Err(CodecError::Overlong { block_size: count(out.len()) }),
        Err(LzoError::InputOverrun) => Err(CodecError::InputEnded { produced: 0, expected }),
        Err(_) => Err(CodecError::Invalid { produced: 0, expected }),
    }
}

/// `lz4_flex` takes padding for more data, so the end is looked for first: it is behind the first
/// literals with which `needed` bytes are out.
fn lz4(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    let end = lz4_end(packed, out.len(), needed)?;
    let invalid = |_| CodecError::Invalid { produced: 0, expected: count(needed) };
    let produced = lz4_flex::block::decompress_into(&packed[..end], out).map_err(invalid)?;
    if produced >= needed {
        Ok(())
    } else {
        Err(CodecError::Short { produced: count(produced), expected: count(needed) })
    }
}

/// Walks the tokens until `needed` bytes are out and returns how many packed bytes that takes.
fn lz4_end(packed: &[u8], room: usize, needed: usize) -> Result<usize, CodecError> {
    let mut at = 0;
    let mut produced = 0;
    let ended = |produced| CodecError::InputEnded { produced: count(produced), expected: count(needed) };
    let overlong = CodecError::Overlong { block_size: count(room) };
    loop {
        let token = usize::from(*packed.get(at).ok_or(ended(produced))?);
        at += 1;
        let literals = lz4_length(packed, &mut at, token >> 4).ok_or(ended(produced))?;
        if literals > room - produced {
            return Err(overlong);
        }
        if literals > packed.len() - at {
            return Err(ended(produced));
        }
        at += literals;
        produced += literals;
        if produced >= needed {
            return Ok(at);
        }
        let (low, high) = match packed.get(at..at + 2) {
            Some(bytes) => (usize::from(bytes[0]), usize::from(bytes[1])),
            None => return Err(ended(produced)),
        };
        at += 2;
        let distance = low | high << 8;
        if distance == 0 || distance > produced {
            return Err(CodecError::Invalid { produced: count(produced), expected: count(needed) });
        }
        let matched = lz4_length(packed, &mut at, token & 15).ok_or(ended(produced))?.saturating_add(4);
        if matched > room - produced {
            return Err(overlong);
        }
        produced += matched;
    }
}

/// Reads the rest of a length whose first four bits are `nibble`. `None` at the end of the input.
fn lz4_length(packed: &[u8], at: &mut usize, nibble: usize) -> Option<usize> {
    let mut length = nibble;
    if nibble == 15 {
        loop {
            let byte = *packed.get(*at)?;
            *at += 1;
            length = length.saturating_add(usize::from(byte));
            if byte != u8::MAX {
                break;
            }
        }
    }
    Some(length)
}
