//! Modules that can be found by name.

use super::{Known, answer};

const LIBRARY: &str = "LoadCoreForKernel";

/// Names and the addresses of their module structures.
#[derive(Debug, Default)]
pub struct Modules {
    /// In the order they were loaded.
    pub loaded: Vec<(String, u32)>,
}

impl Modules {
    /// The module structure of a module.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.loaded.iter().find(|(loaded, _)| loaded == name).map(|&(_, address)| address)
    }
}

pub(super) const FUNCTIONS: &[Known] = &[Known {
    library: LIBRARY,
    nid: 0xF6B1_BF0F,
    name: "sceKernelFindModuleByName",
    run: |psp, received| {
        let name = psp.cpu.read_string(received.word(0))?;
        answer(psp.kernel.modules.find(&name).unwrap_or(0))
    },
}];
