//! The device that serves the game, and the one way to it.

use umd_device::{Counters, ErrorCode, Failure, UmdDevice, persist};

use crate::kernel::card::{CardSlot, ImageCard, Path, RETRIES};
use crate::kernel::count::Count;
use crate::kernel::firmware;
use crate::kernel::lock::Lock;
use crate::kernel::memory::Block;
use crate::kernel::slot::Slot;
use crate::kernel::stack::on_own_stack;

pub(crate) type Device = UmdDevice<'static, ImageCard>;

/// The device and the memory it works in.
pub(crate) struct Serving {
    // The order matters: what uses the memory is dropped before the memory.
    pub(crate) device: Device,
    #[expect(dead_code, reason = "kept until the device is dropped")]
    pub(crate) buffers: Block,
    pub(crate) volume: Block,
    /// The image that is served.
    pub(crate) image: &'static Path,
}

impl Slot<Serving> {
    /// Gives everything back, but the volume descriptor if the file system reads there: it may do so as long as the
    /// disc is mounted, so 2 KiB stay behind.
    #[inline(never)]
    pub(crate) fn end(&mut self) {
        if let Some(serving) = self.as_mut()
            && serving.device.volume_lent()
        {
            serving.volume.keep();
        }
        *self = Self::Empty;
    }
}

/// Everything that requests share; empty until the driver takes over.
pub(crate) static SERVING: Lock<Slot<Serving>> = Lock::new(Slot::Empty);

/// How many requests are under way, waiting ones included.
static UNDER_WAY: Count = Count::new();

/// Answers a request: takes the lock, makes an attempt on a stack of its own, gives the lock back, and waits
/// for the card when it failed; until there is a result or an end of patience.
///
/// Returns what the kernel gets: a result from 0 up, or a negative code. For some codes
/// ([`is_for_firmware`]) the firmware's own driver is to be asked.
pub(crate) fn serve(mut request: impl FnMut(&mut Device) -> Result<i32, Failure>) -> i32 {
    answer(&mut request, true)
}

/// The same for requests that have nothing to do with what is on the disc.
pub(crate) fn serve_any_disc(mut request: impl FnMut(&mut Device) -> Result<i32, Failure>) -> i32 {
    answer(&mut request, false)
}

/// Whether a request came to nothing because the disc is not the driver's now, or the device cannot be reached: the
/// firmware's driver can answer what is not about a descriptor of ours.
pub(crate) fn is_for_firmware(result: i32) -> bool {
    result == ErrorCode::Replaced.code() || result == ErrorCode::NotReady.code()
}

/// A closure behind a pointer, so that there is one `answer` for all. As a trait of its own it takes half of
/// the code that the closures' own trait does.
trait Request {
    fn attempt(&mut self, device: &mut Device) -> Result<i32, Failure>;
}

impl<F: FnMut(&mut Device) -> Result<i32, Failure>> Request for F {
    fn attempt(&mut self, device: &mut Device) -> Result<i32, Failure> {
        self(device)
    }
}

fn answer(request: &mut dyn Request, of_this_disc: bool) -> i32 {
    UNDER_WAY.add(1);
    let result = persist(&CardSlot, || {
        let mut guard = SERVING.lock_quickly()?;
        let serving = guard.as_mut().ok_or(ErrorCode::NotReady)?;
        // Looked at for every attempt: whatever changes the disc, and however the game learns of it, no byte of the old
        // one is served for the new one. The firmware's driver knows better what another path means.
        if of_this_disc && !firmware::names(serving.image) {
            return Err(ErrorCode::Replaced.into());
        }
        on_own_stack(|| request.attempt(&mut serving.device)).unwrap_or(Err(ErrorCode::NotReady.into()))
    });
    UNDER_WAY.add(-1);
    match result {
        Ok(value) => value,
        Err(code) => code.code(),
    }
}

/// Returns whether any request is under way.
pub(crate) fn any_under_way() -> bool {
    UNDER_WAY.get() != 0
}

/// Looks at the device. `None` when there is none.
pub(crate) fn with_device<R>(look: impl FnOnce(&Device) -> R) -> Option<R> {
    let guard = SERVING.lock().ok()?;
    guard.as_ref().map(|serving| look(&serving.device))
}

/// Returns what was done so far. `None` when there is no device.
#[inline(never)]
pub(crate) fn counters() -> Option<Counters> {
    with_device(|device| Counters { retries: RETRIES.get(), ..device.counters() })
}
