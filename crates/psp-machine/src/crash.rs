//! The ways in which a run can end badly. Each is a failure of the driver (or of the test), never an answer
//! of the emulated kernel: its answers are ordinary return values.

use core::fmt;

use mips_cpu::Unmapped;

/// Why the machine stopped, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// What went wrong.
    pub cause: Cause,
    /// The kernel call or guest call it happened in.
    pub during: String,
    /// The last blocks of code that ran, newest last, as `name+offset` where a module is known.
    pub trail: Vec<String>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The processor stopped: access to unmapped memory (mostly a guard page), a misaligned word, or an
    /// unknown instruction.
    Processor {
        /// What Unicorn calls it.
        kind: String,
        /// Loads and stores in the last block whose addresses are not mapped.
        suspects: Vec<String>,
    },
    /// More instructions than one call may take.
    Endless {
        /// How many had run.
        instructions: u64,
    },
    /// More time on the machine's clock than one call may take.
    TimedOut {
        /// Microseconds since the call began.
        microseconds: u64,
    },
    /// A stub was called that does not lead to a known kernel function.
    UnknownImport {
        /// Its library.
        library: String,
        /// Its number there.
        nid: u32,
    },
    /// Every thread waits and nothing can wake one.
    Deadlock {
        /// Who waits for what.
        waiting: Vec<String>,
    },
    /// A register that belongs to the caller came back with another value.
    Register {
        /// Its name.
        name: &'static str,
        /// What it held before the call.
        expected: u32,
        /// What it held after it.
        got: u32,
    },
    /// The caller's own stack was written to. EABI callers reserve no home area for arguments.
    CallersStack {
        /// Bytes above the stack pointer of the call.
        offset: usize,
    },
    /// Bytes next to a buffer or memory block were overwritten.
    Overrun {
        /// Which one.
        what: String,
        /// First changed byte, relative to its start; negative if before it.
        offset: i64,
    },
    /// A kernel function got a pointer to unmapped memory.
    BadPointer {
        /// The pointer.
        address: u32,
        /// The number of bytes needed there.
        len: u32,
    },
    /// A kernel function was used in a way that the real kernel would not survive.
    Misuse {
        /// What is wrong.
        what: &'static str,
        /// The offending value.
        value: u32,
    },
    /// The call ended with interrupts suspended, or waited while they were.
    InterruptsSuspended,
    /// The driver table changed while interrupts were on.
    TableWrittenUnprotected,
    /// The machine crashed earlier and cannot continue.
    Dead,
}

impl From<Unmapped> for Cause {
    fn from(Unmapped { address, len }: Unmapped) -> Self {
        Self::BadPointer { address, len }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processor { kind, suspects } => {
                write!(f, "the processor stopped: {kind}; suspects: {suspects:?}")
            }
            Self::Endless { instructions } => write!(f, "no end after {instructions} instructions"),
            Self::TimedOut { microseconds } => write!(f, "no end after {microseconds} µs"),
            Self::UnknownImport { library, nid } => write!(f, "unknown import called: {library} {nid:#010X}"),
            Self::Deadlock { waiting } => write!(f, "deadlock: {}", waiting.join(", ")),
            Self::Register { name, expected, got } => {
                write!(f, "${name} not preserved: expected {expected:#010X}, got {got:#010X}")
            }
            Self::CallersStack { offset } => write!(f, "the caller's stack was written to at sp+{offset}"),
            Self::Overrun { what, offset } => write!(f, "{what} overrun at {offset}"),
            Self::BadPointer { address, len } => write!(f, "bad pointer {address:#010X} for {len} bytes"),
            Self::Misuse { what, value } => write!(f, "{what}: {value:#X}"),
            Self::InterruptsSuspended => f.write_str("interrupts left suspended"),
            Self::TableWrittenUnprotected => f.write_str("driver table written while interrupts were on"),
            Self::Dead => f.write_str("the machine crashed before"),
        }
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (during {})", self.cause, self.during)?;
        if !self.trail.is_empty() {
            write!(f, "\n  last blocks: {}", self.trail.join(" "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Crash {}
impl std::error::Error for Cause {}
