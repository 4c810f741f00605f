//! The custom firmware's additions: finding drivers and functions, the path of the image.

use super::{Known, answer};
use crate::abi::Received;
use crate::crash::Cause;
use crate::kernel::Answer;
use crate::machine::Psp;

const LIBRARY: &str = "SystemCtrlForKernel";

fn find_driver(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let name = psp.cpu.read_string(received.word(0))?;
    answer(psp.find_driver(&name)?)
}

/// Searches the kernel's functions; the module name only has to be that of some kernel module.
fn find_function(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    psp.cpu.read_string(received.word(0))?;
    let library = psp.cpu.read_string(received.word(1))?;
    let nid = received.word(2);
    psp.kernel.system.looked_up.push((library.clone(), nid));
    if psp.kernel.system.missing.contains(&nid) || super::find(&library, nid).is_none() {
        return answer(0);
    }
    let trap = psp.kernel_function(&library, nid);
    answer(trap.address())
}

fn umd_file(psp: &mut Psp, _: Received) -> Result<Answer, Cause> {
    answer(psp.kernel.system.umd_file)
}

pub(super) const FUNCTIONS: &[Known] = &[
    Known { library: LIBRARY, nid: 0x78E4_6415, name: "sctrlHENFindDriver", run: find_driver },
    Known { library: LIBRARY, nid: 0x159A_F5CC, name: "sctrlHENFindFunction", run: find_function },
    Known { library: LIBRARY, nid: 0xAC56_B90B, name: "GetUmdFile", run: umd_file },
    Known { library: LIBRARY, nid: 0xBA21_998E, name: "sctrlSEGetUmdFile", run: umd_file },
];

/// The functions of the library except these, by number.
pub fn all_but(exports: &[u32]) -> Vec<u32> {
    FUNCTIONS.iter().map(|known| known.nid).filter(|nid| !exports.contains(nid)).collect()
}
