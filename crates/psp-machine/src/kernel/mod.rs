//! The kernel's state, one file per kernel module. The functions that work on it are in [`crate::exports`].

pub mod clock;
pub mod disturbance;
pub mod init;
pub mod interrupts;
pub mod io;
pub mod modules;
pub mod sysevent;
pub mod sysmem;
pub mod systemctrl;
pub mod threads;

/// How a thread continues after a kernel function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With this in $v0.
    Word(u32),
    /// With this in $v1:$v0.
    Long(i64),
    /// When this has happened; the waker supplies the answer.
    Wait(threads::Wait),
    /// In `function(argument)` on a separate stack, then with the function's answer.
    OnExtendedStack {
        /// Size of the stack in bytes.
        bytes: u32,
        /// Guest address of the function.
        function: u32,
        /// Its only argument.
        argument: u32,
    },
    /// Not at all: the thread exits with this status.
    Exit(u32),
}

/// The whole state of the kernel.
#[derive(Default)]
pub struct Kernel {
    /// Time since the machine was switched on.
    pub clock: clock::Clock,
    /// What was started, and from where.
    pub init: init::Init,
    /// Whether interrupts are on.
    pub interrupts: interrupts::Interrupts,
    /// The memory card and open files.
    pub card: io::Card,
    /// Modules that can be found by name.
    pub modules: modules::Modules,
    /// Suspend and resume handlers.
    pub sysevents: sysevent::SysEvents,
    /// Memory partitions.
    pub memory: sysmem::SysMem,
    /// The custom firmware's part.
    pub system: systemctrl::SystemControl,
    /// Threads and what they wait for.
    pub threads: threads::Threads,
    /// How many times its functions were called.
    pub calls: u64,
    last_id: u32,
}

impl Kernel {
    /// A number for a new kernel object.
    pub fn new_id(&mut self) -> u32 {
        self.last_id += 2;
        0x0400_0001 + self.last_id
    }
}
