//! Suspends and resumes interrupts.

use super::{Known, OK, answer};
use crate::abi::Received;
use crate::crash::Cause;
use crate::kernel::Answer;
use crate::machine::Psp;

const LIBRARY: &str = "InterruptManagerForKernel";
/// The return value of the suspend function when interrupts were on.
const WERE_ON: u32 = 1;

fn suspend(psp: &mut Psp, _: Received) -> Result<Answer, Cause> {
    let interrupts = &mut psp.kernel.interrupts;
    let were_on = u32::from(!interrupts.suspended);
    interrupts.suspended = true;
    interrupts.count += 1;
    answer(were_on)
}

fn resume(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    match received.word(0) {
        WERE_ON => {
            psp.accept_driver_table();
            psp.kernel.interrupts.suspended = false;
        }
        0 => (),
        value => return Err(Cause::Misuse { what: "interrupt state that suspending never gave", value }),
    }
    OK
}

pub(super) const FUNCTIONS: &[Known] = &[
    Known { library: LIBRARY, nid: 0x0929_68F4, name: "sceKernelCpuSuspendIntr", run: suspend },
    Known { library: LIBRARY, nid: 0x5F10_D406, name: "sceKernelCpuResumeIntr", run: resume },
    Known { library: LIBRARY, nid: 0x3B84_732D, name: "sceKernelCpuResumeIntrWithSync", run: resume },
];
