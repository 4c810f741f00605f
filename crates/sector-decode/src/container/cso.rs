//! CSO, versions 0 and 1: `CISO` with raw deflate blocks.
//!
//! Bit 31 of an index value marks a block that is stored plain. The header size field is ignored, as
//! PPSSPP, PCSX2, the custom firmwares and maxcso do.

use crate::codec::Coding;

/// How blocks are packed, those without the flag and those with it; so in all formats.
pub(super) const CODINGS: [Coding; 2] = [Coding::Deflate, Coding::Stored];
