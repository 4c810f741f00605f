//! Plain image: the file is the disc, sector by sector.

use super::{Extent, Geometry};
use crate::codec::Coding;
use crate::units::{BlockIndex, FileOffset};

pub(super) fn locate(geometry: &Geometry, block: BlockIndex) -> Extent {
    let offset = u64::from(block.0) * u64::from(geometry.block_size);
    Extent { offset: FileOffset(offset), len: geometry.block_len(block), coding: Coding::Stored }
}
