//! What the firmware tells programs about itself and the console.

use crate::code::Code;

/// What a function returned, or the code with which the firmware refused.
pub type Answer = Result<u32, Code>;

/// The answers to all queries. None of the custom firmwares has all of these functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The model: 0 for the PSP-1000, 1 for the PSP-2000, and so on.
    pub model: Answer,
    /// The firmware's version, as `0x06060110` for 6.61.
    pub devkit: Answer,
    /// The application type of the running program.
    pub apitype: Answer,
    /// The key configuration that the program runs with.
    pub key_config: Answer,
    /// The device that the program was started from.
    pub boot_from: Answer,
    /// `sctrlSEGetVersion`.
    pub se_version: Answer,
    /// `sctrlHENGetVersion`.
    pub hen_version: Answer,
    /// `sctrlHENGetMinorVersion`.
    pub minor_version: Answer,
    /// Bytes of the largest free piece of user memory.
    pub largest_free: Answer,
    /// Total bytes of free user memory.
    pub total_free: Answer,
}

impl Facts {
    /// Whether the versions match ARK-4 or ARK-5.
    pub(crate) fn is_ark(&self) -> bool {
        (self.se_version, self.hen_version) == (Ok(4), Ok(20))
    }
}

impl Default for Facts {
    /// A firmware that lacks all of these functions.
    fn default() -> Self {
        let none = Err(Code::NOT_LINKED);
        Self {
            model: none,
            devkit: none,
            apitype: none,
            key_config: none,
            boot_from: none,
            se_version: none,
            hen_version: none,
            minor_version: none,
            largest_free: none,
            total_free: none,
        }
    }
}
