//! Raw LZ4 blocks, by `lz4_flex` behind a walk that finds where the data ends.
//!
//! LZ4 data does not mark its end. In ZSO and CSO v2 files with an index shift up to 2^shift - 1 bytes
//! of padding follow it inside the block, which `lz4_flex` would take for more data and refuse. The
//! rule here is that of the readers on consoles: the data ends when the block is full.

use super::count;
use crate::error::CodecError;

const MIN_MATCH: usize = 4;
/// A length nibble of this value is continued in further bytes.
const LONG: usize = 15;

pub(super) fn decode(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    let end = data_end(packed, out.len(), needed)?;
    let invalid = |_| CodecError::Invalid { produced: 0, expected: count(needed) };
    let produced = lz4_flex::block::decompress_into(&packed[..end], out).map_err(invalid)?;
    if produced >= needed {
        Ok(())
    } else {
        Err(CodecError::Short { produced: count(produced), expected: count(needed) })
    }
}

/// Walks the tokens until `needed` bytes are out and returns how many packed bytes that takes.
///
/// The data ends with a run of literals (possibly empty), as the format demands. A length over
/// `room` is an error before anything is decoded.
fn data_end(packed: &[u8], room: usize, needed: usize) -> Result<usize, CodecError> {
    let mut at = 0;
    let mut produced = 0;
    let ended = |produced| CodecError::InputEnded { produced: count(produced), expected: count(needed) };
    let overlong = CodecError::Overlong { block_size: count(room) };
    loop {
        let token = usize::from(*packed.get(at).ok_or(ended(produced))?);
        at += 1;
        let literals = length(packed, &mut at, token >> 4).ok_or(ended(produced))?;
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
        let matched = length(packed, &mut at, token & LONG).ok_or(ended(produced))?.saturating_add(MIN_MATCH);
        if matched > room - produced {
            return Err(overlong);
        }
        produced += matched;
    }
}

/// Reads the rest of a length whose first four bits are `nibble`. `None` at the end of the input.
fn length(packed: &[u8], at: &mut usize, nibble: usize) -> Option<usize> {
    let mut length = nibble;
    if nibble == LONG {
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
