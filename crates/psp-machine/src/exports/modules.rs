//! Finds modules by name.

use super::{Known, answer};

const LIBRARY: &str = "LoadCoreForKernel";

pub(super) const FUNCTIONS: &[Known] = &[Known {
    library: LIBRARY,
    nid: 0xF6B1_BF0F,
    name: "sceKernelFindModuleByName",
    run: |psp, received| {
        let name = psp.cpu.read_string(received.word(0))?;
        answer(psp.kernel.modules.find(&name).unwrap_or(0))
    },
}];
