//! Memory of the kernel's own partition, taken at the start and given back at the end.

use psp_module::sys::{
    cisor_alloc_partition, sceKernelFreePartitionMemory, sceKernelGetBlockHeadAddr,
    sceKernelPartitionMaxFreeMemSize,
};

use crate::kernel::firmware::is_kernel_word;

/// The kernel's partition. The others belong to the game, wholly or in part.
const KERNEL_PARTITION: i32 = 1;
/// Low memory first, as modules are placed, so that the large free piece stays in one.
const LOWEST: i32 = 0;

/// A block of kernel memory, given back when dropped. It begins at a multiple of 256.
pub(crate) struct Block {
    id: i32,
    start: *mut u8,
    len: usize,
    kept: bool,
}

// SAFETY: The memory is the block's alone, and the kernel takes it back from any thread.
unsafe impl Send for Block {}

impl Block {
    /// Takes `len` bytes. `None` when there is no free piece so large.
    pub(crate) fn allocate(name: &core::ffi::CStr, len: usize) -> Option<Self> {
        let size = u32::try_from(len).ok()?;
        // SAFETY: The name ends with a NUL; the address is not used for this placement.
        let id = unsafe {
            cisor_alloc_partition(KERNEL_PARTITION, name.as_ptr().cast(), LOWEST, size, core::ptr::null_mut())
        };
        if id < 0 {
            return None;
        }
        let start = sceKernelGetBlockHeadAddr(id);
        let block = Self { id, start, len, kept: false };
        // A function that the firmware lacks answers with an error, which is no address.
        if !is_kernel_word(start.addr()) {
            return None;
        }
        // SAFETY: `len` bytes from `start` are this block's; nobody else knows of them yet. Zeroed once,
        // so that they can be handed out as bytes.
        unsafe { core::ptr::write_bytes(start, 0, len) };
        Some(block)
    }

    /// Returns where the block begins.
    pub(crate) fn address(&self) -> u32 {
        u32::try_from(self.start.addr()).unwrap_or(0)
    }

    /// Never gives the block back.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }

    /// Returns the block's bytes, for as long as the module runs.
    ///
    /// # Safety
    ///
    /// To be called once, and what it returns must be out of use before the block is dropped.
    pub(crate) unsafe fn bytes(&self) -> &'static mut [u8] {
        // SAFETY: The block's own memory, initialised in `allocate`; unique by this function's contract.
        unsafe { core::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

impl Drop for Block {
    #[inline(never)]
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // SAFETY: Given out by the kernel, freed once.
        unsafe { sceKernelFreePartitionMemory(self.id) };
    }
}

/// Returns the size of the largest free piece of the kernel's partition in KiB.
pub(crate) fn largest_free_kib() -> u32 {
    sceKernelPartitionMaxFreeMemSize(KERNEL_PARTITION) / 1024
}
