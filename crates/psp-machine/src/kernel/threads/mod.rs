//! Threads and what they wait for. Which thread runs is decided in [`crate::machine`].

mod functions;
pub mod sync;

pub(super) use functions::FUNCTIONS;

use std::collections::BTreeMap;

use crate::memory::Region;
use mips_cpu::Context;
use sync::Sync;

/// Number of a thread.
pub type ThreadId = u32;

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// What wakes it.
    pub what: WaitFor,
    /// When it gives up, in microseconds of the machine's clock.
    pub until: Option<u64>,
}

/// What wakes a waiting thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// Only time.
    Time,
    /// So many of a semaphore (or a mutex, which is one of one).
    Semaphore {
        /// Its number.
        id: u32,
        /// How many.
        count: u32,
    },
    /// Any of these bits of an event flag, or all.
    Event {
        /// Its number.
        id: u32,
        /// The bits.
        bits: u32,
        /// Waiting mode of the kernel: 1 any, 0 all, 0x20 clear what was found.
        mode: u32,
        /// Where the bits found are written, or 0.
        out: u32,
    },
    /// The end of another thread.
    ThreadEnd {
        /// Its number.
        id: ThreadId,
    },
}

/// What a thread is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Created, not started.
    Dormant,
    /// Could run.
    Ready,
    /// Waits.
    Waiting(Wait),
    /// Has ended with this in $v1:$v0.
    Done(u64),
}

/// When a thread is ended from outside, as a game ends one of its own: counted in kernel calls that the thread makes.
/// With interrupts suspended nobody else runs, so then it is the next call after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is ended before this call does anything.
    Before(u64),
    /// The call is done, and the thread never learns of it; or it is ended while it waits in there.
    After(u64),
}

/// What a call gives that was ended from outside.
pub const ENDED: u32 = 0x8002_01AC;

/// One level of a thread's calls that the kernel made.
pub struct Frame {
    /// What it is, as errors name it.
    pub what: String,
    /// The registers of whoever made the call, as they were before it.
    pub caller: Context,
    /// The stack the call got.
    pub stack: Region,
    /// Bytes of memory the kernel took for the stack.
    pub charged: u32,
    /// Whether the thread's own stack was extended for it.
    pub is_extension: bool,
    /// The lowest stack pointer at a kernel call.
    pub lowest: u32,
}

/// A guest thread.
pub struct Thread {
    /// Its name.
    pub name: String,
    /// Its registers while it does not run.
    pub context: Context,
    /// What it is doing.
    pub state: State,
    /// Calls from the kernel, innermost last.
    pub frames: Vec<Frame>,
    /// Function it was created for, and its stack size.
    pub entry: (u32, u32),
    /// Whether it is a call that a test made, which has to end. Threads of the guest may go on for ever.
    pub is_call: bool,
    /// Instructions that it has run; a thread of the guest, since it last waited.
    pub instructions: u64,
    /// Kernel calls that it has made.
    pub calls: u64,
    /// When it is ended from outside.
    pub ending: Option<Ending>,
    /// When it was started.
    pub since: u64,
    /// The deepest use of its own stack.
    pub stack_peak: u32,
    /// The deepest use of an extended stack.
    pub extended_peak: u32,
}

/// All threads and the objects they wait for.
#[derive(Default)]
pub struct Threads {
    /// By number.
    pub all: BTreeMap<ThreadId, Thread>,
    /// Semaphores, mutexes and event flags by number.
    pub objects: BTreeMap<u32, Sync>,
    /// Who runs now or ran last.
    pub current: ThreadId,
}

impl Threads {
    /// Threads that could run.
    pub fn ready(&self) -> Vec<ThreadId> {
        self.all.iter().filter(|(_, thread)| thread.state == State::Ready).map(|(&id, _)| id).collect()
    }

    /// The earliest time at which a waiting thread gives up or has waited enough.
    pub fn next_timeout(&self) -> Option<u64> {
        self.all
            .values()
            .filter_map(|thread| if let State::Waiting(wait) = &thread.state { wait.until } else { None })
            .min()
    }

    /// Who waits for what, for a person to read.
    pub fn waiting(&self) -> Vec<String> {
        self.all
            .values()
            .filter_map(|thread| match &thread.state {
                State::Waiting(wait) => Some(format!("{} waits for {:?}", thread.name, wait.what)),
                _ => None,
            })
            .collect()
    }
}
