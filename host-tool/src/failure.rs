//! All failures of the work on one file.
//!
//! The variants are in the order of the work. Kind, exit status and advice are in `failure/facts.rs`, and
//! the numbers for JSON objects in `failure/values.rs`.

mod convert;
mod facts;
mod kind;
mod values;

use std::io;
use std::path::{Path, PathBuf};

use image_writer::PlanError;
use sector_decode::{BlockIndex, HeaderError};

pub use self::kind::FileKind;
pub use self::values::Quantity;
use crate::damage::{Damage, DamageList};
use crate::human;
use crate::profile::Refusal;

/// Why the work on a file failed. The text is one line; the caller puts the file's name before it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The input cannot be opened.
    #[error("cannot open it: {0}")]
    Open(io::Error),
    /// The input is not a regular file.
    #[error("it is {0}, not a file")]
    NotAFile(FileKind),
    /// The input is empty.
    #[error("the file is empty")]
    Empty,
    /// The input is a Windows shortcut, a small file that only points to another one.
    #[error("it is a shortcut, not the file that it leads to")]
    Shortcut,
    /// The input's header is damaged, or has an unknown version.
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
    /// The disc's container is unsupported or damaged.
    #[error("{0}")]
    Source(image_source::Error),
    /// A CHD decodes, but does not match its header.
    #[error("the CHD does not have the SHA-1 in its header: expected {expected}, got {got}")]
    ChdSha1 {
        /// The header's SHA-1 in hexadecimal.
        expected: String,
        /// The SHA-1 of the decoded CHD.
        got: String,
    },
    /// The image would lose something that the disc has.
    #[error("an image of 2048-byte sectors cannot hold {0}")]
    Losses(String),
    /// A CHD of a DVD would hold only the data track of a CD.
    #[error("this is a dump of a CD, and a CHD of its data track alone would not be the disc")]
    CdDump,
    /// A CHD of a DVD is not what readers expect of a CD.
    #[error(
        "this is the image of a CD, by its size and its file systems, and a CHD of a DVD would not be that disc"
    )]
    CdImage,
    /// The rest of a CD dump cannot be kept, or the dump cannot be regenerated.
    #[error("{0}")]
    Sidecar(raw_sidecar::Error),
    /// The image has no sidecar.
    #[error("there is no {}, which keeps the rest of the CD dump", human::name(.0))]
    NoSidecar(PathBuf),
    /// The input is not a CD dump, of which there would be more to keep.
    #[error(
        "--keep-raw is for CD dumps, and this is neither a CUE sheet nor a dump of raw sectors nor the CHD of a CD"
    )]
    NothingToKeep,
    /// A block of the input is damaged.
    #[error("{0}")]
    Damaged(Damage),
    /// Blocks are damaged; they are listed separately.
    #[error("{} damaged", human::count(.0.blocks(), "block is", "blocks are"))]
    DamagedBlocks(DamageList),
    /// The image decodes, but does not match its header.
    #[error("the image does not have the MD5 in its header: expected {expected}, got {got}")]
    HeaderMd5 {
        /// The header's MD5 in hexadecimal.
        expected: String,
        /// The image's MD5.
        got: String,
    },
    /// The input was read twice and differed the second time.
    #[error("it reads differently the second time: expected SHA-256 {expected}, got {got}")]
    Unsteady {
        /// SHA-256 of the image on the first read.
        expected: String,
        /// The same on the second read.
        got: String,
    },
    /// The new file is in place, but the source could not be deleted.
    #[error("the source was not deleted: {0}")]
    SourceKept(String),
    /// A DAT cannot be used.
    #[error("{0}")]
    Dat(dat_file::Error),
    /// A DAT has the image with other content.
    #[error("{by} is {} in the DAT, but with {what}: expected {expected}, got {got}", human::quoted(.game))]
    DatWrong {
        /// How the game was found: `this disc id` or `this name`.
        by: &'static str,
        /// The game's name in the DAT.
        game: String,
        /// What differs.
        what: &'static str,
        /// The DAT's value.
        expected: String,
        /// The image's value.
        got: String,
    },
    /// The library cannot be used.
    #[error("{0}")]
    Library(disc_library::Error),
    /// A file was not given the DAT's name.
    #[error("it was not renamed: {0}")]
    NotRenamed(String),
    /// The system could not start a thread.
    #[error("cannot start a thread: {0}")]
    NoThread(io::ErrorKind),
    /// The input was replaced or modified while it was read.
    #[error("the file changed while it was read")]
    InputChanged,

    /// The image to be packed does not consist of whole sectors.
    #[error("the image has {size} bytes, which is not a whole number of 2048-byte sectors")]
    NotWholeSectors {
        /// Its size in bytes.
        size: u64,
    },
    /// The image holds the whole disc, followed by less than a sector of extra bytes.
    #[error("the image has {} past the last sector", human::count(*.rest, "byte", "bytes"))]
    PastLastSector {
        /// How many.
        rest: u64,
    },
    /// The image to be packed consists of raw CD sectors.
    #[error("the image consists of raw CD sectors of 2352 bytes, which no reader of compressed images takes")]
    RawCdSectors,
    /// A dropped file does not say which console it is for.
    #[error("it is not recognised as a disc of the PSP or the PS2")]
    UnknownDisc,
    /// The disc has no id that a file could be named by.
    #[error("there is no id of a PS2 game on this disc, so it cannot be named for Open PS2 Loader")]
    NoGameId,
    /// A dropped folder does not contain anything to work on.
    #[error("there are no disc images in this folder")]
    NoImages,
    /// A plain image does not need extraction.
    #[error("it is a plain image already")]
    AlreadyPlain,
    /// The profile refuses the request.
    #[error("{0}")]
    Profile(Refusal),
    /// The format cannot hold the image.
    #[error("{0}")]
    Format(PlanError),

    /// The target exists and may not be replaced.
    #[error("{} exists already", human::name(.0))]
    TargetExists(PathBuf),
    /// The target has changed since the run was planned.
    #[error("{} is not what was there when the run began", human::name(.0))]
    TargetChanged(PathBuf),
    /// The target is a folder.
    #[error("{} is a folder", human::name(.0))]
    TargetIsFolder(PathBuf),
    /// The target is the input itself, perhaps by another name.
    #[error("{} is the input itself", human::name(.0))]
    TargetIsInput(PathBuf),
    /// The file that is to be written to a card is one of the shelf.
    #[error("its file on the card would be {}, which is one of the shelf", human::name(.0))]
    ShelfOnCard(PathBuf),
    /// The input is a link, so it cannot be replaced by a new file.
    #[error("it is a link to a file elsewhere, which stays as it is")]
    InPlaceLink,
    /// The input holds more than the disc, which would be gone with it.
    #[error("it holds more than the new file would: {0}")]
    InPlaceMore(&'static str),
    /// The new file would not be of the kind that the input's name says.
    #[error("in its place, a {0} image would have the name of another format")]
    InPlaceName(image_writer::OutputFormat),
    /// The target is an input of the same run, or belongs to one.
    #[error("{} is another input of this run, or belongs to one", human::name(.0))]
    TargetIsOtherInput(PathBuf),
    /// Two inputs of one run would become the same file.
    #[error("{}", taken_error(.target, .other))]
    TargetTaken {
        /// The target.
        target: PathBuf,
        /// The same target as the earlier input spells it.
        other: PathBuf,
    },
    /// The target is a device, pipe or socket, or leads to one.
    #[error("{} is a device or pipe, not a file", human::name(.0))]
    TargetIsSpecial(PathBuf),
    /// The file system cannot hold the target's name.
    #[error("the disk cannot hold a file named {}: {why}", human::name(.target))]
    ImpossibleName {
        /// The target.
        target: PathBuf,
        /// What is wrong with its name.
        why: &'static str,
    },
    /// The folder of the target does not exist.
    #[error("the target folder {} does not exist", human::name(.0))]
    NoFolder(PathBuf),
    /// The target's parent is not a folder.
    #[error("{} is not a folder", human::name(.0))]
    NotAFolder(PathBuf),
    /// The file system may not have room for the target.
    #[error("{} may need up to {}, and only {} are free", human::name(.target), human::size(*.needed), human::size(*.free))]
    NoSpace {
        /// The target.
        target: PathBuf,
        /// Its maximum size in bytes.
        needed: u64,
        /// Free bytes on its file system.
        free: u64,
    },
    /// The target may become larger than any file on its file system.
    #[error("{} may need up to {}, and its disk is formatted with FAT, which takes no file of 4 GiB or more", human::name(.target), human::size(*.needed))]
    TooLargeForFat {
        /// The target.
        target: PathBuf,
        /// Its maximum size in bytes.
        needed: u64,
    },

    /// The same for a game of Open PS2 Loader.
    #[error("{} may need up to {}, and its disk is formatted with FAT, which takes no file of 4 GiB or more", human::name(.target), human::size(*.needed))]
    TooLargeForOpl {
        /// The target.
        target: PathBuf,
        /// Its maximum size in bytes.
        needed: u64,
    },
    /// All files together do not fit on the card.
    #[error("{what} would need {}, and {} are free{}", human::size(*.needed), human::size(*.free), if_deleted(*.freed))]
    CardFull {
        /// The files, and how their size is known.
        what: String,
        /// Their size in bytes.
        needed: u64,
        /// Free bytes on the card.
        free: u64,
        /// Bytes of files that would be deleted.
        freed: u64,
    },
    /// The list of files that were put on a card cannot be used.
    #[error("the list of what was put on this card {0}")]
    Manifest(&'static str),
    /// A file could not be deleted.
    #[error("cannot delete {}: {error}", human::name(.path))]
    NotDeleted {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A file on the card is not what was put there.
    #[error("{} is not what was put on the card: it has changed since", human::name(.0))]
    CardChanged(PathBuf),

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
    /// The part file exists, and there is no way to tell whether a run is writing it.
    #[error("{} exists already and cannot be taken over", human::name(.0))]
    PartBlocked(PathBuf),
    /// The part file was deleted, replaced by another file, or modified after it was verified.
    #[error("{} was deleted, replaced or changed while it was written", human::name(.0))]
    PartLost(PathBuf),
    /// The part file cannot be written.
    #[error("{}", write_error(.0))]
    Write(io::Error),
    /// The part file cannot be renamed to the target.
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
    /// The finished file was read back and cannot be read as the image that was written.
    #[error("the finished file cannot be read back: {0}")]
    ReadBack(Box<Failure>),
    /// The finished file was read back and decodes to different bytes.
    #[error("the finished file decodes to other bytes: expected SHA-256 {expected}, got {got}")]
    Digest {
        /// SHA-256 of the image read from the input.
        expected: String,
        /// SHA-256 of the decoded finished file.
        got: String,
    },
    /// The finished file was read back and differs from the bytes that were written, though it decodes.
    #[error("the finished file has other bytes than were written, between {start:#X} and {end:#X}")]
    NotAsWritten {
        /// Start of the part that differs.
        start: u64,
        /// End of that part (exclusive).
        end: u64,
    },
    /// The digest beside a target is not that of its image.
    #[error("{} exists already and has another digest", human::name(.0))]
    SidecarExists(PathBuf),
    /// The file beside a target does not tell the digest of its image.
    #[error("{} exists already and does not tell the SHA-256 of this image", human::name(.0))]
    SidecarUnusable(PathBuf),
    /// The image is not the one whose digest lies beside it.
    #[error("the image does not have the SHA-256 in {}: expected {expected}, got {got}", human::name(.file))]
    SidecarMismatch {
        /// The file with the digest.
        file: PathBuf,
        /// The digest in it.
        expected: String,
        /// The digest of the image.
        got: String,
    },
    /// The finished file has its name, but the folder could not be synchronised to disk.
    #[error("the file is complete, but its name may not be safe from a power cut yet: {0}")]
    FolderSync(io::Error),
    /// The finished file holds streams that the profile's readers are not known to accept.
    #[error("{} in the finished file did not pass the deflate lint", human::count(*.0, "stream", "streams"))]
    UnsafeStreams(u64),

    /// Two images differ.
    #[error("the images differ, first at byte {offset} (LBA {})", .offset / u64::from(sector_decode::SECTOR_SIZE))]
    Different {
        /// First byte that differs, counted from 0.
        offset: u64,
    },
    /// One image is a prefix of the other.
    #[error("the images are equal up to the end of the shorter one: {a} and {b} bytes")]
    DifferentSize {
        /// Size of the first image in bytes.
        a: u64,
        /// Size of the second image in bytes.
        b: u64,
    },

    /// A failure of the second of two files.
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
    /// An internal invariant was violated. Nothing is known to be wrong with the file.
    #[error("this is a mistake in cisor, not in your file: please report it ({0})")]
    Internal(String),
}

impl Failure {
    /// Returns the failure and its advice in one line.
    pub fn line(&self) -> String {
        match self.fix() {
            Some(fix) => format!("{self}. {fix}"),
            None => self.to_string(),
        }
    }

    /// The same for the second of two files.
    pub(crate) fn in_second(self, file: &Path) -> Self {
        Self::InSecond { file: file.to_owned(), failure: Box::new(self) }
    }

    /// The failure itself, whichever of two files it concerns.
    pub(crate) fn of_file(&self) -> &Self {
        match self {
            Self::InSecond { failure, .. } => failure.of_file(),
            failure => failure,
        }
    }

    /// The failure for an error while creating a file at `path`.
    pub(crate) fn create(path: &Path, error: io::Error) -> Self {
        Self::Create { path: path.to_owned(), error }
    }
}

fn if_deleted(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!(", with {} that would be deleted", human::size(bytes)) }
}

fn taken_error(target: &Path, other: &Path) -> String {
    let text = format!("two inputs would both be written to {}", human::name(target));
    if target == other { text } else { format!("{text}, the other one as {}", human::name(other)) }
}

/// Names the causes of write errors outside the program.
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
