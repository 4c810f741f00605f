//! The kernel as the driver sees it: one file per kernel module, each with the functions it exports.
//!
//! A function receives its arguments by the kernel's calling convention, does its work on the host
//! immediately, and says how the thread continues. Error numbers are those of the console (psp contract,
//! sections 3.8 and 4).

pub mod clock;
pub mod init;
pub mod interrupts;
pub mod io;
pub mod modules;
pub mod sysclib;
pub mod sysevent;
pub mod sysmem;
pub mod systemctrl;
pub mod threads;

use crate::abi::Received;
use crate::crash::Cause;
use crate::machine::Psp;

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

/// A function that the kernel exports.
pub struct Known {
    /// Library it belongs to.
    pub library: &'static str,
    /// Its number there on firmware 6.60 and 6.61.
    pub nid: u32,
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub run: fn(&mut Psp, Received) -> Result<Answer, Cause>,
}

/// Finds an exported function.
pub fn find(library: &str, nid: u32) -> Option<&'static Known> {
    let tables: [&'static [Known]; 10] = [
        clock::FUNCTIONS,
        init::FUNCTIONS,
        interrupts::FUNCTIONS,
        io::FUNCTIONS,
        modules::FUNCTIONS,
        sysclib::FUNCTIONS,
        sysevent::FUNCTIONS,
        sysmem::FUNCTIONS,
        systemctrl::FUNCTIONS,
        threads::FUNCTIONS,
    ];
    tables.into_iter().flatten().find(|known| known.library == library && known.nid == nid)
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

const OK: Result<Answer, Cause> = Ok(Answer::Word(0));

fn answer(word: u32) -> Result<Answer, Cause> {
    Ok(Answer::Word(word))
}
