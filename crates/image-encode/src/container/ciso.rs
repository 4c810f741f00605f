//! CSO v1, CSO v2 and ZSO: one header and one index of 31-bit positions with a flag.
//!
//! | offset | size | field | written |
//! |---:|---:|---|---|
//! | 0x00 | 4 | magic | `CISO`, or `ZISO` in ZSO |
//! | 0x04 | 4 | header size | 24 |
//! | 0x08 | 8 | size of the decoded image in bytes | |
//! | 0x10 | 4 | block size in bytes | |
//! | 0x14 | 1 | version | 1, or 2 in CSO v2 |
//! | 0x15 | 1 | index shift | |
//! | 0x16 | 2 | unused | 0 |
//!
//! The index follows: one 32-bit value per block, and one for the end of the data, whose bit 31 is 0.
//! Bits 0 to 30, shifted left, are a file position.

use sector_decode::Coding;

use super::{Container, Placed, Table, field};
use crate::digest::ImageDigests;
use crate::plan::Plan;

const HEADER_LEN: u32 = 24;
const FLAG: u32 = 1 << 31;

/// The header, and the one rule in which the three formats differ here.
pub(super) struct Ciso {
    magic: [u8; 4],
    version: u8,
    /// Blocks of this coding have bit 31 set.
    flagged: Coding,
    image_size: u64,
    block_size: u32,
    index_shift: u8,
}

pub(super) fn index_end(blocks: u128) -> u128 {
    u128::from(HEADER_LEN) + 4 * (blocks + 1)
}

impl Ciso {
    /// CSO v1: bit 31 marks plain blocks, the others are raw deflate.
    pub(super) fn cso(plan: &Plan, image_size: u64) -> Self {
        Self::new(*b"CISO", 1, Coding::Stored, plan, image_size)
    }

    /// CSO v2: bit 31 marks LZ4 blocks. Blocks at least as long as a whole one are plain; all others
    /// without the bit are raw deflate.
    pub(super) fn cso2(plan: &Plan, image_size: u64) -> Self {
        Self::new(*b"CISO", 2, Coding::Lz4, plan, image_size)
    }

    /// ZSO: bit 31 marks plain blocks, the others are raw LZ4.
    pub(super) fn zso(plan: &Plan, image_size: u64) -> Self {
        Self::new(*b"ZISO", 1, Coding::Stored, plan, image_size)
    }

    fn new(magic: [u8; 4], version: u8, flagged: Coding, plan: &Plan, image_size: u64) -> Self {
        let Plan { block_size, index_shift, .. } = *plan;
        Self { magic, version, flagged, image_size, block_size, index_shift }
    }

    /// Blocks begin at multiples of two to the shift, so no bit is lost.
    fn value(&self, position: u64) -> u32 {
        let value: u32 = field(position >> self.index_shift);
        assert!(value & FLAG == 0, "a plan that was checked has a position that its index cannot hold");
        value
    }
}

impl Container for Ciso {
    fn tables(&self) -> Vec<Table> {
        vec![Table::new(u64::from(HEADER_LEN))]
    }

    fn add_block(&self, tables: &mut [Table], block: Placed) {
        let flag = if block.coding == self.flagged { FLAG } else { 0 };
        tables[0].push(&(self.value(block.start) | flag).to_le_bytes());
    }

    fn add_end(&self, tables: &mut [Table], end: u64) {
        tables[0].push(&self.value(end).to_le_bytes());
    }

    fn header(&self, _digests: &ImageDigests) -> Vec<u8> {
        let mut header = Vec::with_capacity(HEADER_LEN as usize);
        header.extend_from_slice(&self.magic);
        header.extend_from_slice(&HEADER_LEN.to_le_bytes());
        header.extend_from_slice(&self.image_size.to_le_bytes());
        header.extend_from_slice(&self.block_size.to_le_bytes());
        header.extend_from_slice(&[self.version, self.index_shift, 0, 0]);
        header
    }
}
