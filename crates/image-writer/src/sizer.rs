//! How long single blocks become, for estimates.

use std::io;

use crate::pack::BlockPacker;
use crate::plan::Plan;

/// Packs single blocks as [`encode`](crate::encode()) would, to learn how long they become.
pub struct BlockSizer {
    packer: Packer,
    packed: Vec<u8>,
}

enum Packer {
    Blocks(Box<BlockPacker>),
    #[cfg(feature = "chd")]
    Hunks(Box<crate::chd::Sizer>),
}

impl BlockSizer {
    /// Makes the encoders for a plan that [`Plan::check`] has accepted.
    ///
    /// # Errors
    ///
    /// When there are none for the plan, because it was not checked.
    pub fn new(plan: &Plan) -> io::Result<Self> {
        let packer = match plan.format {
            #[cfg(feature = "chd")]
            crate::OutputFormat::Chd => Packer::Hunks(Box::new(crate::chd::Sizer::new(plan)?)),
            _ => Packer::Blocks(Box::new(BlockPacker::new(plan))),
        };
        Ok(Self { packer, packed: Vec::new() })
    }

    /// Returns how many bytes a block takes in the file, without padding and without the index. `None` when the
    /// encoder is at fault, or when the block is longer than the plan's.
    ///
    /// Of equal hunks of a CHD only the first takes space, as in the file.
    pub fn packed_len(&mut self, block: &[u8]) -> Option<u64> {
        match &mut self.packer {
            Packer::Blocks(packer) => {
                self.packed.clear();
                packer.pack(block, &mut self.packed).map(|packed| packed.len.into())
            }
            #[cfg(feature = "chd")]
            Packer::Hunks(sizer) => sizer.packed_len(block).map(|len| len as u64),
        }
    }
}
