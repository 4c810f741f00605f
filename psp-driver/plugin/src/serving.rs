//! The device that serves the game, and the one way to it.

use core::cell::Cell;

use umd_device::{ErrorCode, Failure, UmdDevice, persist};

use crate::kernel::card::{CardSlot, ImageCard};
use crate::kernel::interrupts::without_interrupts;
use crate::kernel::lock::Lock;
use crate::kernel::memory::Block;
use crate::kernel::stack::on_own_stack;

pub(crate) type Device = UmdDevice<'static, ImageCard>;

/// The device and the memory it works in.
pub(crate) struct Serving {
    // The order matters: what uses the memory is dropped before the memory.
    pub(crate) device: Device,
    pub(crate) _buffers: Block,
    pub(crate) volume: Block,
}

/// Everything that requests share; empty until the driver takes over.
pub(crate) static SERVING: Lock<Option<Serving>> = Lock::new(None);

/// How many requests are under way, waiting ones included.
static UNDER_WAY: Count = Count(Cell::new(0));

struct Count(Cell<u32>);

// SAFETY: Only used with interrupts suspended, so by one thread at a time.
unsafe impl Sync for Count {}

impl Count {
    fn add(&self, change: u32) {
        without_interrupts(|| self.0.set(self.0.get().wrapping_add(change)));
    }

    fn get(&self) -> u32 {
        without_interrupts(|| self.0.get())
    }
}

/// Answers a request: takes the lock, makes an attempt on a stack of its own, gives the lock back, and waits
/// for the card when it failed; until there is a result or an end of patience.
///
/// Returns what the kernel gets: a result from 0 up, or a negative code.
pub(crate) fn serve(request: &mut dyn FnMut(&mut Device) -> Result<i32, Failure>) -> i32 {
    UNDER_WAY.add(1);
    let result = persist(&CardSlot, || {
        let mut guard = SERVING.lock()?;
        let serving = guard.as_mut().ok_or(ErrorCode::NotReady)?;
        on_own_stack(|| request(&mut serving.device)).unwrap_or(Err(ErrorCode::NotReady.into()))
    });
    UNDER_WAY.add(1_u32.wrapping_neg());
    match result {
        Ok(value) => value,
        Err(code) => code.code(),
    }
}

/// Returns whether any request is under way.
pub(crate) fn any_under_way() -> bool {
    UNDER_WAY.get() != 0
}
