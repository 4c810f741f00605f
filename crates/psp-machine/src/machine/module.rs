//! Loads and unloads modules as the plugin loader of a custom firmware does (psp contract, section
//! 1.2).

use core::fmt;

use super::Psp;
use crate::crash::Crash;
use crate::memory::{Place, Region};
use crate::prx::{ModuleInfo, Prx, PrxError, relocation};

/// Attribute of a kernel module.
const KERNEL_MODULE: u16 = 0x1000;
/// Version of Sony's own libraries for the kernel (psp contract, section 4).
const LIBRARY_VERSION: u16 = 0x0011;
/// The jump that the linker writes into the first word of an import stub.
const JUMP: u32 = 0x0800_0000;

/// A module in memory.
#[derive(Clone, Debug)]
pub struct Module {
    /// The module's own description.
    pub info: ModuleInfo,
    /// The memory it occupies.
    pub region: Region,
}

/// Why a module could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The file is not a valid PRX.
    Prx(PrxError),
    /// It is not a kernel module.
    NotKernel {
        /// Its attribute.
        attribute: u16,
    },
    /// It imports functions from a library for user programs, which the kernel's linker refuses.
    UserLibrary(String),
    /// It requires a newer version of a library than available. (The kernel would leave a weak import
    /// unlinked, and every call of it would fail. For a driver that needs it, that is equivalent.)
    LibraryVersion {
        /// Its name.
        library: String,
        /// The version required by the module.
        wanted: u16,
    },
    /// Partition 1 does not have enough free memory.
    NoMemory {
        /// Bytes it needs.
        size: u32,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prx(error) => error.fmt(f),
            Self::NotKernel { attribute } => {
                write!(f, "module attribute is {attribute:#06X}, not a kernel module")
            }
            Self::UserLibrary(name) => write!(f, "imports from {name}, a library for user programs"),
            Self::LibraryVersion { library, wanted } => {
                write!(f, "wants version {wanted:#06X} of {library}, but it is older")
            }
            Self::NoMemory { size } => write!(f, "partition 1 has no room for {size} bytes"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<PrxError> for LoadError {
    fn from(error: PrxError) -> Self {
        Self::Prx(error)
    }
}

impl Psp {
    /// Loads a module and links its imports. `slack` bytes follow it in its pages: different values load it
    /// at different addresses.
    ///
    /// # Errors
    ///
    /// When the kernel would refuse it.
    pub fn load(&mut self, file: &[u8], slack: u32) -> Result<Module, LoadError> {
        let prx = Prx::parse(file)?;
        let mut image = prx.image.clone();
        let size = u32::try_from(image.len()).map_err(|_| LoadError::NoMemory { size: u32::MAX })?;
        let partition = self.kernel.memory.partitions.get_mut(1).expect("the kernel's partition");
        if !partition.take(size) {
            return Err(LoadError::NoMemory { size });
        }
        // Modules begin at multiples of 256, like all memory blocks.
        let slack = slack.next_multiple_of(256) + (size.next_multiple_of(256) - size);
        let region = self.memory.take_code(&mut self.cpu, "module", size, Place::Last { slack });
        relocation::relocate(&mut image, &prx.relocations, region.start)?;
        let info = ModuleInfo::read(&image, region.start, prx.info)?;
        if info.attribute & KERNEL_MODULE == 0 {
            return Err(LoadError::NotKernel { attribute: info.attribute });
        }
        self.cpu.write(region.start, &image).expect("just mapped");
        for import in &info.imports {
            if import.library.contains("ForUser") || import.library.ends_with("_user") {
                return Err(LoadError::UserLibrary(import.library.clone()));
            }
            let version = match import.library.as_str() {
                "SystemCtrlForKernel" => self.kernel.system.version,
                _ => LIBRARY_VERSION,
            };
            if import.version > version {
                let (library, wanted) = (import.library.clone(), import.version);
                return Err(LoadError::LibraryVersion { library, wanted });
            }
            let trap = self.kernel_function(&import.library, import.nid);
            let jump = JUMP | trap.address() >> 2 & 0x03FF_FFFF;
            // Only this word: the second remains as in the file and runs in the jump's delay slot (contract,
            // section 4; uofw loadcore.c:2094-2096).
            self.cpu.write_word(import.stub, jump).expect("inside the image");
        }
        let module = Module { info, region };
        self.modules.push(module.clone());
        Ok(module)
    }

    /// Removes a module from memory.
    ///
    /// # Errors
    ///
    /// When bytes next to it were changed.
    pub(crate) fn unload(&mut self, module: &Module) -> Result<(), Crash> {
        self.modules.retain(|loaded| loaded.region != module.region);
        self.kernel
            .memory
            .partitions
            .get_mut(1)
            .expect("the kernel's partition")
            .give_back(module.region.len);
        self.memory
            .unmap(&mut self.cpu, &module.region)
            .map_err(|cause| self.crash(cause, format!("unload of {}", module.info.name)))
    }
}
