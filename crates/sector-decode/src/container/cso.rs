//! CSO, versions 0 and 1: `CISO` with raw deflate blocks.
//!
//! Bit 31 of an index value marks a block that is stored plain. The header size field is ignored, as
//! PPSSPP, PCSX2, the custom firmwares and maxcso do.

use super::ciso_header::{Header, flagged};
use super::{Extent, Geometry, PROBE_LEN};
use crate::codec::Coding;
use crate::error::{BlockError, HeaderError};
use crate::units::BlockIndex;

pub(super) fn parse(head: &[u8; PROBE_LEN], file_len: u64) -> Result<(Geometry, Header), HeaderError> {
    Header::parse(head, file_len)
}

pub(super) fn locate(
    geometry: &Geometry,
    header: &Header,
    block: BlockIndex,
    this: u32,
    next: u32,
) -> Result<Extent, BlockError> {
    let coding = if flagged(this) { Coding::Stored } else { Coding::Deflate };
    geometry.extent(block, (header.position(this), header.position(next)), coding, header.bounds())
}
