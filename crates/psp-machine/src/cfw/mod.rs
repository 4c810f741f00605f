//! The custom firmwares: what a plugin finds when each of them starts something, and the source of each
//! value.
//!
//! [`ROWS`] is the table; [`Row::boot`] makes a machine from a row. If a value was only assumed, the row says
//! so: tests do not make it true.

mod sources;
mod table;

pub use sources::{Source, Sources, Witness};
pub use table::ROWS;

use crate::exports::systemctrl;
use crate::machine::Psp;

/// What a plugin finds when a custom firmware starts something on a model.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Firmware, model, and what is started.
    pub name: &'static str,
    /// Answer of `sceKernelGetModel`: 0 is the PSP-1000, 1 the 2000, 2 the 3000, 4 the Go.
    pub model: u32,
    /// Answer of `sceKernelDevkitVersion`.
    pub firmware: u32,
    /// Modules that belong to the disc, by name.
    pub modules: &'static [&'static str],
    /// Application types used for starting this.
    pub apitypes: &'static [u32],
    /// Key configuration.
    pub key_config: u32,
    /// The text at `GetUmdFile`.
    pub path: &'static str,
    /// The remainder of its address divided by 4.
    pub path_alignment: u32,
    /// Name and description of the driver found for "umd".
    pub driver: Option<(&'static str, &'static str)>,
    /// Version of the library `SystemCtrlForKernel`.
    pub system_control: u16,
    /// The exported functions of that library, by number, among those that the machine has.
    pub exports: &'static [u32],
    /// Devices that report whether the card is inserted.
    pub status_devices: &'static [&'static str],
    /// What our driver must do.
    pub expected: Expected,
    /// The sources of all this.
    pub sources: Sources,
}

/// What our driver must do on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// An image is started in a known way: take over.
    TakesOver,
    /// Leave the table alone, for this reason.
    Declines(&'static str),
}

impl Row {
    /// A machine on which this firmware has just started something, before any plugin is loaded. The caller
    /// must put the image's file on the card.
    pub fn boot(&self, apitype: u32) -> Psp {
        let mut psp = Psp::without_driver();
        if let Some((name, description)) = self.driver {
            psp.register_first_driver(name, description);
        }
        self.modules.iter().for_each(|module| psp.add_module(module));
        psp.string_alignment = self.path_alignment;
        psp.set_umd_file(self.path);
        let init = &mut psp.kernel.init;
        (init.key_config, init.apitype) = (self.key_config, apitype);
        init.boot_from = if self.path.starts_with("ef0:") { 0x50 } else { 0x40 };
        (psp.kernel.memory.model, psp.kernel.memory.firmware) = (self.model, self.firmware);
        psp.kernel.system.version = self.system_control;
        psp.kernel.system.missing = systemctrl::all_but(self.exports);
        psp.kernel.card.status_devices = self.status_devices.iter().map(|&name| name.to_owned()).collect();
        psp
    }
}
