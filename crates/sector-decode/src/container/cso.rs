//! CSO, versions 0 and 1: `CISO` with raw deflate blocks.
//!
//! Bit 31 of an index value marks a block that is stored plain. The header size field is ignored, as
//! PPSSPP, PCSX2, the custom firmwares and maxcso do. Version 1 is written.

use super::Format;
use super::ciso::Variant;
use crate::codec::Coding;

/// What is CSO's own; the rest is in [`ciso`](super::ciso).
pub const VARIANT: Variant = Variant {
    magic: *b"CISO",
    version: 1,
    max_version: 1,
    family: Format::Cso,
    checks_header_size: false,
    codings: [Coding::Deflate, Coding::Stored],
    long_is_plain: false,
};
