//! The machine's time. It advances with instructions, with card transfers and while all threads wait.

use super::{Answer, Known, answer};

const LIBRARY: &str = "ThreadManForKernel";
/// Instructions per microsecond: the console's usual clock, at one instruction per cycle.
const INSTRUCTIONS_PER_MICROSECOND: u64 = 222;

/// The machine's clock.
#[derive(Debug, Default)]
pub struct Clock {
    passed: u64,
    instructions: u64,
}

impl Clock {
    /// Microseconds since the machine was switched on.
    pub fn now(&self) -> u64 {
        self.passed + self.instructions / INSTRUCTIONS_PER_MICROSECOND
    }

    /// Advances the time.
    pub fn pass(&mut self, microseconds: u64) {
        self.passed += microseconds;
    }

    /// Advances the time by that of this many instructions.
    pub fn count(&mut self, instructions: u64) {
        self.instructions += instructions;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what it gives")]
pub(super) const FUNCTIONS: &[Known] = &[
    Known {
        library: LIBRARY,
        nid: 0x369E_D59D,
        name: "sceKernelGetSystemTimeLow",
        run: |psp, _| answer(psp.kernel.clock.now() as u32),
    },
    Known {
        library: LIBRARY,
        nid: 0x82BC_5777,
        name: "sceKernelGetSystemTimeWide",
        run: |psp, _| Ok(Answer::Long(i64::try_from(psp.kernel.clock.now()).unwrap_or(i64::MAX))),
    },
];
