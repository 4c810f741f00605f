//! How long single hunks become.

use std::collections::HashSet;
use std::io::{self, Cursor};

use ::chd::write::{ChdWriter, HunkCompressor};

use twox_hash::XxHash3_128;

use super::options;
use crate::Plan;

/// Packs single hunks to learn their lengths.
pub(crate) struct Sizer {
    compressor: HunkCompressor,
    hunk: Vec<u8>,
    /// Hashes of the hunks so far.
    seen: HashSet<u128>,
}

impl Sizer {
    pub(crate) fn new(plan: &Plan) -> io::Result<Self> {
        // Compressors only come from a writer. This one never gets a hunk.
        let writer = ChdWriter::new(Cursor::new(Vec::new()), options(plan, u64::from(plan.block_size)))?;
        Ok(Self {
            compressor: writer.compressor()?,
            hunk: vec![0; plan.block_size as usize],
            seen: HashSet::new(),
        })
    }

    /// Returns the length of a packed hunk; 0 if there was an equal one, to which the map points. `None` if the
    /// block is longer than a hunk.
    pub(crate) fn packed_len(&mut self, block: &[u8]) -> Option<usize> {
        let (image, rest) = self.hunk.split_at_mut_checked(block.len())?;
        image.copy_from_slice(block);
        rest.fill(0);
        if !self.seen.insert(XxHash3_128::oneshot(&self.hunk)) {
            return Some(0);
        }
        Some(self.compressor.compress(&self.hunk).ok()?.len())
    }
}
