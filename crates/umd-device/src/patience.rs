//! How long a request is tried again when the card fails.

use crate::error::{ErrorCode, Failure};

/// A request is given up after this time, in microseconds.
pub const PATIENCE_MICROS: u32 = 4_000_000;

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

/// Makes attempts until one succeeds, is refused, or patience ends.
///
/// `attempt` must hold nothing that others wait for when it returns.
///
/// # Errors
///
/// The code that an attempt was refused with, or [`ErrorCode::NoMedium`] when the card kept failing for
/// [`PATIENCE_MICROS`] or [`MAX_RETRIES`] retries.
pub fn persist<T>(host: &impl Host, mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, ErrorCode> {
    let started = host.now();
    let out_of_time = || host.now().wrapping_sub(started) >= PATIENCE_MICROS;
    let mut pause = 0;
    let mut retries_left = MAX_RETRIES;
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(Failure::Refused(code)) => return Err(code),
            Err(Failure::Card) if retries_left == 0 => return Err(ErrorCode::NoMedium),
            Err(Failure::Card) => retries_left -= 1,
        }
        host.sleep(pause);
        pause = (2 * pause).clamp(FIRST_PAUSE_MICROS, LONGEST_PAUSE_MICROS);
        while !host.card_ready() {
            if out_of_time() {
                return Err(ErrorCode::NoMedium);
            }
            host.sleep(POLL_MICROS);
        }
        if out_of_time() {
            return Err(ErrorCode::NoMedium);
        }
        host.note_retry();
    }
}
