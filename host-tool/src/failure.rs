//! Everything that can go wrong with one file: what is wrong, what to do next, and the exit status.

mod convert;

use std::io;
use std::path::{Path, PathBuf};

use image_writer::PlanError;
use sector_decode::{BlockIndex, Foreign, HeaderError};
use serde::Serialize;

use crate::damage::{Damage, DamageList};
use crate::exit::Status;
use crate::human;
use crate::profile::Refusal;
pub use crate::special::FileKind;

/// Why the work on a file did not succeed. The text is one line; the file's name comes before it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The input cannot be opened.
    #[error("cannot open it: {0}")]
    Open(io::Error),
    /// The input is no regular file.
    #[error("it is {0}, not a file")]
    NotAFile(FileKind),
    /// The input has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The input is a shortcut of Windows, a small file that only says where another one is.
    #[error("it is a shortcut, not the file that it leads to")]
    Shortcut,
    /// The input's header is damaged, or of a version that is not known.
    #[error("{0}")]
    Header(HeaderError),
    /// The input's bytes cannot be read.
    #[error("cannot read it at {offset:#X}: {error}")]
    Read {
        /// Where in the file.
        offset: u64,
        /// The system's error.
        error: io::Error,
    },
    /// A block of the input is damaged.
    #[error("{0}")]
    Damaged(Damage),
    /// Blocks are damaged; they are listed apart.
    #[error("{} damaged", human::count(.0.blocks(), "block is", "blocks are"))]
    DamagedBlocks(DamageList),
    /// The image decodes, but is not what its header says.
    #[error("the image does not have the MD5 in its header: expected {expected}, got {got}")]
    HeaderMd5 {
        /// The header's MD5 in hexadecimal digits.
        expected: String,
        /// The image's.
        got: String,
    },
    /// The input was read twice, and the second time it had other bytes.
    #[error("it reads differently the second time: expected SHA-256 {expected}, got {got}")]
    Unsteady {
        /// SHA-256 of the image when it was read first.
        expected: String,
        /// The same when it was read again.
        got: String,
    },
    /// The new file is in place, but the source is still there.
    #[error("the source was not deleted: {0}")]
    SourceKept(String),
    /// The system has no thread for the work.
    #[error("cannot start a thread: {0}")]
    NoThread(io::ErrorKind),
    /// The input was replaced or written to while it was read.
    #[error("the file changed while it was read")]
    InputChanged,

    /// The image to be packed does not consist of whole sectors.
    #[error("the image has {size} bytes, which is not a whole number of 2048-byte sectors")]
    NotWholeSectors {
        /// Its size in bytes.
        size: u64,
    },
    /// The image to be packed consists of raw CD sectors.
    #[error("the image consists of raw CD sectors of 2352 bytes, which no reader of compressed images takes")]
    RawCdSectors,
    /// A file that was dropped has nothing that tells the console it is for.
    #[error("it is not recognised as a disc of the PSP or the PS2")]
    UnknownDisc,
    /// A folder that was dropped holds nothing to work on.
    #[error("there are no disc images in this folder")]
    NoImages,
    /// A plain image needs no extraction.
    #[error("it is a plain image already")]
    AlreadyPlain,
    /// The profile has no use for what was asked.
    #[error("{0}")]
    Profile(Refusal),
    /// The format cannot hold the image.
    #[error("{0}")]
    Format(PlanError),

    /// The target exists, and nobody said that it may be replaced.
    #[error("{} exists already", human::name(.0))]
    TargetExists(PathBuf),
    /// The target is a folder.
    #[error("{} is a folder", human::name(.0))]
    TargetIsFolder(PathBuf),
    /// The target is the input itself, perhaps by another name.
    #[error("{} is the input itself", human::name(.0))]
    TargetIsInput(PathBuf),
    /// The target is an input of the same run.
    #[error("{} is another input of this run", human::name(.0))]
    TargetIsOtherInput(PathBuf),
    /// Two inputs of one run would become the same file.
    #[error("{}", taken_error(.target, .other))]
    TargetTaken {
        /// The target.
        target: PathBuf,
        /// The same as the earlier input's target is spelled.
        other: PathBuf,
    },
    /// The target is a device, pipe or socket, or leads to one.
    #[error("{} is a device or pipe, not a file", human::name(.0))]
    TargetIsSpecial(PathBuf),
    /// The folder of the target does not exist.
    #[error("the target folder {} does not exist", human::name(.0))]
    NoFolder(PathBuf),
    /// What should be the folder of the target is something else.
    #[error("{} is not a folder", human::name(.0))]
    NotAFolder(PathBuf),
    /// The file system may not have room for the target.
    #[error("{} may need up to {}, and only {} are free", human::name(.target), human::size(*.needed), human::size(*.free))]
    NoSpace {
        /// The target.
        target: PathBuf,
        /// The most bytes that it can have.
        needed: u64,
        /// Free bytes on its file system.
        free: u64,
    },
    /// The target may become larger than any file on its file system.
    #[error("{} may need up to {}, and its disk is formatted with FAT, which takes no file of 4 GiB or more", human::name(.target), human::size(*.needed))]
    TooLargeForFat {
        /// The target.
        target: PathBuf,
        /// The most bytes that it can have.
        needed: u64,
    },

    /// The part file cannot be made.
    #[error("cannot create {}: {error}", human::name(.path))]
    Create {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Another run is writing the same part file.
    #[error("{} is being written by another run", human::name(.0))]
    PartInUse(PathBuf),
    /// The part file exists, and it cannot be told whether a run is writing it.
    #[error("{} exists already and cannot be taken over", human::name(.0))]
    PartBlocked(PathBuf),
    /// The part file was deleted, or another file has got its name.
    #[error("{} was deleted or replaced while it was written", human::name(.0))]
    PartLost(PathBuf),
    /// The part file cannot be written.
    #[error("{}", write_error(.0))]
    Write(io::Error),
    /// The part file cannot be given its name.
    #[error("cannot rename the finished file to {}: {error}", human::name(.target))]
    Rename {
        /// The target.
        target: PathBuf,
        /// The system's error.
        error: io::Error,
    },

    /// An encoder's output does not decode to its input.
    #[error("block {0} did not decode to what was packed")]
    Proof(BlockIndex),
    /// The finished file was read back and cannot be read as what was written.
    #[error("the finished file cannot be read back: {0}")]
    ReadBack(Box<Failure>),
    /// The finished file was read back and decodes to other bytes.
    #[error("the finished file decodes to other bytes: expected SHA-256 {expected}, got {got}")]
    Digest {
        /// SHA-256 of what was read from the input.
        expected: String,
        /// SHA-256 of what the finished file decodes to.
        got: String,
    },
    /// The finished file was read back and has other bytes than were written, though it decodes.
    #[error("the finished file has other bytes than were written, between {start:#X} and {end:#X}")]
    NotAsWritten {
        /// First byte of the part that differs.
        start: u64,
        /// First byte after it.
        end: u64,
    },
    /// The finished file has its name, but the folder with the name could not be forced to the disk.
    #[error("the file is complete, but its name may not be safe from a power cut yet: {0}")]
    FolderSync(io::Error),
    /// The finished file holds streams that the profile's readers are not known to take.
    #[error("{} in the finished file did not pass the deflate lint", human::count(*.0, "stream", "streams"))]
    UnsafeStreams(u64),

    /// Two images differ.
    #[error("the images differ, first at byte {offset} (LBA {})", .offset / u64::from(sector_decode::SECTOR_SIZE))]
    Different {
        /// First byte that differs, counted from 0.
        offset: u64,
    },
    /// One image is the beginning of the other.
    #[error("the images are equal up to the end of the shorter one: {a} and {b} bytes")]
    DifferentSize {
        /// Size of the first image in bytes.
        a: u64,
        /// Size of the second image in bytes.
        b: u64,
    },

    /// What is wrong with the second one of two files.
    #[error("{}: {failure}", human::name(.file))]
    InSecond {
        /// Its path.
        file: PathBuf,
        /// What is wrong with it.
        failure: Box<Failure>,
    },

    /// Stopped by a signal.
    #[error("interrupted")]
    Interrupted,
}

/// What was expected or found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Quantity {
    /// Bytes, a file position or a checksum, as the kind of failure says.
    Number(u64),
    /// A digest in hexadecimal digits.
    Text(String),
}

impl From<&str> for Quantity {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Failure {
    /// Returns the exit status that the failure leads to.
    pub fn status(&self) -> Status {
        match self {
            Self::Header(HeaderError::Foreign(_) | HeaderError::Version { .. })
            | Self::NotWholeSectors { .. }
            | Self::RawCdSectors
            | Self::Shortcut
            | Self::UnknownDisc
            | Self::AlreadyPlain
            | Self::Profile(_)
            | Self::Format(_)
            | Self::TargetExists(_)
            | Self::TargetIsInput(_)
            | Self::TargetIsOtherInput(_)
            | Self::TargetTaken { .. } => Status::Refused,
            Self::Header(_) | Self::Damaged(_) | Self::DamagedBlocks(_) => Status::Damaged,
            Self::HeaderMd5 { .. }
            | Self::Proof(_)
            | Self::ReadBack(_)
            | Self::Digest { .. }
            | Self::NotAsWritten { .. }
            | Self::Unsteady { .. }
            | Self::UnsafeStreams(_)
            | Self::Different { .. }
            | Self::DifferentSize { .. } => Status::Mismatch,
            Self::Open(_)
            | Self::NotAFile(_)
            | Self::Empty
            | Self::Read { .. }
            | Self::InputChanged
            | Self::SourceKept(_)
            | Self::NoThread(_)
            | Self::FolderSync(_)
            | Self::TargetIsFolder(_)
            | Self::TargetIsSpecial(_)
            | Self::NoFolder(_)
            | Self::NotAFolder(_)
            | Self::NoSpace { .. }
            | Self::TooLargeForFat { .. }
            | Self::NoImages
            | Self::Create { .. }
            | Self::PartInUse(_)
            | Self::PartBlocked(_)
            | Self::PartLost(_)
            | Self::Write(_)
            | Self::Rename { .. } => Status::Failed,
            Self::InSecond { failure, .. } => failure.status(),
            Self::Interrupted => Status::Interrupted,
        }
    }

    /// Returns the short name that JSON objects have (docs/json.md).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::NotAFile(_) => "not_a_file",
            Self::Empty => "empty",
            Self::Shortcut => "shortcut",
            Self::UnknownDisc => "unknown_disc",
            Self::NoImages => "no_images",
            Self::Header(HeaderError::Foreign(_)) => "foreign_format",
            Self::Header(HeaderError::Version { .. }) => "unknown_version",
            Self::Header(_) => "header",
            Self::Read { .. } => "read",
            Self::Damaged(damage) => damage.fault.kind(),
            Self::DamagedBlocks(_) => "damaged_blocks",
            Self::HeaderMd5 { .. } => "header_md5",
            Self::InputChanged => "input_changed",
            Self::Unsteady { .. } => "unsteady",
            Self::SourceKept(_) => "source_kept",
            Self::NoThread(_) => "no_thread",
            Self::NotAsWritten { .. } => "not_as_written",
            Self::FolderSync(_) => "folder_sync",
            Self::NotWholeSectors { .. } => "not_whole_sectors",
            Self::RawCdSectors => "raw_cd_sectors",
            Self::AlreadyPlain => "already_plain",
            Self::Profile(_) => "profile",
            Self::Format(_) => "format",
            Self::TargetExists(_) => "target_exists",
            Self::TargetIsFolder(_) => "target_is_folder",
            Self::TargetIsInput(_) => "target_is_input",
            Self::TargetIsOtherInput(_) => "target_is_other_input",
            Self::TargetTaken { .. } => "target_taken",
            Self::TargetIsSpecial(_) => "target_is_special",
            Self::NoFolder(_) => "no_folder",
            Self::NotAFolder(_) => "not_a_folder",
            Self::NoSpace { .. } => "no_space",
            Self::TooLargeForFat { .. } => "too_large_for_fat",
            Self::Create { .. } => "create",
            Self::PartInUse(_) => "part_in_use",
            Self::PartBlocked(_) => "part_blocked",
            Self::PartLost(_) => "part_lost",
            Self::Write(_) => "write",
            Self::Rename { .. } => "rename",
            Self::Proof(_) => "proof",
            Self::ReadBack(_) => "read_back",
            Self::Digest { .. } => "digest",
            Self::UnsafeStreams(_) => "unsafe_streams",
            Self::Different { .. } | Self::DifferentSize { .. } => "different",
            Self::InSecond { failure, .. } => failure.kind(),
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns what the user can do about it, as a sentence.
    pub fn fix(&self) -> Option<String> {
        let fix = match self {
            Self::Empty => "Copy or dump it again.",
            Self::NotAFile(FileKind::Folder) => "Name the images in it.",
            Self::NotAFile(FileKind::Special) => "Dump the disc to a file first.",
            Self::Header(HeaderError::Foreign(foreign)) => foreign_fix(*foreign),
            Self::Header(HeaderError::Version { .. }) => "Look for a newer version of cisor.",
            Self::Header(_) => "The file is damaged: get another copy.",
            Self::Damaged(_) => {
                "The image is damaged: extract --keep-going fills such blocks with zeros and lists them."
            }
            Self::HeaderMd5 { .. } => "The image was changed after it was packed: get another copy.",
            Self::InputChanged => "Try again when no other program writes it.",
            Self::NoThread(_) => "Use fewer threads (-j), or allow the program more of them (ulimit -u).",
            Self::FolderSync(_) => "Check the disk, and verify the file before you delete its source.",
            Self::Unsteady { .. } => {
                "Nothing was put in place: check this machine's memory, and the disk and cable of the source."
            }
            Self::NotWholeSectors { .. } => "The file is cut off or is no disc image: dump the disc again.",
            Self::RawCdSectors => "Convert the BIN/CUE to an ISO of 2048-byte sectors first.",
            Self::Profile(refusal) => return Some(refusal.fix()),
            Self::InSecond { failure, .. } => return failure.fix(),
            Self::TargetExists(_) => "Use -f to replace it.",
            Self::TargetIsFolder(_) => "Use -d to write into a folder.",
            Self::TargetIsInput(_) | Self::TargetIsSpecial(_) => "Choose another name or another folder.",
            Self::TargetIsOtherInput(_) | Self::TargetTaken { .. } => {
                "Convert them one at a time, to other names."
            }
            Self::NoFolder(_) => "Create it first.",
            Self::Shortcut => "Take the file itself.",
            Self::UnknownDisc => "If it is one after all, say whom it is for: cisor compress --for.",
            Self::TooLargeForFat { .. } => {
                "Choose a folder on a disk with NTFS or exFAT, or use -f to try anyway."
            }
            Self::Create { error, .. } if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                "The disk is read-only: use -d to write into a folder elsewhere, or copy the file first."
            }
            Self::NoSpace { .. } => "Make room, choose another folder, or use -f to try anyway.",
            Self::PartInUse(_) => "Wait until that run has finished.",
            Self::PartLost(_) => "Nothing was put in place: try again when no other program works there.",
            Self::PartBlocked(_) => "Delete it when no other run is writing it.",
            Self::Proof(_) | Self::ReadBack(_) | Self::Digest { .. } | Self::NotAsWritten { .. } => {
                "Nothing was put in place: check this machine's memory and disk."
            }
            Self::UnsafeStreams(_) => "Nothing was put in place: please report this with the disc's title.",
            _ => return None,
        };
        Some(fix.into())
    }

    /// Returns the block and the file position that the failure is about.
    pub fn place(&self) -> (Option<u32>, Option<u64>) {
        match self {
            Self::Damaged(damage) => (Some(damage.block), Some(damage.offset)),
            Self::DamagedBlocks(list) => match list.ranges().first() {
                Some(range) => (Some(range.first.block), Some(range.first.offset)),
                None => (None, None),
            },
            Self::Read { offset, .. }
            | Self::Different { offset }
            | Self::NotAsWritten { start: offset, .. } => (None, Some(*offset)),
            Self::Proof(block) => (Some(block.0), None),
            Self::ReadBack(inner) | Self::InSecond { failure: inner, .. } => inner.place(),
            _ => (None, None),
        }
    }

    /// Returns what was expected and what was found, where there are such things.
    pub fn expected_and_got(&self) -> (Option<Quantity>, Option<Quantity>) {
        let numbers = |(expected, got): (Option<u64>, Option<u64>)| {
            (expected.map(Quantity::Number), got.map(Quantity::Number))
        };
        let text = |expected: &str, got: &str| (Some(expected.into()), Some(got.into()));
        match self {
            Self::Damaged(damage) => numbers(damage.fault.numbers()),
            Self::DamagedBlocks(list) => match list.ranges().first() {
                Some(range) => numbers(range.first.fault.numbers()),
                None => (None, None),
            },
            Self::HeaderMd5 { expected, got }
            | Self::Digest { expected, got }
            | Self::Unsteady { expected, got } => text(expected, got),
            Self::NoSpace { needed, free, .. } => numbers((Some(*needed), Some(*free))),
            Self::TooLargeForFat { needed, .. } => numbers((Some(*needed), Some(u32::MAX.into()))),
            Self::DifferentSize { a, b } => numbers((Some(*a), Some(*b))),
            Self::Header(error) => numbers(header_numbers(error)),
            Self::ReadBack(inner) | Self::InSecond { failure: inner, .. } => inner.expected_and_got(),
            _ => (None, None),
        }
    }

    /// The same of the second one of two files.
    pub(crate) fn in_second(self, file: &Path) -> Self {
        Self::InSecond { file: file.to_owned(), failure: Box::new(self) }
    }

    /// What creating a file at `path` failed with.
    pub(crate) fn create(path: &Path, error: io::Error) -> Self {
        Self::Create { path: path.to_owned(), error }
    }
}

/// Says what to do with an image of another program's format.
const fn foreign_fix(foreign: Foreign) -> &'static str {
    match foreign {
        Foreign::Chd => "Turn it into an ISO with MAME's chdman first (extractdvd, or extractcd for CDs).",
        Foreign::GameCubeCiso => {
            "It shares only its magic with PSP images: Dolphin and nodtool convert GameCube and Wii discs."
        }
        _ => "Convert it to an ISO with the program that made it.",
    }
}

/// Expected and found in a header, where these are numbers.
fn header_numbers(error: &HeaderError) -> (Option<u64>, Option<u64>) {
    match *error {
        HeaderError::FileTooShort { len, needed } => (Some(needed.into()), Some(len)),
        HeaderError::Version { got, max, .. } => (Some(max.into()), Some(got.into())),
        HeaderError::Method { got } => (None, Some(got.into())),
        HeaderError::IndexPosition { got, min } => (Some(min.into()), Some(got.into())),
        HeaderError::HeaderSize { got, expected } => (Some(expected.into()), Some(got.into())),
        HeaderError::BlockSize { got, .. } => (None, Some(got.into())),
        HeaderError::IndexShift { got, max } => (Some(max.into()), Some(got.into())),
        HeaderError::IndexPastEnd { index_end, file_len } => (Some(index_end), Some(file_len)),
        HeaderError::TooManyAreas { areas, frames } => (Some(frames.into()), Some(areas.into())),
        _ => (None, None),
    }
}

fn taken_error(target: &Path, other: &Path) -> String {
    let text = format!("{} is what another input of this run becomes", human::name(target));
    if target == other { text } else { format!("{text}, as {}", human::name(other)) }
}

/// Names the causes of write errors that have nothing to do with the program.
fn write_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".into(),
        io::ErrorKind::FileTooLarge => {
            "the file system takes no file of this size (FAT32 ends at 4 GiB)".into()
        }
        _ => format!("cannot write: {error}"),
    }
}
