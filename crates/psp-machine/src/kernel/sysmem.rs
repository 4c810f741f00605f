//! Memory blocks, and what the kernel says about the console.

use crate::memory::partition::Partitions;

const MODEL_1000: u32 = 0;
const FIRMWARE_660: u32 = 0x0606_0010;

/// The partitions and their blocks.
#[derive(Debug)]
pub struct SysMem {
    /// The partitions.
    pub partitions: Partitions,
    /// The console's model: 0 is the PSP-1000.
    pub model: u32,
    /// The firmware's version, as developers' tools know it.
    pub firmware: u32,
}

impl Default for SysMem {
    fn default() -> Self {
        Self { partitions: Partitions::new(256 << 10), model: MODEL_1000, firmware: FIRMWARE_660 }
    }
}
