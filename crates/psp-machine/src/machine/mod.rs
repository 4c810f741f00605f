//! The machine: processor, memory and kernel in one, and the modules in it.
//!
//! Here is what the machine consists of. [`crate::run`] runs guest code on it, which calls the kernel's
//! functions in [`crate::exports`] and the fake driver in [`crate::inferno`].

mod drivers;
mod module;
mod schedule;
mod surroundings;
mod threads;

use std::collections::BTreeMap;

pub use drivers::FileArg;
pub use module::{LoadError, Module};
pub use schedule::Interleave;
pub use threads::Caller;

use crate::crash::{Cause, Crash};
use crate::inferno::Inferno;
use crate::kernel::Kernel;
use crate::kernel::disturbance::Disturbance;
use crate::kernel::threads::Ending;
use crate::memory::{Memory, Place, Region, Space};
use mips_cpu::{Cpu, Trap};

/// Where a call from the kernel returns to.
pub(crate) const RETURN: Trap = Trap(0);

/// What a trap slot leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A kernel function, known or not.
    Kernel { library: String, nid: u32 },
    /// An entry of the fake driver's table, by its offset.
    Inferno(u32),
}

/// An emulated PSP.
pub struct Psp {
    /// Its processor and the bytes in memory.
    pub cpu: Cpu,
    /// The owners of all memory.
    pub memory: Memory,
    /// Its kernel.
    pub kernel: Kernel,
    /// The custom firmware's driver, registered before ours.
    pub inferno: Inferno,
    /// When to let another thread run.
    pub interleave: Interleave,
    /// How many instructions one call may take.
    pub instruction_limit: u64,
    /// How many microseconds of the machine's clock one call may take.
    pub time_limit: u64,
    /// When to end the thread of the next call from outside; applies only to that call.
    pub end_next_call: Option<Ending>,
    /// What goes wrong at the kernel call of this number.
    pub(crate) disturbance: Option<(u64, Disturbance)>,
    /// The names of the kernel functions called, if they are recorded.
    pub called: Option<Vec<&'static str>>,
    /// Microseconds that pass in every kernel call, whatever it does.
    pub time_per_call: u64,
    /// The remainder of string addresses divided by 4. The usual 2 is that of the image's path on ARK.
    pub string_alignment: u32,
    /// Structure and name passed with device commands, once they are needed.
    device_file: Option<(FileArg, u32)>,
    modules: Vec<Module>,
    targets: Vec<Target>,
    slots: BTreeMap<Target, Trap>,
    /// The driver table as it was when interrupts were last on.
    table: Vec<u8>,
    /// Whether a run ended badly. Nothing runs after that.
    pub(crate) dead: bool,
    random: u64,
}

impl Psp {
    /// Turns on a machine that has started an image, with the fake driver registered as "umd".
    pub fn new() -> Self {
        let mut psp = Self::without_driver();
        psp.register_usual_driver();
        psp
    }

    /// Turns on a machine without a registered image driver.
    pub fn without_driver() -> Self {
        Self {
            cpu: Cpu::new(),
            memory: Memory::default(),
            kernel: Kernel::default(),
            inferno: Inferno::default(),
            interleave: Interleave::WhenWaiting,
            instruction_limit: 400_000_000,
            time_limit: 30_000_000,
            end_next_call: None,
            disturbance: None,
            called: None,
            time_per_call: 1,
            string_alignment: 2,
            device_file: None,
            modules: Vec::new(),
            targets: Vec::new(),
            slots: BTreeMap::new(),
            table: Vec::new(),
            dead: false,
            random: 0x9E37_79B9_7F4A_7C15,
        }
    }

    /// Puts bytes into newly allocated kernel memory, permanently; returns their address.
    pub fn place(&mut self, what: &'static str, bytes: &[u8]) -> u32 {
        let len = u32::try_from(bytes.len()).expect("small").next_multiple_of(4);
        let region = self.memory.take(&mut self.cpu, what, Space::Kernel, len, Place::Last { slack: 0 });
        self.cpu.write(region.start, bytes).expect("just mapped");
        region.start
    }

    /// Puts instructions into newly allocated kernel memory, permanently; returns their address.
    pub fn place_code(&mut self, words: &[u32]) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let len = u32::try_from(bytes.len()).expect("small");
        let region = self.memory.take_code(&mut self.cpu, "code", len, Place::Last { slack: 0 });
        self.cpu.write(region.start, &bytes).expect("just mapped");
        region.start
    }

    /// Lends guest memory to a call.
    pub fn lend(&mut self, space: Space, len: u32, place: Place) -> Region {
        self.memory.take(&mut self.cpu, "caller's buffer", space, len, place)
    }

    /// Takes back lent memory and reads its contents.
    ///
    /// # Errors
    ///
    /// When bytes next to it were changed.
    pub fn take_back(&mut self, region: &Region) -> Result<Vec<u8>, Cause> {
        self.memory.give_back(&self.cpu, region)?;
        let mut bytes = vec![0; region.len as usize];
        self.cpu.read(region.start, &mut bytes)?;
        Ok(bytes)
    }

    /// The trap slot for a kernel function, known or not; the same for all callers.
    pub fn kernel_function(&mut self, library: &str, nid: u32) -> Trap {
        self.trap(Target::Kernel { library: library.to_owned(), nid })
    }

    fn trap(&mut self, target: Target) -> Trap {
        if let Some(&trap) = self.slots.get(&target) {
            return trap;
        }
        self.targets.push(target.clone());
        let trap = Trap(u32::try_from(self.targets.len()).expect("few targets"));
        self.slots.insert(target, trap);
        trap
    }

    /// What a trap slot other than [`RETURN`] leads to.
    pub(crate) fn target(&self, trap: Trap) -> Option<&Target> {
        self.targets.get(trap.0.checked_sub(1)? as usize)
    }

    /// Accepts the current driver table as correct. In the guest, only the end of a stretch without
    /// interrupts does this; tests do it after changing the table themselves.
    pub fn accept_driver_table(&mut self) {
        self.table = self.inferno.table_bytes(&self.cpu);
    }

    pub(crate) fn check_driver_table(&self) -> Result<(), Cause> {
        if self.kernel.interrupts.suspended || self.inferno.table_bytes(&self.cpu) == self.table {
            Ok(())
        } else {
            Err(Cause::TableWrittenUnprotected)
        }
    }

    /// Checks the bytes next to every memory block and module.
    ///
    /// # Errors
    ///
    /// The first that was overrun.
    pub fn check_guards(&self) -> Result<(), Cause> {
        let blocks = self.kernel.memory.partitions.blocks.values().map(|block| &block.region);
        let modules = self.modules.iter().map(|module| &module.region);
        blocks.chain(modules).try_for_each(|region| crate::memory::check_margins(&self.cpu, region))
    }

    pub(crate) fn crash_in(&mut self, cause: Cause, during: &str) -> Crash {
        self.crash(cause, during.to_owned())
    }

    fn device(&mut self) -> (FileArg, u32) {
        if let Some(device) = self.device_file {
            return device;
        }
        let device = (self.file_arg(0), self.place_string(""));
        self.device_file = Some(device);
        device
    }

    /// The descriptor structure passed with device commands.
    pub(crate) fn device_file(&mut self) -> FileArg {
        self.device().0
    }

    /// The part after the colon of "umd0:".
    pub(crate) fn empty_name(&mut self) -> u32 {
        self.device().1
    }

    pub(crate) fn crash(&mut self, cause: Cause, during: String) -> Crash {
        self.dead = true;
        let trail = self.cpu.trail().into_iter().map(|(address, _)| self.name_address(address)).collect();
        Crash { cause, during, trail }
    }

    fn name_address(&self, address: u32) -> String {
        self.modules
            .iter()
            .find(|module| (module.region.start..module.region.end()).contains(&address))
            .map_or_else(
                || format!("{address:#010X}"),
                |module| format!("{}+{:#X}", module.info.name, address - module.region.start),
            )
    }
}

impl Default for Psp {
    fn default() -> Self {
        Self::new()
    }
}
