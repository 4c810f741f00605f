//! How long something is tried again when the card fails.

use crate::error::{ErrorCode, Failure};

/// A request is given up when the card has kept failing for this time, in microseconds.
pub const PATIENCE_MICROS: u32 = 4_000_000;

/// The same for everything that is read while the driver starts, together: the console waits for it.
pub const START_PATIENCE_MICROS: u32 = 1_000_000;

/// A request is tried again at most this often.
pub const MAX_RETRIES: u32 = 16;

/// The pause before the second retry. The first is made at once: a descriptor that went stale while the
/// console slept needs no pause. Each further pause is twice as long, up to `LONGEST_PAUSE_MICROS`.
const FIRST_PAUSE_MICROS: u32 = 10_000;
const LONGEST_PAUSE_MICROS: u32 = 320_000;

/// How often an absent card is asked for.
const POLL_MICROS: u32 = 20_000;

/// The kernel functions that waiting needs.
pub trait Host {
    /// Microseconds from some beginning; wraps round.
    fn now(&self) -> u32;

    /// Lets other threads run for this many microseconds.
    fn sleep(&self, micros: u32);

    /// Returns whether the card is in, as far as can be told.
    fn card_ready(&self) -> bool;

    /// Called before each retry.
    fn note_retry(&self) {}
}

/// What is left of the patience with a card.
///
/// Its clock starts at the first failure: an attempt that took long before it failed is repeated all the same.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    micros: u32,
    /// When the first attempt had failed.
    since: Option<u32>,
    pause: u32,
    retries_left: u32,
}

impl Patience {
    /// For so many microseconds from the first failure on.
    pub const fn new(micros: u32) -> Self {
        Self { micros, since: None, pause: 0, retries_left: MAX_RETRIES }
    }

    /// To be called after a failed attempt: waits as long as it makes sense and returns whether to make another.
    pub fn again(&mut self, host: &impl Host) -> bool {
        let since = *self.since.get_or_insert_with(|| host.now());
        let out_of_time = || host.now().wrapping_sub(since) >= self.micros;
        if self.retries_left == 0 {
            return false;
        }
        self.retries_left -= 1;
        host.sleep(self.pause);
        self.pause = (2 * self.pause).clamp(FIRST_PAUSE_MICROS, LONGEST_PAUSE_MICROS);
        loop {
            if out_of_time() {
                return false;
            }
            if host.card_ready() {
                host.note_retry();
                return true;
            }
            host.sleep(POLL_MICROS);
        }
    }
}

/// Makes attempts until one succeeds, is refused, or patience ends.
///
/// `attempt` must hold nothing that others wait for when it returns.
///
/// # Errors
///
/// The code that an attempt was refused with, or [`ErrorCode::NoMedium`] when the card kept failing for
/// [`PATIENCE_MICROS`] or [`MAX_RETRIES`] retries.
pub fn persist<T>(host: &impl Host, mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, ErrorCode> {
    let mut patience = Patience::new(PATIENCE_MICROS);
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(Failure::Refused(code)) => return Err(code),
            Err(Failure::Card) if patience.again(host) => {}
            Err(Failure::Card) => return Err(ErrorCode::NoMedium),
        }
    }
}
