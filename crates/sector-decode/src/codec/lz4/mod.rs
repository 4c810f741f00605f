//! Raw LZ4 blocks.
//!
//! LZ4 data does not mark its end. In ZSO and CSO v2 files with an index shift up to 2^shift - 1 bytes
//! of padding follow it inside the block. The rule here is that of the readers on consoles: the data
//! ends when the block is full, that is with the first run of literals (possibly empty) behind which
//! all wanted bytes are out. The format demands that data ends with literals.
//!
//! This file decodes anything and decides every error. With the feature `fast` the sequences that lie
//! well inside both buffers are decoded by `fast.rs` first.

#[cfg(feature = "fast")]
#[allow(unsafe_code)]
mod fast;

use super::copy::repeat;
use super::count;
use crate::error::CodecError;

const MIN_MATCH: usize = 4;
/// A length nibble of this value is continued in further bytes.
const LONG: usize = 15;

pub(super) fn decode(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    let room = out.len();
    let ended = |produced| CodecError::InputEnded { produced: count(produced), expected: count(needed) };
    let overlong = CodecError::Overlong { block_size: count(room) };
    let (mut at, mut produced) = (0, 0);
    loop {
        #[cfg(feature = "fast")]
        {
            (at, produced) = fast::sequences(packed, at, &mut out[..needed.min(room)], produced);
        }
        #[cfg(test)]
        super::careful::step();
        let token = usize::from(*packed.get(at).ok_or(ended(produced))?);
        at += 1;
        let literals = length(packed, &mut at, token >> 4).ok_or(ended(produced))?;
        if literals > room - produced {
            return Err(overlong);
        }
        let bytes = packed.get(at..at + literals).ok_or(ended(produced))?;
        out[produced..produced + literals].copy_from_slice(bytes);
        at += literals;
        produced += literals;
        if produced >= needed {
            return Ok(());
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
        repeat(out, produced, distance, matched);
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
