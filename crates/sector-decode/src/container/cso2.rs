//! CSO version 2 (maxcso): `CISO` with raw deflate and raw LZ4 blocks.
//!
//! A block whose stored length is at least the block size is plain; else bit 31 of its index value
//! means LZ4, and its absence deflate. The header size must be 24.

use super::ciso_header::HEADER_LEN;
use super::{Format, PROBE_LEN, u32_at};
use crate::codec::Coding;
use crate::error::HeaderError;

const VERSION: u8 = 2;

/// Checks what the other versions do not have in common with this one.
pub(super) fn check(head: &[u8; PROBE_LEN]) -> Result<(), HeaderError> {
    let version = head[super::ciso_header::VERSION_AT];
    if version != VERSION {
        return Err(HeaderError::Version {
            // Not "CSO v2 version 3": the family, whose highest version this is.
            format: Format::Cso,
            got: u32::from(version),
            max: u32::from(VERSION),
        });
    }
    let header_size = u32_at(head, 0x04);
    if header_size != HEADER_LEN {
        return Err(HeaderError::HeaderSize { got: header_size, expected: HEADER_LEN });
    }
    Ok(())
}

/// Of blocks that are shorter than the block size.
pub(super) const CODINGS: [Coding; 2] = [Coding::Deflate, Coding::Lz4];
