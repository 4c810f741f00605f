//! Raw LZ4 blocks.
//!
//! LZ4 data does not mark its end. In ZSO and CSO v2 files with an index shift up to 2^shift - 1 bytes
//! of padding follow it inside the block. The rule here is that of the readers on consoles: the data ends
//! when the block is full. Ready-made decoders take the padding for more data and refuse it, so this is one
//! of our own; it is also small enough for a console's kernel.
//!
//! A block is a row of sequences: a token with two lengths of four bits, literals, a distance of 16 bits, and
//! a match that repeats bytes from that far back. The last sequence ends behind its literals.

use super::count;
use super::repeat::repeat;
use crate::error::CodecError;

const MIN_MATCH: usize = 4;
/// A length nibble of this value is continued in further bytes.
const LONG: usize = 15;
/// Short pieces are copied as this many bytes at once, where there is room for bytes that come too much.
const AT_ONCE: usize = 16;

pub(super) fn decode(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    let room = out.len();
    let overlong = CodecError::Overlong { block_size: count(room) };
    let ended = |at: usize| CodecError::InputEnded { produced: count(at), expected: count(needed) };
    // How far the output is written, and what is left of the input.
    let mut at = 0;
    let mut rest = packed;
    loop {
        let (&token, behind) = rest.split_first().ok_or(ended(at))?;
        let (literals, behind) = length(behind, usize::from(token) >> 4).ok_or(ended(at))?;
        if literals > room - at {
            return Err(overlong);
        }
        let (bytes, after) = behind.split_at_checked(literals).ok_or(ended(at))?;
        match (out[at..].first_chunk_mut::<AT_ONCE>(), behind.first_chunk::<AT_ONCE>()) {
            (Some(to), Some(from)) if literals <= AT_ONCE => *to = *from,
            _ => out[at..at + literals].copy_from_slice(bytes),
        }
        at += literals;
        if at >= needed {
            return Ok(());
        }
        let (distance, behind) = after.split_first_chunk::<2>().ok_or(ended(at))?;
        let distance = usize::from(u16::from_le_bytes(*distance));
        if distance == 0 || distance > at {
            return Err(CodecError::Invalid { produced: count(at), expected: count(needed) });
        }
        let (matched, behind) = length(behind, usize::from(token) & LONG).ok_or(ended(at))?;
        let matched = matched.saturating_add(MIN_MATCH);
        if matched > room - at {
            return Err(overlong);
        }
        repeat(out, at, distance, matched);
        at += matched;
        rest = behind;
    }
}

/// Reads the rest of a length whose first four bits are `nibble`; returns it and what is left of the input.
/// `None` at the end of the input.
fn length(mut rest: &[u8], nibble: usize) -> Option<(usize, &[u8])> {
    let mut length = nibble;
    if nibble == LONG {
        loop {
            let (&byte, behind) = rest.split_first()?;
            rest = behind;
            length = length.saturating_add(byte.into());
            if byte != u8::MAX {
                break;
            }
        }
    }
    Some((length, rest))
}
