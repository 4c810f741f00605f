//! Error codes of the firmware.

use core::fmt;

/// An error code of the firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u32);

impl Code {
    /// The file or folder does not exist.
    pub const NO_ENTRY: Self = Self(0x8001_0002);
    /// The function is not available on this firmware.
    pub const NOT_LINKED: Self = Self(0x8002_013A);
    /// Reading or writing failed.
    pub const IO: Self = Self(0x8001_0005);
    /// The file exists already.
    pub const EXISTS: Self = Self(0x8001_0011);
    /// The device does not exist, or is empty.
    pub const NO_DEVICE: Self = Self(0x8001_0013);
    /// The card is full.
    pub const NO_SPACE: Self = Self(0x8001_001C);
    /// The card is write-protected.
    pub const READ_ONLY: Self = Self(0x8001_001E);
    /// No disc is in the drive.
    pub const NO_MEDIUM: Self = Self(0x8021_0003);
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)
    }
}
