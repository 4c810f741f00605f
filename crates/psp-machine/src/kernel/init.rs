//! What was started: key config, application type, boot device, file.

use super::{Known, answer};

const LIBRARY: &str = "InitForKernel";

/// Boot information that modules can query.
#[derive(Debug)]
pub struct Init {
    /// 0x200 game, 0x100 XMB, 0x300 PS1, 0x400 application.
    pub key_config: u32,
    /// 0x123 to 0x126 for images.
    pub apitype: u32,
    /// 0x40 memory stick, 0x50 internal storage.
    pub boot_from: u32,
}

impl Default for Init {
    fn default() -> Self {
        Self { key_config: 0x200, apitype: 0x123, boot_from: 0x40 }
    }
}

pub(super) const FUNCTIONS: &[Known] = &[
    Known {
        library: LIBRARY,
        nid: 0x7A23_33AD,
        name: "sceKernelInitApitype",
        run: |psp, _| answer(psp.kernel.init.apitype),
    },
    Known {
        library: LIBRARY,
        nid: 0x7233_B5BC,
        name: "sceKernelInitKeyConfig",
        run: |psp, _| answer(psp.kernel.init.key_config),
    },
    Known {
        library: LIBRARY,
        nid: 0x2793_2388,
        name: "sceKernelBootFrom",
        run: |psp, _| answer(psp.kernel.init.boot_from),
    },
];
