//! Memory partitions of the kernel: blocks of 256-byte granularity, and how much of a limit they use.
//!
//! Where a block lies has nothing to do with its partition here; what matters to a driver is how much it
//! may take, and that it stays inside.

use std::collections::BTreeMap;

use super::Region;

/// Granularity of memory blocks (psp contract, section 6).
pub const GRANULE: u32 = 256;

/// One partition.
#[derive(Debug, Default)]
pub struct Partition {
    /// Bytes in all.
    pub limit: u32,
    /// Bytes in use.
    pub used: u32,
    /// The most that ever was in use.
    pub peak: u32,
}

impl Partition {
    /// Takes `size` bytes, rounded up, if there are as many.
    pub fn take(&mut self, size: u32) -> bool {
        let Some(rounded) = size.checked_next_multiple_of(GRANULE) else { return false };
        if size == 0 || rounded > self.free() {
            return false;
        }
        self.used += rounded;
        self.peak = self.peak.max(self.used);
        true
    }

    /// Gives `size` bytes back.
    pub fn give_back(&mut self, size: u32) {
        self.used -= size.next_multiple_of(GRANULE);
    }

    /// Bytes that are left.
    pub fn free(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

/// A block of a partition that the guest holds.
#[derive(Debug)]
pub struct Block {
    /// Its partition.
    pub partition: u32,
    /// Bytes asked for.
    pub size: u32,
    /// Where it lies.
    pub region: Region,
}

/// All partitions of the machine.
#[derive(Debug)]
pub struct Partitions {
    partitions: BTreeMap<u32, Partition>,
    /// Blocks by their id.
    pub blocks: BTreeMap<u32, Block>,
    /// How many blocks were ever asked for, also in vain. Stacks do not count.
    pub requests: u32,
}

impl Partitions {
    /// Kernel partition 1 with this much free, and the others as on a console of 32 MiB.
    pub fn new(kernel_free: u32) -> Self {
        let sizes = [(1, kernel_free), (2, 24 << 20), (4, 0), (5, 4 << 20), (8, 0), (9, 0), (11, 0)];
        let partitions =
            sizes.into_iter().map(|(id, limit)| (id, Partition { limit, ..Partition::default() })).collect();
        Self { partitions, blocks: BTreeMap::new(), requests: 0 }
    }

    /// A partition by its number; 3 is another name of 1, and 6 of 2.
    pub fn get(&self, id: u32) -> Option<&Partition> {
        self.partitions.get(&canonical(id))
    }

    /// The same, to change it.
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
