//! Starts and stops modules as the plugin loader of a custom firmware does (psp contract, section 1.2).

use super::Outcome;
use crate::abi::Args;
use crate::crash::{Cause, Crash};
use crate::kernel::threads::ENDED;
use crate::machine::{Caller, Module, Psp};
use crate::prx::library::{MODULE_START, MODULE_STOP};

/// Stack of the thread that runs a kernel module's start function.
const START_STACK: u32 = 4096;

impl Psp {
    /// Runs `module_start` with the module's own path; a negative answer unloads it.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn start(&mut self, module: &Module, path: &str) -> Result<Outcome, Crash> {
        let outcome = self.run_entry(module, MODULE_START, path)?;
        // A thread that is ended inside never returns to unload it.
        if outcome.is_error() && outcome.value != ENDED {
            self.unload(module)?;
        }
        Ok(outcome)
    }

    /// Runs `module_stop`; the module is unloaded unless it refuses.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn stop(&mut self, module: &Module) -> Result<Outcome, Crash> {
        let outcome = self.run_entry(module, MODULE_STOP, "")?;
        if !outcome.is_error() {
            self.unload(module)?;
        }
        Ok(outcome)
    }

    fn run_entry(&mut self, module: &Module, nid: u32, path: &str) -> Result<Outcome, Crash> {
        let during = format!("{} {nid:#010X}", module.info.name);
        let Some(entry) = module.info.entry(nid) else {
            return Err(self.crash(Cause::Misuse { what: "module without entry", value: nid }, during));
        };
        let (len, pointer) = match path {
            "" => (0, 0),
            path => (u32::try_from(path.len() + 1).expect("a path"), self.place_string(path)),
        };
        let caller = Caller { gp: module.info.gp, stack: START_STACK, ..Caller::kernel() };
        self.call_as(&during, caller, entry, &Args::new().word(len).word(pointer))
    }
}
