//! The kernel's C library, the few functions that a driver might use, and cache maintenance, which does
//! nothing here.

use super::{Known, OK, answer};

const LIBRARY: &str = "SysclibForKernel";
const UTILS: &str = "UtilsForKernel";

const fn cache(nid: u32, name: &'static str) -> Known {
    Known { library: UTILS, nid, name, run: |_, _| OK }
}

pub(super) const FUNCTIONS: &[Known] = &[
    Known {
        library: LIBRARY,
        nid: 0xAB75_92FF,
        name: "memcpy",
        run: |psp, received| {
            let mut bytes = vec![0; received.word(2) as usize];
            psp.cpu.read(received.word(1), &mut bytes)?;
            psp.cpu.write(received.word(0), &bytes)?;
            answer(received.word(0))
        },
    },
    Known {
        library: LIBRARY,
        nid: 0x10F3_BB61,
        name: "memset",
        run: |psp, received| {
            let [fill, ..] = received.word(1).to_le_bytes();
            psp.cpu.write(received.word(0), &vec![fill; received.word(2) as usize])?;
            answer(received.word(0))
        },
    },
    Known {
        library: LIBRARY,
        nid: 0x52DF_196C,
        name: "strlen",
        run: |psp, received| {
            let text = psp.cpu.read_string(received.word(0))?;
            answer(u32::try_from(text.len()).unwrap_or(u32::MAX))
        },
    },
    cache(0x79D1_C3FA, "sceKernelDcacheWritebackAll"),
    cache(0xB435_DEC5, "sceKernelDcacheWritebackInvalidateAll"),
    cache(0x3EE3_0821, "sceKernelDcacheWritebackRange"),
    cache(0x34B9_FA9E, "sceKernelDcacheWritebackInvalidateRange"),
    cache(0xBFA9_8062, "sceKernelDcacheInvalidateRange"),
    cache(0x920F_104A, "sceKernelIcacheInvalidateAll"),
    cache(0xC2DF_770E, "sceKernelIcacheInvalidateRange"),
];
