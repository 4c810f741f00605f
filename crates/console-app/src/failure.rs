//! Why something failed, with the numbers that a person needs.

use alloc::string::String;
use core::fmt;

use sector_decode::{HeaderError, OpenError};

use crate::code::Code;
use crate::platform::Platform;
use crate::text::size;

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The drive is empty, or missing.
    NoDisc,
    /// The disc was removed.
    DiscRemoved,
    /// The disc is there, but not even its first sectors can be read.
    DiscUnreadable(Code),
    /// A sector cannot be read, and filling it with zeros was not allowed.
    SectorUnreadable {
        /// Which one.
        lba: u32,
        /// The last error.
        code: Code,
    },
    /// No card is in the slot.
    NoCard {
        /// Its device, as `ms0:`.
        device: String,
    },
    /// The card was removed.
    CardRemoved,
    /// The card does not have enough space; nothing was started.
    NoSpace {
        /// The number of bytes that may be needed.
        needed: u64,
        /// The number of free bytes.
        free: u64,
    },
    /// The card filled up during writing.
    CardFull,
    /// The card is write-protected.
    ReadOnly,
    /// A file cannot be opened.
    Open {
        /// Which one.
        path: String,
        /// The firmware's code.
        code: Code,
    },
    /// A file cannot be read.
    Read {
        /// Where in the file.
        offset: u64,
        /// The firmware's code.
        code: Code,
    },
    /// A file cannot be written.
    Write(Code),
    /// A finished file cannot be renamed.
    Rename {
        /// Its current name.
        path: String,
        /// The firmware's code.
        code: Code,
    },
    /// A file of that name already exists.
    TargetExists {
        /// Its path.
        path: String,
    },
    /// The header of an image is damaged or of an unknown kind.
    Header(HeaderError),
    /// The image is larger than the format can hold.
    TooLarge {
        /// Sectors of the image.
        sectors: u32,
    },
    /// The finished file does not decode to the bytes that were on the disc.
    Proof,
    /// The file to install is not on the card.
    NoDriverFile {
        /// Where it should be.
        path: String,
    },
    /// The custom firmware could not be identified.
    NoFirmware,
    /// A file has an unexpected length.
    TooLong {
        /// Its path.
        path: String,
        /// Its length in bytes.
        len: u64,
    },
    /// There is not enough memory.
    OutOfMemory {
        /// The number of bytes requested.
        bytes: usize,
    },
    /// There is nothing to do.
    NothingToDo,
    /// The user cancelled.
    Cancelled,
    /// An invariant of the program was violated. This does not mean that anything is wrong with the file.
    Internal,
}

impl Failure {
    /// Finds out why a write failed, by asking the card about its state.
    pub(crate) fn of_write(console: &dyn Platform, path: &str, code: Code) -> Self {
        match code {
            Code::NO_SPACE => Self::CardFull,
            Code::READ_ONLY => Self::ReadOnly,
            _ if !console.card_present(crate::paths::device(path)) => Self::CardRemoved,
            code => Self::Write(code),
        }
    }

    /// Finds out why reading a file failed.
    pub(crate) fn of_read(console: &dyn Platform, path: &str, offset: u64, code: Code) -> Self {
        if console.card_present(crate::paths::device(path)) {
            Self::Read { offset, code }
        } else {
            Self::CardRemoved
        }
    }

    /// Finds out why opening a file failed.
    pub(crate) fn of_open(console: &dyn Platform, path: &str, code: Code) -> Self {
        let device = crate::paths::device(path);
        match code {
            Code::READ_ONLY => Self::ReadOnly,
            Code::NO_SPACE => Self::CardFull,
            _ if !console.card_present(device) => Self::NoCard { device: device.into() },
            code => Self::Open { path: path.into(), code },
        }
    }

    /// Interprets a failure to read the disc at all. The drive may not notice that it is empty until the
    /// first read.
    pub(crate) fn of_first_access(code: Code) -> Self {
        match code {
            Code::NO_ENTRY | Code::NO_DEVICE | Code::NO_MEDIUM => Self::NoDisc,
            code => Self::DiscUnreadable(code),
        }
    }

    /// Finds out what went wrong while reading a header.
    pub(crate) fn of_probe(console: &dyn Platform, path: &str, error: OpenError<Code>) -> Self {
        match error {
            OpenError::Source(code) => Self::of_read(console, path, 0, code),
            OpenError::Header(error) => Self::Header(error),
        }
    }

    /// Returns the short name used in results.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoDisc => "no_disc",
            Self::DiscRemoved => "disc_removed",
            Self::DiscUnreadable(_) | Self::SectorUnreadable { .. } => "disc_unreadable",
            Self::NoCard { .. } => "no_card",
            Self::CardRemoved => "card_removed",
            Self::NoSpace { .. } => "no_space",
            Self::CardFull => "card_full",
            Self::ReadOnly => "read_only",
            Self::Open { .. } => "open",
            Self::Read { .. } => "read",
            Self::Write(_) => "write",
            Self::Rename { .. } => "rename",
            Self::TargetExists { .. } => "target_exists",
            Self::Header(_) => "header",
            Self::TooLarge { .. } => "too_large",
            Self::Proof => "proof",
            Self::NoDriverFile { .. } => "no_driver_file",
            Self::NoFirmware => "no_firmware",
            Self::TooLong { .. } => "too_long",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::NothingToDo => "nothing_to_do",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// Returns a one-line summary for results.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Header(_) | Self::Proof => "damaged",
            Self::Cancelled => "interrupted",
            Self::NoDisc
            | Self::NoCard { .. }
            | Self::NoSpace { .. }
            | Self::TargetExists { .. }
            | Self::TooLarge { .. }
            | Self::NoDriverFile { .. }
            | Self::NoFirmware
            | Self::NothingToDo => "refused",
            _ => "failed",
        }
    }

    /// Returns the firmware's code, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match *self {
            Self::DiscUnreadable(code)
            | Self::SectorUnreadable { code, .. }
            | Self::Open { code, .. }
            | Self::Read { code, .. }
            | Self::Write(code)
            | Self::Rename { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDisc => f.write_str("There is no disc in the drive."),
            Self::DiscRemoved => f.write_str("The disc was taken out of the drive."),
            Self::DiscUnreadable(code) => write!(f, "The disc cannot be read ({code})."),
            Self::SectorUnreadable { lba, code } => {
                write!(f, "Sector {lba} of the disc cannot be read ({code}).")
            }
            Self::NoCard { device } => write!(f, "There is no card in {device}"),
            Self::CardRemoved => f.write_str("The card was taken out of its slot."),
            Self::NoSpace { needed, free } => {
                write!(f, "The card has {} free, but {} may be needed.", size(*free), size(*needed))
            }
            Self::CardFull => f.write_str("The card is full."),
            Self::ReadOnly => f.write_str("The card is write-protected."),
            Self::Open { path, code: Code::NO_ENTRY } => write!(f, "There is no file {path}"),
            Self::Open { path, code } => write!(f, "{path} cannot be opened ({code})."),
            Self::Read { offset, code } => write!(f, "The file cannot be read at byte {offset} ({code})."),
            Self::Write(code) => write!(f, "The card cannot be written to ({code})."),
            Self::Rename { path, code } => {
                write!(f, "The finished file cannot be renamed ({code}). It is kept as {path}")
            }
            Self::TargetExists { path } => write!(f, "There is already a file {path}"),
            Self::Header(error) => write!(f, "This is no sound image: {error}."),
            Self::TooLarge { sectors } => {
                write!(f, "The disc has {sectors} sectors, more than this format can hold.")
            }
            Self::Proof => f.write_str("The finished file does not read back as the disc; it was deleted."),
            Self::NoDriverFile { path } => write!(f, "The driver is not on the card: {path}"),
            Self::NoFirmware => f.write_str("It cannot be told which custom firmware this is."),
            Self::TooLong { path, len } => write!(f, "{path} has {len} bytes, too many."),
            Self::OutOfMemory { bytes } => write!(f, "There is no memory for {bytes} bytes."),
            Self::NothingToDo => f.write_str("There is nothing to do."),
            Self::Cancelled => f.write_str("Cancelled."),
            Self::Internal => f.write_str("This is a mistake in Cisor, not in your file: please report it."),
        }
    }
}

impl core::error::Error for Failure {}
