//! The numbers that the kernel is given when something cannot be done.

use sector_decode::ReadError;

use crate::card_file::CardError;

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

/// Why an image is not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenFailure {
    /// The card failed.
    Card,
    /// The header is damaged or of a kind that is not read.
    Header,
    /// The blocks are of a size that the driver does not take on: over
    /// [`MAX_DRIVER_BLOCK_SIZE`](crate::MAX_DRIVER_BLOCK_SIZE), or not a power of two.
    BlockSize,
    /// A plain image, which the firmware's own driver reads well enough.
    PlainImage,
    /// The disc has more sectors than 32-bit sector numbers can tell apart, or not even the 17 that end
    /// with the volume descriptor.
    DiscSize,
    /// There is not enough memory for the buffers.
    NoMemory,
    /// A block that every disc needs cannot be right.
    Block,
    /// Sector 16 is not an ISO 9660 volume descriptor.
    NoVolume,
    /// The settings say so.
    SwitchedOff,
}

impl OpenFailure {
    /// Returns what `module_start` returns; the number tells the reasons apart in a log.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Card => ErrorCode::Io,
            Self::NoMemory => ErrorCode::NoMemory,
            Self::Header | Self::BlockSize | Self::PlainImage | Self::DiscSize | Self::SwitchedOff => {
                ErrorCode::NotSupported
            }
            Self::Block | Self::NoVolume => ErrorCode::Damaged,
        }
    }

    /// Returns the reason in a few words, for a log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Card => "the image cannot be read",
            Self::Header => "the image's header is damaged or of an unknown kind",
            Self::BlockSize => "the image's block size is not served",
            Self::PlainImage => "plain images are left to the firmware",
            Self::DiscSize => "the image has too few or too many sectors",
            Self::NoMemory => "not enough memory",
            Self::Block => "a block of the image cannot be right",
            Self::NoVolume => "sector 16 is no ISO 9660 volume descriptor",
            Self::SwitchedOff => "switched off in cisor.ini",
        }
    }
}

impl From<ReadError<CardError>> for OpenFailure {
    fn from(error: ReadError<CardError>) -> Self {
        match error {
            ReadError::Source { .. } => Self::Card,
            ReadError::Block { .. } => Self::Block,
            ReadError::OutOfRange { .. } | ReadError::Internal { .. } => Self::DiscSize,
        }
    }
}
