//! Runs kernel functions, one of which may be disturbed.

use crate::abi::Received;
use crate::crash::Cause;
use crate::exports::Known;
use crate::kernel::Answer;
use crate::kernel::disturbance::Disturbance;
use crate::machine::Psp;

/// How long after a suspension the card stays absent, in microseconds: its controller has to find it again.
const CARD_AFTER_RESUME: u64 = 500_000;

impl Psp {
    /// Makes something go wrong at the `number`-th kernel call from now on, counted from 1.
    pub fn disturb(&mut self, number: u64, what: Disturbance) {
        self.disturbance = Some((self.kernel.calls + number, what));
    }

    /// Whether a disturbance is still to come.
    pub fn is_to_be_disturbed(&self) -> bool {
        self.disturbance.is_some()
    }

    /// Runs a kernel function, disturbed if this is the call for it.
    pub(super) fn run_known(&mut self, known: &Known, received: Received) -> Result<Answer, Cause> {
        if let Some(called) = &mut self.called {
            called.push(known.name);
        }
        let number = self.kernel.calls;
        let Some((_, what)) = self.disturbance.take_if(|&mut (at, _)| at == number) else {
            return (known.run)(self, received);
        };
        let now = self.kernel.clock.now();
        match what {
            Disturbance::Returns(word) => return Ok(sign_extended(word)),
            Disturbance::ReturnsAfterwards(word) => {
                let answer = (known.run)(self, received)?;
                let immediate = matches!(answer, Answer::Word(_) | Answer::Long(_));
                return Ok(if immediate { sign_extended(word) } else { answer });
            }
            Disturbance::Short(most) => {
                let shorter = received.with_word(2, received.word(2).min(most));
                let transfers = ["sceIoRead", "sceIoWrite"].contains(&known.name);
                return (known.run)(self, if transfers { shorter } else { received });
            }
            Disturbance::Stale => self.kernel.card.make_descriptors_stale(),
            Disturbance::CardOut(microseconds) => self.kernel.card.remove_until(now + microseconds),
            Disturbance::Suspension(microseconds) if !self.kernel.interrupts.suspended => {
                self.kernel.clock.pass(microseconds);
                self.kernel.card.remove_until(now + microseconds + CARD_AFTER_RESUME);
            }
            Disturbance::Suspension(_) => (),
            Disturbance::MemoryGone => {
                let partition = self.kernel.memory.partitions.get_mut(1).expect("the kernel's partition");
                partition.limit = partition.used;
            }
        }
        (known.run)(self, received)
    }
}

/// An answer in $v0; in $v1 what a 64-bit result has there.
fn sign_extended(word: u32) -> Answer {
    Answer::Long(i64::from(word.cast_signed()))
}
