//! ZSO: `ZISO` with raw LZ4 blocks, otherwise laid out as CSO v1.
//!
//! LZ4 data does not mark its end, and with an index shift padding follows it inside the block: the
//! decoder stops when the block is full.

use super::Format;
use super::ciso_header::Header;
use crate::codec::Coding;
use crate::error::HeaderError;

pub(super) const MAGIC: u32 = u32::from_le_bytes(*b"ZISO");

const MAX_VERSION: u8 = 1;

/// Checks the version.
pub(super) fn check(header: &Header) -> Result<(), HeaderError> {
    if header.version > MAX_VERSION {
        return Err(HeaderError::Version {
            format: Format::Zso,
            got: u32::from(header.version),
            max: u32::from(MAX_VERSION),
        });
    }
    Ok(())
}

pub(super) const CODINGS: [Coding; 2] = [Coding::Lz4, Coding::Stored];
