//! A block after packing.

use sector_decode::Coding;
use sector_decode::deflate_lint::Finding;

/// How a block was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedBlock {
    /// Its packed bytes, without padding.
    pub len: u32,
    /// How they are packed.
    pub coding: Coding,
    /// Why its deflate stream is not known to be safe for the PSP's firmware. With
    /// [`firmware_safe`](crate::Plan::firmware_safe), that stream was not the one chosen.
    pub lint_finding: Option<Finding>,
}
