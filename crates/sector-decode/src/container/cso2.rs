//! CSO version 2 (maxcso): `CISO` with raw deflate and raw LZ4 blocks.
//!
//! A block whose stored length is at least the block size is plain; else bit 31 of its index value
//! means LZ4, and its absence deflate. The header size must be 24.

use super::Format;
use super::ciso::Variant;
use crate::codec::Coding;

/// What is CSO v2's own; the rest is in [`ciso`](super::ciso).
pub const VARIANT: Variant = Variant {
    magic: super::cso::VARIANT.magic,
    version: 2,
    max_version: 2,
    // Not "CSO v2 version 3": the family, whose highest version this is.
    family: Format::Cso,
    checks_header_size: true,
    codings: [Coding::Deflate, Coding::Lz4],
    long_is_plain: true,
};
