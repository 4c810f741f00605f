//! The machine's time. It advances with instructions, with card transfers and while all threads wait.

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
