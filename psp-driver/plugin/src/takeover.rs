//! From the plugin's start to the moment in which the device's table is ours, and back.
//!
//! Everything is checked and allocated before the table is touched. What is allocated frees itself when a
//! check fails, so a start that ends early leaves nothing behind.

use core::cell::{Cell, UnsafeCell};

use sector_decode::{Buffers, Decoder, Format, Layout, ReaderOptions, SECTOR_SIZE};
use umd_device::{
    CardFile, Check, Config, Disc, ErrorCode, Line, MAX_CONFIG_LEN, OpenFailure, Timing, UmdDevice,
    command_pause, disc_id,
};

use crate::entries;
use crate::kernel::card::{CardSlot, ImageCard, Path};
use crate::kernel::file::{File, Mode};
use crate::kernel::firmware::{self, Functions};
use crate::kernel::interrupts::without_interrupts;
use crate::kernel::memory::{self, Block};
use crate::kernel::slot::Slot;
use crate::kernel::stack::on_own_stack;
use crate::kernel::time;
use crate::log;
use crate::serving::{self, SERVING, Serving, any_under_way};

/// Gives the table back, unless somebody else changed it since or still needs what is behind it.
pub(crate) fn stop() -> Result<(), ErrorCode> {
    let in_use = SERVING.lock()?.as_ref().is_none_or(|serving| serving.device.in_use());
    if in_use || !give_back() {
        return Err(ErrorCode::Busy);
    }
    // A thread may have read our entry from the table and not have come here yet, or wait for the card. One that was
    // ended in here never leaves: then the driver stays.
    for _ in 0..500 {
        time::sleep(10_000);
        if !any_under_way() {
            break;
        }
    }
    if !any_under_way()
        && log::stop()
        && let Ok(mut guard) = SERVING.lock()
    {
        guard.end();
        drop(guard);
        // SAFETY: No entry of ours is in the table, and none is running.
        unsafe { SERVING.destroy() };
        return Ok(());
    }
    take_again();
    Err(ErrorCode::Busy)
}

/// What the start works in and hands out for good. In the module itself: it is too large for any stack.
struct Own {
    image: Path,
    beside: Path,
    settings: [u8; MAX_CONFIG_LEN],
    log: [u8; 448],
    decoder: Decoder,
}

/// Checks everything, opens the image and takes over when all is as expected; writes to the log what came of it.
/// `plugin` is the path of the plugin.
///
/// Runs on the 4 KiB of `module_start`: only [`check`], which opens the image, needs more. So the log has a line also
/// when the kernel has no memory for more.
pub(crate) fn start(plugin: &[u8]) -> Result<(), ErrorCode> {
    static OWN: Kept<Own> = Kept::new(Own {
        image: Path::new(),
        beside: Path::new(),
        settings: [0; MAX_CONFIG_LEN],
        log: [0; 448],
        decoder: Decoder::new(),
    });
    let Some(own) = OWN.take() else { return start_again() };
    let Own { image, beside, settings, log: memory, decoder } = own;
    let settings = Settings::load(plugin, beside, settings);
    let found = firmware::check_start().and_then(|()| firmware::image_path(image));
    let image = &*image;
    let mut line = Line::new(memory);
    line.text(concat!("Cisor ", env!("CARGO_PKG_VERSION"), ": ").as_bytes()).text(image.text());
    let config = settings.for_disc(b"");
    let result = found.and_then(|()| {
        on_own_stack(|| check(&settings, config, image, decoder, &mut line))
            .unwrap_or_else(|| Err(no_memory()))
    });
    if let Err(failure) = result {
        failure.tell(line.next_line().text(b"stepping aside: "));
    }
    if config.log
        && beside.rename(b"cisor.log")
        && let (Some(end), Ok(_)) = (log::write(beside, line), result)
    {
        // SAFETY: `module_start` comes here once.
        unsafe { log::follow(beside, end) };
    }
    match result {
        Ok(table) => {
            take(table);
            Ok(())
        }
        Err(failure) => Err(failure.code()),
    }
}

/// A start of a module that was started before, which no kernel is known to make; the log counts them.
///
/// While the driver serves, the answer is that of the first start: the kernel unloads a module that answers with an
/// error, and this one's entries are in the table.
#[cold]
fn start_again() -> Result<(), ErrorCode> {
    log::note_start();
    if serving::counters().is_some() { Ok(()) } else { Err(ErrorCode::Busy) }
}

/// Checks what is being started, opens the image and everything that goes with it, and puts the driver in its place.
/// Says in the log what is served, and returns the table to take over.
fn check(
    settings: &Settings,
    config: Config,
    image: &'static Path,
    decoder: &'static mut Decoder,
    line: &mut Line<'_>,
) -> Result<*mut Functions, OpenFailure> {
    let table = firmware::image_driver()?;
    // SAFETY: No entry of ours is in the table yet, so no other thread knows of the lock.
    let slot = unsafe { SERVING.alone() };
    let result = CardSlot::start(image, || {
        open(config, image, decoder, slot)?;
        let Some(serving) = slot.as_mut() else { return Err(no_memory()) };
        finish(settings, serving)?;
        describe(line, serving);
        Ok(())
    });
    // SAFETY: As above.
    let result = result.and_then(|()| unsafe { SERVING.create() }.map_err(|_| no_memory()));
    match result {
        Ok(()) => Ok(table),
        Err(failure) => {
            slot.end();
            Err(failure)
        }
    }
}

#[cold]
#[inline(never)]
fn no_memory() -> OpenFailure {
    Check::NoMemory.found(memory::largest_free_kib())
}

fn describe(line: &mut Line<'_>, serving: &Serving) {
    let layout = serving.device.disc().layout();
    line.text(b": serving ").text(layout.format().name().as_bytes());
    line.form(
        b", block size #, sectors #, KiB of kernel memory left #",
        &[layout.block_size(), serving.device.disc().sectors(), memory::largest_free_kib()],
    );
}

/// Opens the image and makes the device, in the place where it stays. In a function of its own, so that what it takes
/// of the stack is free again when the disc is read.
#[inline(never)]
fn open(
    config: Config,
    image: &'static Path,
    decoder: &'static mut Decoder,
    slot: &mut Slot<Serving>,
) -> Result<(), OpenFailure> {
    let mut file = CardFile::new(ImageCard::new(image));
    let layout = Disc::probe(&mut file)?;
    if layout.format() == Format::Iso && !config.plain_images {
        return Err(Check::PlainImage.failed());
    }
    let sizes = Sizes::of(&layout, config);
    let volume = Block::allocate(SECTOR_SIZE as usize).ok_or_else(no_memory)?;
    let buffers = Block::allocate(sizes.total()).ok_or_else(no_memory)?;
    // SAFETY: Taken once. `Serving` ends the device, which holds the slices, before the block, and so does this
    // function when it ends early.
    let memory = unsafe { buffers.bytes() };
    let (packed, memory) = memory.split_at_mut(sizes.packed);
    let (block, index) = memory.split_at_mut(sizes.block);
    let disc = Disc::new(file, layout, Buffers { index, packed, block, decoder }, sizes.ahead)?;
    *slot = Slot::Full(Serving { device: UmdDevice::new(disc, volume.address()), buffers, volume, image });
    Ok(())
}

/// Checks the disc, and does what the settings say of it.
#[inline(never)]
fn finish(settings: &Settings, serving: &mut Serving) -> Result<(), OpenFailure> {
    // SAFETY: Taken once. The kernel reads there only when it was given the address.
    let volume = unsafe { serving.volume.bytes() }.first_chunk_mut().ok_or_else(no_memory)?;
    serving.device.check(volume)?;
    let id = disc_id(volume);
    let config = settings.for_disc(id);
    if !config.enabled {
        return Err(Check::SwitchedOff.failed());
    }
    let command = command_pause(id);
    serving.device.set_timing(Timing { seek: config.umd_seek, speed: config.umd_speed, command });
    Ok(())
}

/// How the working memory is divided, in bytes.
struct Sizes {
    packed: usize,
    /// How much of `packed` reads in sequence fetch at once.
    ahead: usize,
    block: usize,
    index: usize,
}

/// How many bytes of the index are kept however little memory is free: two windows.
const LEAST_INDEX: usize = 2 * 2048;

impl Sizes {
    fn of(layout: &Layout, config: Config) -> Self {
        let free = memory::largest_free_kib() as usize * 1024;
        // Few reads are a comfort: what is not needed to read at all gets no more than half of what is free, and
        // reading ahead a quarter; of what that leaves, the index gets no more than half.
        let ahead = (usize::from(config.read_ahead) * 1024).min(free / 4);
        // All of these are multiples of 64, a cache line, so that the card's driver can fill each buffer without a copy.
        let wanted = layout.memory(&ReaderOptions::PSP_DRIVER.with_read_ahead(ahead));
        let packed = wanted.packed().min(free / 2).max(layout.max_packed_len() as usize);
        let block = wanted.block();
        let index = wanted.index().min((free.saturating_sub(packed + block) / 2).max(LEAST_INDEX));
        Self { packed, ahead, block, index }
    }

    fn total(&self) -> usize {
        self.packed + self.block + self.index
    }
}

/// The settings file.
struct Settings {
    text: &'static [u8],
}

impl Settings {
    /// Reads the first settings file that there is: beside the plugin, then in the plugins' usual folders. `path`
    /// becomes where it is, or where it would be beside the plugin.
    fn load(plugin: &[u8], path: &mut Path, text: &'static mut [u8]) -> Self {
        let mut len = 0;
        // The last one is there for the path.
        for place in [plugin, b"ms0:/SEPLUGINS/", b"ef0:/SEPLUGINS/", plugin] {
            if path.set_beside(place, b"cisor.ini")
                && let Some(file) = File::open(path, Mode::Read)
            {
                len = file.read(text);
                break;
            }
        }
        Self { text: text.get(..len).unwrap_or_default() }
    }

    fn for_disc(&self, id: &[u8]) -> Config {
        Config::parse(self.text, id)
    }
}

/// Memory of the module's own that is handed out once, for good.
struct Kept<T> {
    value: UnsafeCell<T>,
    taken: Cell<bool>,
}

// SAFETY: `value` is given out once, to one thread, which may be another than the one that made it. `taken` is only used
// with interrupts suspended, so by one thread at a time.
unsafe impl<T: Send> Sync for Kept<T> {}

impl<T> Kept<T> {
    const fn new(value: T) -> Self {
        Self { value: UnsafeCell::new(value), taken: Cell::new(false) }
    }

    /// Gives the value out; `None` when that was done before.
    #[expect(clippy::mut_from_ref, reason = "there is only ever one such reference")]
    fn take(&self) -> Option<&mut T> {
        if without_interrupts(|| self.taken.replace(true)) {
            return None;
        }
        // SAFETY: Only the first call comes here, so there is no other reference.
        Some(unsafe { &mut *self.value.get() })
    }
}

/// The table that was taken over.
struct Taken(UnsafeCell<*mut Functions>);

// SAFETY: Written by `take`, which `start` calls once, and only read after that.
unsafe impl Sync for Taken {}

static TAKEN: Taken = Taken(UnsafeCell::new(core::ptr::null_mut()));

fn take(table: *mut Functions) {
    without_interrupts(|| {
        // SAFETY: The table of a device that stays registered as long as games run; nobody reads `TAKEN`
        // before `start` has returned.
        unsafe {
            *TAKEN.0.get() = table;
            entries::remember(table);
            Functions::store(table, entries::own());
        }
    });
}

/// Writes the entries that were there before back to the table, if ours are still all in it. Returns whether
/// they were.
fn give_back() -> bool {
    without_interrupts(|| {
        // SAFETY: As in `take`.
        unsafe {
            let table = *TAKEN.0.get();
            let mut there = firmware::NO_ENTRIES;
            Functions::load(table, &mut there);
            let still_ours = there == *entries::own();
            if still_ours {
                Functions::store(table, entries::original());
            }
            still_ours
        }
    })
}

/// Takes the table over again when it could not be left for good.
fn take_again() {
    // SAFETY: As in `take`; the device is still there.
    without_interrupts(|| unsafe { Functions::store(*TAKEN.0.get(), entries::own()) });
}
