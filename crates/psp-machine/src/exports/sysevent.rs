//! Registers suspend and resume handlers.

use super::{Known, OK, answer};
use crate::crash::Cause;

const LIBRARY: &str = "sceSysEventForKernel";
const ALREADY_THERE: u32 = 0x8002_01C0;
const NOT_THERE: u32 = 0x8002_01C1;
/// The size that the structure declares.
const HANDLER_SIZE: u32 = 0x40;

pub(super) const FUNCTIONS: &[Known] = &[
    Known {
        library: LIBRARY,
        nid: 0xCD9E_4BB5,
        name: "sceKernelRegisterSysEventHandler",
        run: |psp, received| {
            let handler = received.word(0);
            let size = psp.cpu.read_word(handler)?;
            if size != HANDLER_SIZE {
                return Err(Cause::Misuse { what: "size of a SysEvent handler", value: size });
            }
            let handlers = &mut psp.kernel.sysevents.handlers;
            if handlers.contains(&handler) {
                return answer(ALREADY_THERE);
            }
            handlers.push(handler);
            OK
        },
    },
    Known {
        library: LIBRARY,
        nid: 0xD7D3_FDCD,
        name: "sceKernelUnregisterSysEventHandler",
        run: |psp, received| {
            let handlers = &mut psp.kernel.sysevents.handlers;
            let Some(at) = handlers.iter().position(|&handler| handler == received.word(0)) else {
                return answer(NOT_THERE);
            };
            handlers.remove(at);
            OK
        },
    },
    Known {
        library: LIBRARY,
        nid: 0xAEB3_00AE,
        name: "sceKernelIsRegisterSysEventHandler",
        run: |psp, received| answer(psp.kernel.sysevents.handlers.contains(&received.word(0)).into()),
    },
];
