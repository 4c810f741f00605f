//! Semaphores, mutexes and event flags.

use super::{State, Threads, Wait, WaitFor};
use crate::abi::register;
use crate::crash::Cause;
use mips_cpu::Cpu;

/// The result of a wait that timed out.
pub const TIMED_OUT: u32 = 0x8002_01A8;
/// The result of a wait whose object was deleted.
pub const DELETED: u32 = 0x8002_01B5;
/// The result of a wait that was cancelled.
pub const CANCELLED: u32 = 0x8002_01A9;

const MODE_ANY: u32 = 1;
const MODE_CLEAR_ALL: u32 = 0x10;
const MODE_CLEAR_FOUND: u32 = 0x20;

/// Something threads wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// A semaphore; a mutex is one with a maximum of 1 and an owner.
    Semaphore {
        /// The number currently free.
        count: u32,
        /// The maximum number.
        max: u32,
        /// Thread that holds a mutex.
        owner: Option<u32>,
    },
    /// An event flag.
    Event {
        /// Its bits.
        bits: u32,
    },
}

impl Threads {
    /// Takes from a semaphore or finds event bits if that is possible now; returns the bits found.
    pub fn try_take(&mut self, what: WaitFor, thread: u32) -> Option<u32> {
        match (what, self.objects.get_mut(&id_of(what)?)?) {
            (WaitFor::Semaphore { count: wanted, .. }, Sync::Semaphore { count, owner, max }) => {
                *count = count.checked_sub(wanted)?;
                if *max == 1 {
                    *owner = Some(thread);
                }
                Some(0)
            }
            (WaitFor::Event { bits: wanted, mode, .. }, Sync::Event { bits }) => {
                let found = *bits;
                let enough =
                    if mode & MODE_ANY != 0 { found & wanted != 0 } else { found & wanted == wanted };
                if !enough {
                    return None;
                }
                if mode & MODE_CLEAR_ALL != 0 {
                    *bits = 0;
                } else if mode & MODE_CLEAR_FOUND != 0 {
                    *bits &= !wanted;
                }
                Some(found)
            }
            _ => None,
        }
    }

    /// Wakes every thread whose wait has ended by now.
    ///
    /// # Errors
    ///
    /// When a thread requested its event bits at an unmapped address.
    pub fn wake(&mut self, cpu: &mut Cpu, now: u64) -> Result<(), Cause> {
        let waiting: Vec<(u32, Wait)> = self
            .all
            .iter()
            .filter_map(
                |(&id, thread)| if let State::Waiting(wait) = thread.state { Some((id, wait)) } else { None },
            )
            .collect();
        for (id, wait) in waiting {
            let answer = if let Some(found) = self.try_take(wait.what, id) {
                if let WaitFor::Event { out, .. } = wait.what
                    && out != 0
                {
                    cpu.write_word(out, found)?;
                }
                0
            } else if let WaitFor::ThreadEnd { id: other } = wait.what {
                match self.all.get(&other).map(|thread| &thread.state) {
                    #[expect(clippy::cast_possible_truncation, reason = "the status is a word")]
                    Some(State::Done(status)) => *status as u32,
                    None => DELETED,
                    Some(_) if wait.until.is_some_and(|time| time <= now) => TIMED_OUT,
                    Some(_) => continue,
                }
            } else if wait.what == WaitFor::Time && wait.until.is_some_and(|time| time <= now) {
                0
            } else if id_of(wait.what).is_some_and(|object| !self.objects.contains_key(&object)) {
                DELETED
            } else if wait.until.is_some_and(|time| time <= now) {
                TIMED_OUT
            } else {
                continue;
            };
            if let Some(thread) = self.all.get_mut(&id) {
                thread.state = State::Ready;
                thread.context.general[register::V0] = answer;
            }
        }
        Ok(())
    }

    /// Ends all waits for an object with an answer; returns how many.
    pub fn cancel(&mut self, object: u32, answer: u32) -> u32 {
        let mut woken = 0;
        for thread in self.all.values_mut() {
            if let State::Waiting(wait) = thread.state
                && id_of(wait.what) == Some(object)
            {
                thread.state = State::Ready;
                thread.context.general[register::V0] = answer;
                woken += 1;
            }
        }
        woken
    }
}

fn id_of(what: WaitFor) -> Option<u32> {
    match what {
        WaitFor::Semaphore { id, .. } | WaitFor::Event { id, .. } => Some(id),
        WaitFor::Time | WaitFor::ThreadEnd { .. } => None,
    }
}
