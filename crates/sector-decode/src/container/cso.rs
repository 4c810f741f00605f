//! CSO, versions 0 and 1: `CISO` with raw deflate blocks.
//!
//! Bit 31 of an index value marks a block that is stored plain. The header size field is ignored, as
//! PPSSPP, PCSX2, the custom firmwares and maxcso do.

use super::ciso_header::flagged;
use crate::codec::Coding;

pub(super) fn coding(value: u32) -> Coding {
    if flagged(value) { Coding::Stored } else { Coding::Deflate }
}
