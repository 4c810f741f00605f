//! The numbers that the kernel is given when something cannot be done.

use sector_decode::ReadError;

use crate::card_file::CardError;
use crate::text::Line;

/// An error as the PSP kernel knows it. Facility 0x001 holds errno values, 0x021 those of the UMD drive.
///
/// The file system asks again for ever when a command of the mount or a directory read fails with
/// anything but `NotReady`, `OutOfRange`, `NoMedium` or `InvalidArgument`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ErrorCode {
    /// There is no such thing.
    NotFound = 0x8001_0002,
    /// The image could not be read while starting.
    Io = 0x8001_0005,
    /// Not enough memory.
    NoMemory = 0x8001_000C,
    /// Somebody still uses it.
    Busy = 0x8001_0010,
    /// An argument is missing, too short, or cannot be right.
    InvalidArgument = 0x8001_0016,
    /// All descriptors of the raw device are in use.
    TooManyFiles = 0x8001_0018,
    /// The output is smaller than what was asked for.
    BufferTooSmall = 0x8001_0069,
    /// The device does not know the command, or the driver does not know the image.
    NotSupported = 0x8001_0086,
    /// The drive cannot answer now.
    NotReady = 0x8021_0001,
    /// Sectors behind the end of the disc.
    OutOfRange = 0x8021_0002,
    /// The card with the image is away.
    NoMedium = 0x8021_0003,
    /// The image is damaged here.
    Damaged = 0x8021_0005,
    /// Another disc was put in: the firmware names another image now.
    Replaced = 0x8021_0007,
}

impl ErrorCode {
    /// Returns the negative number that a driver function returns.
    pub const fn code(self) -> i32 {
        (self as u32).cast_signed()
    }
}

/// Why one attempt at a request did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The card failed; another attempt can succeed.
    Card,
    /// The answer is an error, and would be again.
    Refused(ErrorCode),
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code)
    }
}

/// Which check made the driver step aside and leave an image to the firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Check {
    /// The firmware's key configuration is not that of a game.
    KeyConfig,
    /// The application type is none by which images are started.
    StartType,
    /// The firmware names no image, so there is a disc in the drive; or its address cannot be right.
    NoImage,
    /// No module is loaded that serves images for the firmware.
    NoDriver,
    /// There is no device of the name `umd`, or its address cannot be right.
    NoDevice,
    /// The table of the device has an address in it that cannot be right.
    Table,
    /// The card failed.
    Card,
    /// The header is damaged or of a kind that is not read.
    Header,
    /// The blocks are of a size that the driver does not take on: over
    /// [`MAX_DRIVER_BLOCK_SIZE`](crate::MAX_DRIVER_BLOCK_SIZE), or not a power of two.
    BlockSize,
    /// A plain image, which the firmware's own driver reads well enough.
    PlainImage,
    /// A plain image whose last sector is not whole.
    CutOff,
    /// The disc has more sectors than 32-bit sector numbers can tell apart, or not even the 17 that end
    /// with the volume descriptor.
    DiscSize,
    /// There is not enough memory for the buffers: the largest free piece has so many KiB.
    NoMemory,
    /// A block that every disc needs cannot be right.
    Block,
    /// Sector 16 is not an ISO 9660 volume descriptor.
    NoVolume,
    /// The settings say so.
    SwitchedOff,
}

/// What each check says of itself, in its order, a line each. One text takes less of the driver than as many.
const REASONS: &str = "\
no game is started, key configuration @\n\
no image is started, application type @\n\
the firmware names no image, path at @\n\
the firmware has no image driver\n\
there is no device umd, found @\n\
the device umd has a function at @\n\
the image cannot be read\n\
the header is damaged or unknown\n\
blocks of # bytes are not served\n\
plain images are left to the firmware\n\
the last sector has only # bytes\n\
a disc of # sectors is not served\n\
not enough memory, # KiB are free\n\
a block cannot be right\n\
sector 16 is no volume descriptor\n\
switched off in cisor.ini\n\
";

/// Why the driver steps aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFailure {
    /// The check that failed.
    pub check: Check,
    /// The value that it found; 0 where there is none to tell.
    pub value: u32,
}

impl Check {
    /// Every check, in order.
    pub const ALL: [Self; 16] = [
        Self::KeyConfig,
        Self::StartType,
        Self::NoImage,
        Self::NoDriver,
        Self::NoDevice,
        Self::Table,
        Self::Card,
        Self::Header,
        Self::BlockSize,
        Self::PlainImage,
        Self::CutOff,
        Self::DiscSize,
        Self::NoMemory,
        Self::Block,
        Self::NoVolume,
        Self::SwitchedOff,
    ];

    /// The failure of this check, with the value that it found.
    pub const fn found(self, value: u32) -> OpenFailure {
        OpenFailure { check: self, value }
    }

    /// The failure of this check, where there is no value to tell.
    pub const fn failed(self) -> OpenFailure {
        self.found(0)
    }
}

impl OpenFailure {
    /// Returns what `module_start` returns.
    pub const fn code(&self) -> ErrorCode {
        match self.check {
            Check::Card => ErrorCode::Io,
            Check::NoMemory => ErrorCode::NoMemory,
            Check::Block | Check::NoVolume => ErrorCode::Damaged,
            _ => ErrorCode::NotSupported,
        }
    }

    /// Appends the reason to a line of the log: which check, and which value.
    pub fn tell(&self, line: &mut Line<'_>) {
        let reason = REASONS.as_bytes().split(|&byte| byte == b'\n').nth(self.check as usize);
        line.form(reason.unwrap_or_default(), &[self.value]);
    }
}

impl From<ReadError<CardError>> for OpenFailure {
    fn from(error: ReadError<CardError>) -> Self {
        match error {
            ReadError::Source { .. } => Check::Card.failed(),
            ReadError::Block { .. } => Check::Block.failed(),
            ReadError::OutOfRange { .. } | ReadError::Internal { .. } => Check::DiscSize.failed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reasons are found by their place, so there is one for each check, in the same order.
    #[test]
    fn every_check_has_its_reason() {
        assert_eq!(REASONS.lines().count(), Check::ALL.len());
        for (place, check) in Check::ALL.into_iter().enumerate() {
            assert_eq!(check as usize, place, "{check:?}");
            let mut memory = [0; 80];
            let mut line = Line::new(&mut memory);
            check.found(0x8801_2345).tell(&mut line);
            let reason = str::from_utf8(line.end()).unwrap();
            assert!(reason.len() > 10 && reason.len() < 72, "{check:?}: {reason}");
            assert!(!reason.contains(['@', '#', '?']), "{check:?}: {reason}");
        }
    }
}
