//! Queries of what was started.

use super::{Known, answer};

const LIBRARY: &str = "InitForKernel";

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
