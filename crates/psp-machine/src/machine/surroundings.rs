//! The driver's surroundings: strings at odd addresses, third-party drivers, an image that changes.

use super::Psp;
use crate::crash::Cause;
use crate::memory::{Place, Space};

/// Bytes that a custom firmware reserves for the path of the image.
const PATH_FIELD: u32 = 256;
/// The bytes after a string in memory: unrelated data, which string functions must not rely on.
const NEXT_THING: u8 = 0x5C;
/// The answer to a driver whose name is already used.
const DRIVER_EXISTS: u32 = 0x8002_032B;

impl Psp {
    /// Puts bytes into kernel memory at an address whose remainder when divided by 4 is
    /// [`string_alignment`](Psp::string_alignment); returns it.
    fn place_text(&mut self, what: &'static str, bytes: &[u8]) -> u32 {
        let mut bytes = bytes.to_vec();
        // Regions end at a page border, so the length determines where they begin.
        while (4 - bytes.len() % 4) % 4 != self.string_alignment as usize % 4 {
            bytes.push(NEXT_THING);
        }
        let len = u32::try_from(bytes.len()).expect("small");
        let region = self.memory.take(&mut self.cpu, what, Space::Kernel, len, Place::Last { slack: 0 });
        self.cpu.write(region.start, &bytes).expect("just mapped");
        region.start
    }

    /// Puts a NUL-terminated string into kernel memory; returns its address.
    pub fn place_string(&mut self, text: &str) -> u32 {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        self.place_text("string", &bytes)
    }

    /// Sets the image that the firmware mounted, as returned by `GetUmdFile`. The field has 256 bytes.
    pub fn set_umd_file(&mut self, path: &str) {
        self.kernel.system.umd_file = self.place_text("path of the image", &field_of(path));
    }

    /// Changes the path in place, as `SetUmdFile` does while a game runs.
    ///
    /// # Panics
    ///
    /// When the path was not set before, or the new one does not fit.
    pub fn change_umd_file(&mut self, path: &str) {
        assert!(self.kernel.system.umd_file != 0, "no path to change");
        self.cpu.write(self.kernel.system.umd_file, &field_of(path)).expect("the field of the path");
    }

    /// Makes the path change in the `calls`-th kernel call from now on, before that call is answered.
    pub fn change_umd_file_in(&mut self, calls: u64, path: &str) {
        let at = self.kernel.calls + calls;
        self.kernel.system.path_changes.push((at, path.to_owned()));
    }

    /// What happens between two kernel calls of the driver: time advances, and the image may change.
    pub(crate) fn count_kernel_call(&mut self) {
        self.kernel.calls += 1;
        self.kernel.clock.pass(self.time_per_call);
        if self.kernel.system.path_changes.is_empty() {
            return;
        }
        let now = self.kernel.calls;
        let changes = core::mem::take(&mut self.kernel.system.path_changes);
        let (due, later) = changes.into_iter().partition(|&(at, _)| at <= now);
        self.kernel.system.path_changes = later;
        for (_, path) in due {
            self.change_umd_file(&path);
        }
    }

    /// Registers a driver after all others, with this function table.
    ///
    /// # Errors
    ///
    /// The kernel's answer when its name is already used, which is also the case when another driver's name
    /// begins with it.
    pub fn register_driver(&mut self, name: &str, description: &str, functions: u32) -> Result<u32, u32> {
        if self.find_driver(name).expect("registered drivers have names") != 0 {
            return Err(DRIVER_EXISTS);
        }
        let driver = self.place_driver(name, description, functions);
        self.kernel.system.later_drivers.push(driver);
        Ok(driver)
    }

    /// Loads a third-party module that can only be found by name.
    pub fn add_module(&mut self, name: &str) {
        let module = self.place("module structure", &[0; 0x100]);
        self.kernel.modules.loaded.push((name.to_owned(), module));
    }

    /// Puts a driver's structure into memory; returns its address.
    pub(super) fn place_driver(&mut self, name: &str, description: &str, functions: u32) -> u32 {
        let words = [self.place_string(name), 4, 0x800, self.place_string(description), functions];
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        self.place("driver structure", &bytes)
    }

    /// The newest driver whose name begins with `name`, ignoring case; 0 when there is none. The kernel stops
    /// comparing at the end of the name it looks for (uofw iofilemgr.c, `lookup_device_list` and
    /// `strcmp_bs`).
    pub(crate) fn find_driver(&self, name: &str) -> Result<u32, Cause> {
        let system = &self.kernel.system;
        let newest_first = system.later_drivers.iter().rev().chain([&system.umd_driver]);
        for &driver in newest_first.filter(|&&driver| driver != 0) {
            let known = self.cpu.read_string(self.cpu.read_word(driver)?)?;
            if known.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
                return Ok(driver);
            }
        }
        Ok(0)
    }
}

fn field_of(path: &str) -> Vec<u8> {
    assert!(path.len() < PATH_FIELD as usize, "too long for the field");
    let mut field = path.as_bytes().to_vec();
    field.resize(PATH_FIELD as usize, 0);
    field
}
