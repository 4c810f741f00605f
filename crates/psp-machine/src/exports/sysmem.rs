//! Allocates memory blocks.

use super::{Known, OK, answer};
use crate::abi::Received;
use crate::crash::Cause;
use crate::kernel::Answer;
use crate::machine::Psp;
use crate::memory::partition::{Block, GRANULE};
use crate::memory::{Place, Space};

const LIBRARY: &str = "SysMemForKernel";
const ALLOCATION_FAILED: u32 = 0x8002_00D9;
const UNKNOWN_BLOCK: u32 = 0x8002_00CB;
const ILLEGAL_PARTITION: u32 = 0x8002_00D6;
/// Placement types: low end, high end.
const PLACEMENTS: [u32; 2] = [0, 1];

fn allocate(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let (id, size) = (received.word(0), received.word(3));
    psp.cpu.read_string(received.word(1))?;
    if !PLACEMENTS.contains(&received.word(2)) {
        return Err(Cause::Misuse { what: "placement of a memory block", value: received.word(2) });
    }
    psp.kernel.memory.partitions.requests += 1;
    let Some(partition) = psp.kernel.memory.partitions.get_mut(id) else {
        return answer(ILLEGAL_PARTITION);
    };
    if !partition.take(size) {
        return answer(ALLOCATION_FAILED);
    }
    // The kernel returns addresses at multiples of 256, so the block ends at the guard page only if its size
    // is a multiple too; the gap is checked when the block is freed.
    let slack = size.next_multiple_of(GRANULE) - size;
    let region = psp.memory.take(&mut psp.cpu, "memory block", Space::Kernel, size, Place::Last { slack });
    psp.cpu.write(region.start, &vec![0xCD; size as usize])?;
    let block = psp.kernel.new_id();
    psp.kernel.memory.partitions.blocks.insert(block, Block { partition: id, size, region });
    answer(block)
}

fn free(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let partitions = &mut psp.kernel.memory.partitions;
    let Some(block) = partitions.blocks.remove(&received.word(0)) else {
        return answer(UNKNOWN_BLOCK);
    };
    if let Some(partition) = partitions.get_mut(block.partition) {
        partition.give_back(block.size);
    }
    psp.memory.unmap(&mut psp.cpu, &block.region)?;
    OK
}

fn free_bytes(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    answer(psp.kernel.memory.partitions.get(received.word(0)).map_or(0, |partition| partition.free()))
}

pub(super) const FUNCTIONS: &[Known] = &[
    Known { library: LIBRARY, nid: 0x7158_CE7E, name: "sceKernelAllocPartitionMemory", run: allocate },
    Known { library: LIBRARY, nid: 0xC1A2_6C6F, name: "sceKernelFreePartitionMemory", run: free },
    Known {
        library: LIBRARY,
        nid: 0xF12A_62F7,
        name: "sceKernelGetBlockHeadAddr",
        run: |psp, received| {
            let block = psp.kernel.memory.partitions.blocks.get(&received.word(0));
            answer(block.map_or(0, |block| block.region.start))
        },
    },
    Known { library: LIBRARY, nid: 0x13F4_A0DE, name: "sceKernelPartitionMaxFreeMemSize", run: free_bytes },
    Known { library: LIBRARY, nid: 0x0115_B0F8, name: "sceKernelPartitionTotalFreeMemSize", run: free_bytes },
    Known {
        library: LIBRARY,
        nid: 0x07C5_86A1,
        name: "sceKernelGetModel",
        run: |psp, _| answer(psp.kernel.memory.model),
    },
    Known {
        library: LIBRARY,
        nid: 0xC886_B169,
        name: "sceKernelDevkitVersion",
        run: |psp, _| answer(psp.kernel.memory.firmware),
    },
];
