//! The device that serves the game, and the only access to it.

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
    // The order matters: users of the memory are dropped before the memory.
    pub(crate) device: Device,
    #[expect(dead_code, reason = "kept until the device is dropped")]
    pub(crate) buffers: Block,
    pub(crate) volume: Block,
    /// The image that is served.
    pub(crate) image: &'static Path,
}

impl Slot<Serving> {
    /// Frees everything except, if the file system reads it, the volume descriptor: it may be read as long
    /// as the disc is mounted, so 2 KiB stay allocated.
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

/// State shared by all requests; empty until the driver takes over.
pub(crate) static SERVING: Lock<Slot<Serving>> = Lock::new(Slot::Empty);

/// Number of active requests, including waiting ones.
static UNDER_WAY: Count = Count::new();

/// Answers a request: takes the lock, makes an attempt on a separate stack, releases the lock, and, if the
/// attempt failed, waits for the card. Repeats this until it succeeds or times out.
///
/// Returns what the kernel gets: a result from 0 up, or a negative code. For some codes
/// ([`is_for_firmware`]) the caller should ask the firmware's own driver.
pub(crate) fn serve(mut request: impl FnMut(&mut Device) -> Result<i32, Failure>) -> i32 {
    answer(&mut request, true)
}

/// The same for requests that do not depend on the content of the disc.
pub(crate) fn serve_any_disc(mut request: impl FnMut(&mut Device) -> Result<i32, Failure>) -> i32 {
    answer(&mut request, false)
}

/// Whether a request failed because the driver does not serve the current disc, or because the device is
/// not accessible. The firmware's driver can then answer requests that are not about a descriptor of ours.
pub(crate) fn is_for_firmware(result: i32) -> bool {
    result == ErrorCode::Replaced.code() || result == ErrorCode::NotReady.code()
}

/// A closure called through a pointer, so that there is one `answer` for all. A custom trait takes half the
/// code of the closure traits.
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
        // Checked on every attempt: whatever changes the disc, and however the game learns of it, bytes of
        // the old disc are never served for the new one. A different path is left to the firmware's driver.
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

/// Returns whether any request is active.
pub(crate) fn any_under_way() -> bool {
    UNDER_WAY.get() != 0
}

/// Runs `look` on the device. `None` if there is none.
pub(crate) fn with_device<R>(look: impl FnOnce(&Device) -> R) -> Option<R> {
    let guard = SERVING.lock().ok()?;
    guard.as_ref().map(|serving| look(&serving.device))
}

/// Returns the counters so far. `None` if there is no device.
#[inline(never)]
pub(crate) fn counters() -> Option<Counters> {
    with_device(|device| Counters { retries: RETRIES.get(), ..device.counters() })
}
