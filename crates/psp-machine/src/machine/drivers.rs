//! The driver that is registered before ours, and the structures that the file manager passes to drivers.

use super::{Psp, Target};
use crate::inferno::{Entry, MODULE_NAME, TABLE_SIZE};

/// Size of the structure that represents a descriptor in calls of driver entries.
const FILE_ARG: u32 = 0x90;
/// Offset of the word in it that the driver can use.
const PRIVATE: u32 = 0x10;
const DEVICE: u32 = 0x08;

/// A descriptor of the raw device, or the one passed with device commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileArg {
    /// Its address.
    pub address: u32,
}

impl Psp {
    /// Registers the fake driver as usual firmwares do: "umd", in the module [`MODULE_NAME`].
    pub(super) fn register_usual_driver(&mut self) {
        self.register_first_driver("umd", "UMD9660");
        self.add_module(MODULE_NAME);
    }

    /// Puts structure and function table of the fake driver into memory and registers it under this name.
    pub fn register_first_driver(&mut self, name: &str, description: &str) {
        let mut table = vec![0; TABLE_SIZE as usize];
        for entry in Entry::ALL {
            let at = entry as usize;
            let trap = self.trap(Target::Inferno(entry as u32));
            table[at..at + 4].copy_from_slice(&trap.address().to_le_bytes());
        }
        let functions = self.place("driver table", &table);
        let driver = self.place_driver(name, description, functions);
        let device: Vec<u8> = [driver, 0, 0].into_iter().flat_map(u32::to_le_bytes).collect();
        self.inferno.device = self.place("device structure", &device);
        self.inferno.functions = functions;
        self.inferno.original = table;
        self.kernel.system.umd_driver = driver;
        self.accept_driver_table();
    }

    /// The address currently in the driver table for an entry.
    pub fn driver_entry(&self, entry: Entry) -> u32 {
        self.cpu.read_word(self.inferno.functions + entry as u32).expect("a registered driver")
    }

    /// Makes a descriptor structure; `private` is the driver's word in it.
    pub fn file_arg(&mut self, private: u32) -> FileArg {
        let address = self.place("descriptor", &[0; FILE_ARG as usize]);
        self.cpu.write_word(address + DEVICE, self.inferno.device).expect("just placed");
        self.cpu.write_word(address + PRIVATE, private).expect("just placed");
        FileArg { address }
    }

    /// The driver's word of a descriptor.
    pub fn private_word(&self, file: FileArg) -> u32 {
        self.cpu.read_word(file.address + PRIVATE).expect("a placed structure")
    }
}
