//! The program's memory: one block of the firmware's, taken at the start.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};

use linked_list_allocator::Heap;
use psp_module::sys::{cisor_alloc_partition, sceKernelGetBlockHeadAddr, sceKernelMaxFreeMemSize};

/// The largest disc has an index of 4 MB; the rest is buffers.
const MOST: u32 = 16 << 20;
/// Memory left to the firmware, for stacks and its own buffers.
const LEFT: u32 = 1 << 20;

struct Memory(UnsafeCell<Heap>);

// SAFETY: Only the program's thread allocates; the Home button's thread only touches one flag.
unsafe impl Sync for Memory {}

#[global_allocator]
static MEMORY: Memory = Memory(UnsafeCell::new(Heap::empty()));

/// Takes the memory. Without it every allocation fails.
///
/// # Safety
///
/// Must be called once, by the allocating thread, before its first allocation.
pub(crate) unsafe fn start() {
    // SAFETY: Plain calls; the block belongs to this program until it ends.
    unsafe {
        let size = sceKernelMaxFreeMemSize().saturating_sub(LEFT).min(MOST);
        // Partition 2 is the one for programs; kind 0 is the lowest address.
        let block = cisor_alloc_partition(2, c"Cisor".as_ptr().cast(), 0, size, ptr::null_mut());
        let start = if block < 0 { ptr::null_mut() } else { sceKernelGetBlockHeadAddr(block) };
        if !start.is_null() {
            (*MEMORY.0.get()).init(start, size as usize);
        }
    }
}

// SAFETY: `Heap` allocates from its block as `GlobalAlloc` requires; there is one thread.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: No other reference is alive: see above.
        let heap = unsafe { &mut *self.0.get() };
        heap.allocate_first_fit(layout).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if let Some(memory) = NonNull::new(memory) {
            // SAFETY: As above; the memory came from `alloc` with this layout.
            unsafe { (*self.0.get()).deallocate(memory, layout) };
        }
    }
}
