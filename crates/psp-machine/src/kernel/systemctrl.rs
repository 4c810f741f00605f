//! The custom firmware's part: registered drivers, the path of the image, and which functions are missing.

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
