//! The 24-byte header that CSO v0/v1, CSO v2 and ZSO share.
//!
//! | offset | size | field |
//! |---:|---:|---|
//! | 0x00 | 4 | magic, `CISO` or `ZISO` |
//! | 0x04 | 4 | header size; unreliable in CSO v0/v1, where 0 and 24 are seen |
//! | 0x08 | 8 | size of the decoded image in bytes |
//! | 0x10 | 4 | block size in bytes |
//! | 0x14 | 1 | version |
//! | 0x15 | 1 | index shift: how far index values are shifted left to give file positions |
//! | 0x16 | 2 | unused; may hold anything in CSO v0/v1, unknown use |
//!
//! The index follows at 0x18 whatever the header size says: one 32-bit value per block and one for
//! the end of the data. Bits 0 to 30, shifted, are a file position; bit 31 is a flag.

use super::{Geometry, MAX_INDEX_SHIFT, PROBE_LEN, u32_at, u64_at};
use crate::error::HeaderError;

pub(super) const CISO_MAGIC: u32 = u32::from_le_bytes(*b"CISO");
pub(super) const VERSION_AT: usize = 0x14;
pub(super) const HEADER_LEN: u32 = 24;
pub(super) const INDEX_AT: u64 = HEADER_LEN as u64;

const FLAG: u32 = 1 << 31;
/// The bits of an index value that are a position.
pub(super) const POSITION_BITS: u32 = !FLAG;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) header_size: u32,
    pub(super) version: u8,
    pub(super) index_shift: u8,
}

impl Header {
    /// Checks everything that the three formats have in common; versions are theirs to check.
    pub(super) fn parse(head: &[u8; PROBE_LEN], file_len: u64) -> Result<(Geometry, Self), HeaderError> {
        if file_len < u64::from(HEADER_LEN) {
            return Err(HeaderError::FileTooShort { len: file_len, needed: HEADER_LEN });
        }
        let geometry = Geometry::new(file_len, u64_at(head, 0x08), u32_at(head, 0x10))?;
        let index_shift = head[0x15];
        if index_shift > MAX_INDEX_SHIFT {
            return Err(HeaderError::IndexShift { got: index_shift, max: MAX_INDEX_SHIFT });
        }
        let geometry = geometry.behind_index(geometry.positions_end(INDEX_AT))?;
        Ok((geometry, Self { header_size: u32_at(head, 0x04), version: head[VERSION_AT], index_shift }))
    }
}
