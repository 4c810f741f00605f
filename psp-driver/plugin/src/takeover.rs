//! From the plugin's start to the moment in which the device's table is ours, and back.
//!
//! Everything is checked and allocated before the table is touched. What is allocated frees itself when a
//! check fails, so a start that ends early leaves nothing behind.

use core::mem::MaybeUninit;

use sector_decode::{Buffers, Decoder, Layout};
use umd_device::{CardFile, Disc, ErrorCode, UmdDevice};

use crate::entries::{self, Entries};
use crate::kernel::card::{CardSlot, ImageCard, Path};
use crate::kernel::firmware::{self, Functions};
use crate::kernel::interrupts::without_interrupts;
use crate::kernel::memory::Block;
use crate::kernel::stack::on_own_stack;
use crate::serving::{SERVING, Serving, any_under_way};

pub(crate) fn start(_plugin_path: &[u8]) -> Result<(), ErrorCode> {
    if !firmware::is_starting_an_image() {
        return Err(ErrorCode::NotSupported);
    }
    let path = firmware::image_path().ok_or(ErrorCode::NotFound)?;
    let table = firmware::image_driver()?;
    CardSlot::remember(&path);
    let serving = on_own_stack(|| open(&path)).unwrap_or(Err(ErrorCode::NoMemory))?;
    // SAFETY: No entry of ours is in the table yet, so no other thread knows of the lock.
    unsafe { SERVING.create()? };
    *SERVING.lock()? = Some(serving);
    take(table);
    Ok(())
}

/// Restores the table, unless somebody else changed it since, or still uses what is behind it.
pub(crate) fn stop() -> Result<(), ErrorCode> {
    Err(ErrorCode::Busy)
}

fn open(path: &Path) -> Result<Serving, ErrorCode> {
    let mut file = CardFile::new(ImageCard::new(*path));
    let layout = Disc::probe(&mut file).map_err(|failure| failure.code())?;
    let volume = Block::allocate(c"CisorVolume", 2048)?;
    let buffers = Block::allocate(c"CisorBuffers", working_size(&layout))?;
    // SAFETY: Taken once; `Serving` drops the device, which holds the slices, before the blocks.
    let (volume_bytes, memory) = unsafe { (volume.bytes(), buffers.bytes()) };
    let volume_address = u32::try_from(volume_bytes.as_ptr().addr()).unwrap_or(0);
    let sizes = layout.buffer_sizes();
    let (packed, memory) = memory.split_at_mut(aligned(sizes.packed));
    let (block, index) = memory.split_at_mut(aligned(sizes.block));
    let buffers_of = Buffers { index, packed, block, decoder: decoder() };
    let volume_bytes = volume_bytes.first_chunk_mut().ok_or(ErrorCode::NoMemory)?;
    let disc = Disc::open(file, layout, buffers_of, volume_bytes).map_err(|failure| failure.code())?;
    Ok(Serving { device: UmdDevice::new(disc, volume_address), _buffers: buffers, volume })
}

fn working_size(layout: &Layout) -> usize {
    let sizes = layout.buffer_sizes();
    aligned(sizes.packed) + aligned(sizes.block) + sizes.index
}

/// Rounded up to whole cache lines, so that the next buffer begins with one and the card's driver can fill
/// it without a copy.
const fn aligned(len: usize) -> usize {
    len.next_multiple_of(64)
}

/// The decoder's tables, which are too large for any stack.
fn decoder() -> &'static mut Decoder {
    static mut DECODER: MaybeUninit<Decoder> = MaybeUninit::uninit();
    // SAFETY: Called once, by `start`, which the kernel runs once; nothing else names the static.
    let decoder = unsafe { &mut *(&raw mut DECODER) };
    decoder.write(Decoder::new())
}

fn take(table: *mut Functions) {
    without_interrupts(|| {
        // SAFETY: The table of a device that stays registered as long as games run.
        unsafe {
            entries::remember(Functions::load(table));
            Functions::store(table, &Entries::ours());
        }
    });
}
