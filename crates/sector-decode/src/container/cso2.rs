//! CSO version 2 (maxcso): `CISO` with raw deflate and raw LZ4 blocks.
//!
//! A block whose stored length is at least the block size is plain; else bit 31 of its index value
//! means LZ4, and its absence deflate. The header size must be 24.

use super::ciso_header::{HEADER_LEN, Header, flagged};
use super::{Extent, Format, Geometry, PROBE_LEN, u32_at};
use crate::codec::Coding;
use crate::error::{BlockError, HeaderError};
use crate::units::BlockIndex;

const VERSION: u8 = 2;

pub(super) fn parse(head: &[u8; PROBE_LEN], file_len: u64) -> Result<(Geometry, Header), HeaderError> {
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
    Header::parse(head, file_len)
}

pub(super) fn locate(
    geometry: &Geometry,
    header: &Header,
    block: BlockIndex,
    this: u32,
    next: u32,
) -> Result<Extent, BlockError> {
    let (start, end) = (header.position(this), header.position(next));
    let coding = if end.saturating_sub(start) >= u64::from(geometry.block_size) {
        Coding::Stored
    } else if flagged(this) {
        Coding::Lz4
    } else {
        Coding::Deflate
    };
    geometry.extent(block, (start, end), coding, header.bounds())
}
