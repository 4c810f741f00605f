//! Which thread runs next. Threads change only at kernel calls.

use super::Psp;
use crate::crash::{Cause, Crash};
use crate::kernel::threads::ThreadId;

/// When to let another thread run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interleave {
    /// When the running one waits.
    WhenWaiting,
    /// At every kernel call, in turn.
    EveryCall,
    /// At random kernel calls.
    Random,
}

impl Psp {
    /// The thread to run now. Time advances until there is one.
    pub(crate) fn pick(&mut self) -> Result<ThreadId, Crash> {
        loop {
            let now = self.kernel.clock.now();
            self.kernel
                .threads
                .wake(&mut self.cpu, now)
                .map_err(|cause| self.crash(cause, "waking threads".to_owned()))?;
            let ready = self.kernel.threads.ready();
            let current = self.kernel.threads.current;
            if self.kernel.interrupts.suspended && self.kernel.threads.all.contains_key(&current) {
                return if ready.contains(&current) {
                    Ok(current)
                } else {
                    Err(self.crash(Cause::InterruptsSuspended, "a wait".to_owned()))
                };
            }
            if let Some(id) = self.choose(&ready, current) {
                return Ok(id);
            }
            let Some(time) = self.kernel.threads.next_timeout() else {
                let waiting = self.kernel.threads.waiting();
                return Err(self.crash(Cause::Deadlock { waiting }, "all threads".to_owned()));
            };
            self.kernel.clock.pass(time.saturating_sub(now));
        }
    }

    fn choose(&mut self, ready: &[ThreadId], current: ThreadId) -> Option<ThreadId> {
        let next = || ready.iter().copied().find(|&id| id > current).or(ready.first().copied());
        match self.interleave {
            Interleave::WhenWaiting if ready.contains(&current) => Some(current),
            Interleave::WhenWaiting | Interleave::EveryCall => next(),
            Interleave::Random => {
                // xorshift64, by Marsaglia: repeatable, and good enough for this.
                self.random ^= self.random << 13;
                self.random ^= self.random >> 7;
                self.random ^= self.random << 17;
                let at = usize::try_from(self.random >> 33).expect("31 bits") % ready.len().max(1);
                ready.get(at).copied()
            }
        }
    }
}
