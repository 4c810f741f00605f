//! From the plugin's start to the moment in which the device's table is ours, and back.
//!
//! Everything is checked and allocated before the table is touched. What is allocated frees itself when a
//! check fails, so a start that ends early leaves nothing behind.

use core::cell::UnsafeCell;

use sector_decode::{Buffers, Decoder, Format, Layout, SECTOR_SIZE};
use umd_device::{CardFile, Config, Disc, ErrorCode, Line, MAX_CONFIG_LEN, OpenFailure, UmdDevice, disc_id};

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
use crate::serving::{SERVING, Serving, any_under_way};

/// Checks everything, and takes over the table when all is as expected. `plugin` is the path of the plugin.
pub(crate) fn start(plugin: &[u8]) -> Result<(), ErrorCode> {
    if !firmware::is_starting_an_image() {
        return Err(ErrorCode::NotSupported);
    }
    let path = firmware::image_path().ok_or(ErrorCode::NotFound)?;
    let table = firmware::image_driver()?;
    CardSlot::remember(&path);
    // SAFETY: No entry of ours is in the table yet, so no other thread knows of the lock.
    unsafe { SERVING.create()? };
    let result = on_own_stack(|| prepare(plugin, &path)).unwrap_or(Err(ErrorCode::NoMemory));
    match result {
        Ok(()) => take(table),
        // SAFETY: As above.
        Err(_) => unsafe { SERVING.destroy() },
    }
    result
}

/// Gives the table back, unless somebody else changed it since or still needs what is behind it.
pub(crate) fn stop() -> Result<(), ErrorCode> {
    let in_use = SERVING.lock()?.as_ref().is_none_or(|serving| serving.device.in_use());
    if in_use || !give_back() {
        return Err(ErrorCode::Busy);
    }
    // A thread may have read our entry from the table and not have come here yet, or wait for the card.
    for _ in 0..500 {
        time::sleep(10_000);
        if !any_under_way() {
            break;
        }
    }
    if any_under_way() || !log::stop() {
        take_again();
        return Err(ErrorCode::Busy);
    }
    if let Some(serving) = SERVING.lock()?.take() {
        let Serving { device, volume, .. } = serving;
        if device.volume_lent() {
            // The file system reads from there as long as the disc is mounted: 2 KiB stay behind.
            core::mem::forget(volume);
        }
    }
    // SAFETY: No entry of ours is in the table, and none is running.
    unsafe { SERVING.destroy() };
    Ok(())
}

/// Opens the image and everything that goes with it, and puts the driver in its place; writes to the log what came
/// of it.
fn prepare(plugin: &[u8], image: &Path) -> Result<(), ErrorCode> {
    let settings = Settings::load(plugin);
    let mut slot = SERVING.lock()?;
    let result = open(&settings, image).map(|serving| *slot = Slot::Full(serving));
    if settings.before_disc().log
        && let Some(path) = settings.path.as_ref().and_then(|path| path.sibling(b"cisor.log"))
    {
        let mut memory = [0; 384];
        let mut line = Line::new(&mut memory);
        line.text(concat!("Cisor ", env!("CARGO_PKG_VERSION"), ": ").as_bytes()).text(image.text());
        if let Err(failure) = result {
            line.text(b": left to the firmware, ").text(failure.reason().as_bytes());
            line.text(b", code ").hex(failure.code().code().cast_unsigned());
        } else if let Some(serving) = slot.as_ref() {
            describe(&mut line, serving);
        }
        if let (Some(end), Ok(())) = (log::write(&path, line), result) {
            // SAFETY: `module_start` comes here once.
            unsafe { log::follow(path, end) };
        }
    }
    result.map_err(|failure| failure.code())
}

fn describe(line: &mut Line<'_>, serving: &Serving) {
    let layout = serving.device.disc().layout();
    line.text(b": serving ").text(layout.format().name().as_bytes());
    line.form(
        b", block size #, sectors #, KiB of kernel memory left #",
        &[layout.block_size(), serving.device.disc().sectors(), memory::largest_free_kib()],
    );
}

fn open(settings: &Settings, image: &Path) -> Result<Serving, OpenFailure> {
    let config = settings.before_disc();
    let mut file = CardFile::new(ImageCard::new(*image));
    let layout = Disc::probe(&mut file)?;
    if layout.format() == Format::Iso && !config.plain_images {
        return Err(OpenFailure::PlainImage);
    }
    let sizes = Sizes::of(&layout, config);
    let volume = Block::allocate(c"CisorVolume", SECTOR_SIZE as usize).ok_or(OpenFailure::NoMemory)?;
    let buffers = Block::allocate(c"CisorBuffers", sizes.total()).ok_or(OpenFailure::NoMemory)?;
    // SAFETY: Taken once; `Serving` drops the device, which holds the slices, before the blocks, and so
    // does this function when it ends early.
    let (volume_bytes, memory) = unsafe { (volume.bytes(), buffers.bytes()) };
    let (packed, memory) = memory.split_at_mut(sizes.packed);
    let (block, index) = memory.split_at_mut(sizes.block);
    let volume_address = u32::try_from(volume_bytes.as_ptr().addr()).unwrap_or(0);
    let volume_bytes = volume_bytes.first_chunk_mut().ok_or(OpenFailure::NoMemory)?;
    let buffers_for_disc = Buffers { index, packed, block, decoder: decoder() };
    let disc = Disc::open(file, layout, buffers_for_disc, sizes.ahead, volume_bytes)?;
    let device = UmdDevice::new(disc, volume_address);
    if !settings.for_disc(disc_id(volume_bytes)).enabled {
        return Err(OpenFailure::SwitchedOff);
    }
    Ok(Serving { device, _buffers: buffers, volume })
}

/// How the working memory is divided, in bytes.
struct Sizes {
    packed: usize,
    /// How much of `packed` reads in sequence fetch at once.
    ahead: usize,
    block: usize,
    index: usize,
}

impl Sizes {
    fn of(layout: &Layout, config: Config) -> Self {
        let needed = layout.buffer_sizes();
        let free = memory::largest_free_kib() as usize * 1024;
        // Few reads are a comfort: what is not needed to read at all gets no more than half of what is free, and
        // reading ahead a quarter; of what that leaves, the index gets no more than half.
        let ahead = (usize::from(config.read_ahead) * 1024).min(free / 4);
        let wanted = needed.packed_for_two.min(free / 2).max(ahead);
        let (packed, block) = (whole_lines(needed.packed.max(wanted)), whole_lines(needed.block));
        let index = needed.index_kept.min(free.saturating_sub(packed + block) / 2).max(needed.index);
        Self { packed, ahead, block, index }
    }

    fn total(&self) -> usize {
        self.packed + self.block + self.index
    }
}

/// Rounded up to whole cache lines, so that the next buffer begins with one and the card's driver can fill
/// it without a copy.
const fn whole_lines(len: usize) -> usize {
    len.next_multiple_of(64)
}

/// The settings file.
struct Settings {
    text: &'static [u8],
    /// Where it is, or would be looked for first.
    path: Option<Path>,
}

impl Settings {
    /// Reads the first settings file that there is: beside the plugin, then in the plugins' usual folders.
    fn load(plugin: &[u8]) -> Self {
        static TEXT: Kept<[u8; MAX_CONFIG_LEN]> = Kept(UnsafeCell::new([0; MAX_CONFIG_LEN]));
        // SAFETY: Called once, by `start`, which the kernel runs once; nothing else names the static.
        let text = unsafe { TEXT.take() };
        let len = plugin.iter().position(|&byte| byte == 0).unwrap_or(plugin.len());
        let beside = Path::new(&plugin[..len]).and_then(|path| path.sibling(b"cisor.ini"));
        let mut settings = Self { text: &[], path: beside };
        for usual in [&b""[..], b"ms0:/SEPLUGINS/cisor.ini", b"ef0:/SEPLUGINS/cisor.ini"] {
            let path = Path::new(usual).or(beside);
            if let Some(file) = path.as_ref().and_then(|path| File::open(path, Mode::Read)) {
                let len = file.read(text).unwrap_or(0);
                settings = Self { text: text.get(..len).unwrap_or_default(), path };
                break;
            }
        }
        settings
    }

    fn before_disc(&self) -> Config {
        self.for_disc(b"")
    }

    fn for_disc(&self, id: &[u8]) -> Config {
        Config::parse(self.text, id)
    }
}

/// The decoder's tables, which are too large for any stack.
fn decoder() -> &'static mut Decoder {
    static DECODER: Kept<Decoder> = Kept(UnsafeCell::new(Decoder::new()));
    // SAFETY: Called once, by `start`, which the kernel runs once; nothing else names the static.
    unsafe { DECODER.take() }
}

/// Memory of the module's own that is handed out once, for good.
struct Kept<T>(UnsafeCell<T>);

// SAFETY: There is only one way to the value, and it may be gone once.
unsafe impl<T> Sync for Kept<T> {}

impl<T> Kept<T> {
    /// # Safety
    ///
    /// To be called once.
    #[expect(clippy::mut_from_ref, reason = "the one reference there is, by the contract above")]
    unsafe fn take(&self) -> &mut T {
        // SAFETY: By this function's contract there is no other reference.
        unsafe { &mut *self.0.get() }
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
            entries::remember(Functions::load(table));
            Functions::store(table, &entries::own());
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
            let still_ours = Functions::load(table) == entries::own();
            if still_ours {
                Functions::store(table, &entries::original());
            }
            still_ours
        }
    })
}

/// Takes the table over again when it could not be left for good.
fn take_again() {
    // SAFETY: As in `take`; the device is still there.
    without_interrupts(|| unsafe { Functions::store(*TAKEN.0.get(), &entries::own()) });
}
