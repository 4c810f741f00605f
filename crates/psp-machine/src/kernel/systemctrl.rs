//! The custom firmware's additions: finding drivers and functions, the path of the image.

use super::{Answer, Known, answer};
use crate::abi::Received;
use crate::crash::Cause;
use crate::machine::Psp;

const LIBRARY: &str = "SystemCtrlForKernel";

/// What happens on a call of a function that the firmware lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingStub {
    /// The call returns [`NOT_LINKED`]: the linker writes `syscall 0x15` into the stub of a function that its
    /// library does not export (uofw loadcore.c, `aLinkClient`), and that system call returns this number to
    /// the caller of the stub (loadcore_asm.S, `sceLoadCorePrimarySyscallHandler`).
    #[default]
    Error,
    /// The call returns immediately, with $v0 unchanged: the stub remains as in the file.
    Nothing,
}

/// The library is not linked.
pub const NOT_LINKED: u32 = 0x8002_013A;

/// The custom firmware's part.
#[derive(Debug, Default)]
pub struct SystemControl {
    /// Address of the path of the image, or 0.
    pub umd_file: u32,
    /// Address of the structure of the first registered driver, usually "umd"; or 0.
    pub umd_driver: u32,
    /// Addresses of the structures of drivers registered after it, newest last.
    pub later_drivers: Vec<u32>,
    /// Future paths of the image, each starting at the kernel call with that number.
    pub path_changes: Vec<(u64, String)>,
    /// Version of the library; an import must not require a newer one.
    pub version: u16,
    /// Functions that this firmware lacks, by number.
    pub missing: Vec<u32>,
    /// What happens on calls of those.
    pub missing_stubs: MissingStub,
    /// Library and number of every function that was looked up.
    pub looked_up: Vec<(String, u32)>,
}

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
