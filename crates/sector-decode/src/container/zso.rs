//! ZSO: `ZISO` with raw LZ4 blocks, otherwise laid out as CSO v1.
//!
//! LZ4 data does not mark its end, and with an index shift padding follows it inside the block: the
//! decoder stops when the block is full.

use super::ciso_header::{Header, flagged};
use super::{Extent, Format, Geometry, PROBE_LEN};
use crate::codec::Coding;
use crate::error::{BlockError, HeaderError};
use crate::units::BlockIndex;

pub(super) const MAGIC: [u8; 4] = *b"ZISO";

const MAX_VERSION: u8 = 1;

pub(super) fn parse(head: &[u8; PROBE_LEN], file_len: u64) -> Result<(Geometry, Header), HeaderError> {
    let (geometry, header) = Header::parse(head, file_len)?;
    if header.version > MAX_VERSION {
        return Err(HeaderError::Version {
            format: Format::Zso,
            got: u32::from(header.version),
            max: u32::from(MAX_VERSION),
        });
    }
    Ok((geometry, header))
}

pub(super) fn locate(
    geometry: &Geometry,
    header: &Header,
    block: BlockIndex,
    this: u32,
    next: u32,
) -> Result<Extent, BlockError> {
    let coding = if flagged(this) { Coding::Stored } else { Coding::Lz4 };
    geometry.extent(block, (header.position(this), header.position(next)), coding, header.bounds())
}
