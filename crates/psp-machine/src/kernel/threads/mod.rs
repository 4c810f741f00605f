//! Threads and what they wait for. [`crate::machine`] decides which thread runs.

pub mod sync;

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
    /// This much of a semaphore (or a mutex, which is a semaphore with a maximum of one).
    Semaphore {
        /// Its number.
        id: u32,
        /// How much.
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
    /// Ready to run.
    Ready,
    /// Waits.
    Waiting(Wait),
    /// Has ended with this in $v1:$v0.
    Done(u64),
}

/// When a thread is ended from outside, as a game ends one of its threads: counted in kernel calls of the
/// thread. While interrupts are suspended nothing else can run, so then it happens at the next call after
/// that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is ended before this call does anything.
    Before(u64),
    /// The call completes but the thread never learns of it, or the thread is ended while waiting in it.
    After(u64),
}

/// The result of a call whose thread was ended from outside.
pub const ENDED: u32 = 0x8002_01AC;

/// One level of the calls that the kernel made into a thread.
pub struct Frame {
    /// Its name in errors.
    pub what: String,
    /// The caller's registers before the call.
    pub caller: Context,
    /// The call's stack.
    pub stack: Region,
    /// Bytes of memory that the kernel took for the stack.
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
    /// Its state.
    pub state: State,
    /// Calls from the kernel, innermost last.
    pub frames: Vec<Frame>,
    /// The function it was created for, and its stack size.
    pub entry: (u32, u32),
    /// Whether it is a call made by a test, which must end. Threads of the guest may run forever.
    pub is_call: bool,
    /// Instructions it has run; for a guest thread, since it last waited.
    pub instructions: u64,
    /// Kernel calls it has made.
    pub calls: u64,
    /// When it is ended from outside.
    pub ending: Option<Ending>,
    /// When it was started.
    pub since: u64,
    /// The peak use of its own stack.
    pub stack_peak: u32,
    /// The peak use of an extended stack.
    pub extended_peak: u32,
}

/// All threads and the objects they wait for.
#[derive(Default)]
pub struct Threads {
    /// By number.
    pub all: BTreeMap<ThreadId, Thread>,
    /// Semaphores, mutexes and event flags by number.
    pub objects: BTreeMap<u32, Sync>,
    /// The thread that runs now or ran last.
    pub current: ThreadId,
}

impl Threads {
    /// Threads that are ready to run.
    pub fn ready(&self) -> Vec<ThreadId> {
        self.all.iter().filter(|(_, thread)| thread.state == State::Ready).map(|(&id, _)| id).collect()
    }

    /// The earliest time at which a waiting thread times out or has waited long enough.
    pub fn next_timeout(&self) -> Option<u64> {
        self.all
            .values()
            .filter_map(|thread| if let State::Waiting(wait) = &thread.state { wait.until } else { None })
            .min()
    }

    /// A readable list of who waits for what.
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
