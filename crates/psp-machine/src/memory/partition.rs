//! Memory partitions of the kernel: blocks of 256-byte granularity, and how much of a limit they use.
//!
//! The address of a block is independent of its partition here. What matters to a driver is how much it may
//! allocate, and that it stays within its blocks.

use std::collections::BTreeMap;

use super::Region;

/// Granularity of memory blocks (psp contract, section 6).
pub const GRANULE: u32 = 256;

/// One partition.
#[derive(Debug, Default)]
pub struct Partition {
    /// Total bytes.
    pub limit: u32,
    /// Bytes in use.
    pub used: u32,
    /// Peak number of bytes in use.
    pub peak: u32,
}

impl Partition {
    /// Takes `size` bytes, rounded up, if that many are free.
    pub fn take(&mut self, size: u32) -> bool {
        let Some(rounded) = size.checked_next_multiple_of(GRANULE) else { return false };
        if size == 0 || rounded > self.free() {
            return false;
        }
        self.used += rounded;
        self.peak = self.peak.max(self.used);
        true
    }

    /// Returns `size` bytes to the partition.
    pub fn give_back(&mut self, size: u32) {
        self.used -= size.next_multiple_of(GRANULE);
    }

    /// Number of free bytes.
    pub fn free(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

/// A block that the guest has allocated from a partition.
#[derive(Debug)]
pub struct Block {
    /// Its partition.
    pub partition: u32,
    /// Number of bytes requested.
    pub size: u32,
    /// The memory it occupies.
    pub region: Region,
}

/// All partitions of the machine.
#[derive(Debug)]
pub struct Partitions {
    partitions: BTreeMap<u32, Partition>,
    /// Blocks by their id.
    pub blocks: BTreeMap<u32, Block>,
    /// How many blocks were ever requested, including failed requests. Stacks do not count.
    pub requests: u32,
}

impl Partitions {
    /// Kernel partition 1 with this much free, and the others as on a console with 32 MiB.
    pub fn new(kernel_free: u32) -> Self {
        let sizes = [(1, kernel_free), (2, 24 << 20), (4, 0), (5, 4 << 20), (8, 0), (9, 0), (11, 0)];
        let partitions =
            sizes.into_iter().map(|(id, limit)| (id, Partition { limit, ..Partition::default() })).collect();
        Self { partitions, blocks: BTreeMap::new(), requests: 0 }
    }

    /// A partition by its number; 3 is an alias of 1, and 6 of 2.
    pub fn get(&self, id: u32) -> Option<&Partition> {
        self.partitions.get(&canonical(id))
    }

    /// The same, mutably.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Partition> {
        self.partitions.get_mut(&canonical(id))
    }

    /// The kernel's partition.
    pub fn kernel(&self) -> &Partition {
        &self.partitions[&1]
    }
}

fn canonical(id: u32) -> u32 {
    match id {
        3 => 1,
        6 => 2,
        other => other,
    }
}
