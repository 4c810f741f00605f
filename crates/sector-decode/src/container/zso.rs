//! ZSO: `ZISO` with raw LZ4 blocks, otherwise laid out as CSO v1.
//!
//! Bit 31 of an index value marks a block that is stored plain. LZ4 data does not mark its end, and with an index
//! shift padding follows it inside the block: the decoder stops when the block is full.

use super::Format;
use super::ciso::Variant;
use crate::codec::Coding;

/// What is ZSO's own; the rest is in [`ciso`](super::ciso).
pub const VARIANT: Variant = Variant {
    magic: *b"ZISO",
    version: 1,
    max_version: 1,
    family: Format::Zso,
    checks_header_size: false,
    codings: [Coding::Lz4, Coding::Stored],
    long_is_plain: false,
};
