//! What is known about one file after the work on it: one type per verb, and [`Outcome`] for any of them.
//!
//! This module does not deal with presentation: `json` and `text` are the two views of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use disc_info::Disc;
use image_writer::{BlockCounts, Digests, Optimize, OutputFormat, SomeDigests};
use sector_decode::Layout;
use sector_decode::deflate_lint::Finding;
use serde::Serialize;

use crate::damage::DamageList;
use crate::exit::Status;
use crate::failure::Failure;
use crate::profile::Profile;
use crate::readers::{Facts, Reader, Verdict};
use crate::report::batch::{Planned, SidecarRecord, Skipped, Synced};
use crate::report::dat::{Checked, DatRecord};
use crate::report::source::SourceRecord;
use crate::scan::LintCounts;

/// One file and the result of the work on it. While a verb works on the file, `O` is that verb's own type.
#[derive(Debug)]
pub struct Record<O = Outcome> {
    /// The file that was read.
    pub input: PathBuf,
    /// Warnings, which the user should see even after success.
    pub warnings: Vec<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The extent of the disc's file system, if that exceeds the image.
    pub cut_off: Option<CutOff>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// Bytes of the input, with the other files that belong to it.
    pub input_size: Option<u64>,
    /// What the verb found or made. Filled in as the work proceeds, so a failure leaves it incomplete.
    pub outcome: O,
}

/// A disc whose file system extends past the end of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CutOff {
    /// Sectors of the file system.
    pub volume_sectors: u64,
    /// Whole sectors of the image.
    pub image_sectors: u64,
}

/// What a verb found or made.
#[derive(Debug)]
pub enum Outcome {
    /// `compress`.
    Compressed(Compressed),
    /// `extract`.
    Extracted(Extracted),
    /// `verify`.
    Verified(Verified),
    /// `info`.
    Described(Described),
    /// `library scan`.
    Scanned(Box<Scanned>),
    /// The rest of `library`, which has no files of its own.
    Library(&'static str),
    /// `compare`.
    Compared(Compared),
    /// `dat`.
    Checked(Checked),
    /// `drop`, for a path that it could not do anything with.
    Searched,
    /// Only a checksum, which has already been printed in another tool's format.
    Summed,
}

/// What `compress` made.
#[derive(Debug, Default)]
pub struct Compressed {
    /// The disc in the image.
    pub disc: Option<Disc>,
    /// The profile that the file was written for.
    pub profile: Option<Profile>,
    /// The file, once it was written completely.
    pub written: Option<Written>,
    /// Its path, once it is in place.
    pub output: Option<PathBuf>,
    /// Whether `--rm` has deleted the input; `None` without `--rm`.
    pub source_removed: Option<bool>,
    /// The existing file that turned out to hold this disc, so that nothing was written.
    pub already_done: Option<PathBuf>,
    /// The sidecar with the rest of a CD dump, and its length.
    pub raw_sidecar: Option<(PathBuf, u64)>,
    /// Why nothing was done.
    pub skipped: Option<Skipped>,
    /// What would be done, in a dry run.
    pub planned: Option<Planned>,
    /// The digest beside the file.
    pub sidecar: Option<SidecarRecord>,
    /// Whether the verb is `sync` rather than `compress`.
    pub is_sync: bool,
    /// What `sync` has done.
    pub synced: Option<Synced>,
}

/// A compressed file that was written.
#[derive(Debug)]
pub struct Written {
    /// Its format.
    pub format: OutputFormat,
    /// Bytes of the image in each block.
    pub block_size: u32,
    /// Left shift of the index values.
    pub index_shift: u8,
    /// How the encoding of each block was chosen.
    pub optimize: Optimize,
    /// Bytes of the image.
    pub image_size: u64,
    /// Bytes of the file.
    pub stored_size: u64,
    /// How the blocks are packed; `None` for a CHD.
    pub blocks: Option<BlockCounts>,
    /// Digests of the image, if all of them were computed.
    pub digests: Option<Digests>,
    /// The lint result; `None` until the file has been read back.
    pub lint: Option<Lint>,
}

/// The deflate lint's result for a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lint {
    /// The result for the streams in the file.
    pub in_file: LintCounts,
    /// Streams that did not pass and are therefore not in the file: their blocks were stored instead.
    pub kept_out: BTreeMap<Finding, u32>,
}

/// What `extract` made.
#[derive(Debug, Default)]
pub struct Extracted {
    /// The facts from the header.
    pub layout: Option<Layout>,
    /// The disc in the image.
    pub disc: Option<Disc>,
    /// How the blocks are packed.
    pub blocks: Option<BlockCounts>,
    /// Digests of the image, if all of them were computed.
    pub digests: Option<Digests>,
    /// The path of the image, once it is in place.
    pub output: Option<PathBuf>,
    /// Whether `--rm` has deleted the input; `None` without `--rm`.
    pub source_removed: Option<bool>,
    /// The existing file that turned out to hold this disc, so that nothing was written.
    pub already_done: Option<PathBuf>,
    /// The sidecar with the rest of a CD dump, and its length.
    pub raw_sidecar: Option<(PathBuf, u64)>,
    /// The files of a CD dump, if that was restored instead of an image.
    pub restored: Vec<RestoredFile>,
    /// Why nothing was done.
    pub skipped: Option<Skipped>,
    /// What would be done, in a dry run.
    pub planned: Option<Planned>,
    /// The digest beside the file.
    pub sidecar: Option<SidecarRecord>,
}

/// One file of a restored CD dump.
#[derive(Debug)]
pub struct RestoredFile {
    /// Its path.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-1 of it.
    pub sha1: [u8; 20],
}

/// What `verify` found.
#[derive(Debug, Default)]
pub struct Verified {
    /// The facts from the header.
    pub layout: Option<Layout>,
    /// The disc in the image.
    pub disc: Option<Disc>,
    /// How the blocks are packed.
    pub blocks: Option<BlockCounts>,
    /// Digests of the image that were needed, if all of it decodes.
    pub digests: Option<SomeDigests>,
    /// Bytes of the file that are stored blocks.
    pub stored_bytes: Option<u64>,
    /// The lint result for the streams, if a PSP's firmware may read the file.
    pub lint: Option<LintCounts>,
    /// What DATs say about it.
    pub dat: Option<Box<DatRecord>>,
    /// The container of the disc, if it is neither a plain image nor a compressed one.
    pub source: Option<SourceRecord>,
    /// The hash that RetroAchievements identifies the game by.
    pub achievements: Option<[u8; 16]>,
    /// The digest beside the file.
    pub sidecar: Option<SidecarRecord>,
}

/// What `info` found.
#[derive(Debug, Default)]
pub struct Described {
    /// The other files that belong to the image.
    pub parts: Vec<PathBuf>,
    /// Bytes of the file and of those.
    pub stored_len: u64,
    /// What verdicts about readers are based on.
    pub facts: Option<Facts>,
    /// The facts from the header.
    pub layout: Option<Layout>,
    /// The disc in the image.
    pub disc: Option<Disc>,
    /// How the blocks are packed, and how that is known.
    pub blocks: Option<(Evidence, BlockCounts)>,
    /// The lint result, if the lint was run.
    pub lint: Option<LintCounts>,
    /// Who can read the file.
    pub readers: Vec<(Reader, Verdict)>,
    /// The container of the disc, if it is neither a plain image nor a compressed one.
    pub source: Option<SourceRecord>,
    /// The hash that RetroAchievements identifies the game by.
    pub achievements: Option<[u8; 16]>,
}

/// Source of the information about how blocks are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The index.
    Index,
    /// Decoding the blocks.
    Decoding,
}

/// What `library scan` found.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Why the file was read: `new`, `changed` or `unverified`.
    pub reason: &'static str,
    /// The description.
    pub described: Described,
    /// The verification, if there was one.
    pub verified: Option<Verified>,
}

/// What `compare` found. A difference is a [`Failure`].
#[derive(Debug)]
pub struct Compared {
    /// The second file.
    pub other: PathBuf,
    /// The facts from the first file's header.
    pub layout: Option<Layout>,
}

impl<O> Record<O> {
    /// Creates the record of a file.
    pub fn new(input: &Path, outcome: O) -> Self {
        Self {
            input: input.to_owned(),
            warnings: Vec::new(),
            failure: None,
            cut_off: None,
            seconds: None,
            input_size: None,
            outcome,
        }
    }

    /// Notes why the work failed.
    pub fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// Returns how the work ended.
    pub fn status(&self) -> Status {
        self.failure.as_ref().map_or(Status::Ok, Failure::status)
    }

    /// Returns the damaged blocks that did not stop the work.
    pub fn damage(&self) -> Option<&DamageList> {
        match &self.failure {
            Some(Failure::DamagedBlocks(damage)) => Some(damage),
            _ => None,
        }
    }
}

impl<O: Into<Outcome>> Record<O> {
    /// Converts the record of any verb to the common type.
    pub(super) fn of_any_verb(self) -> Record {
        let Self { input, warnings, failure, cut_off, seconds, input_size, outcome } = self;
        Record { input, warnings, failure, cut_off, seconds, input_size, outcome: outcome.into() }
    }
}

impl Outcome {
    /// Returns the verb of the command line.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Compressed(compressed) if compressed.is_sync => "sync",
            Self::Compressed(_) => "compress",
            Self::Extracted(_) => "extract",
            Self::Verified(_) => "verify",
            Self::Described(_) => "info",
            Self::Scanned(_) => "library scan",
            Self::Library(verb) => verb,
            Self::Compared(_) => "compare",
            Self::Checked(checked) => checked.verb,
            Self::Searched => "drop",
            Self::Summed => "crc",
        }
    }
}

impl From<Compressed> for Outcome {
    fn from(compressed: Compressed) -> Self {
        Self::Compressed(compressed)
    }
}

impl From<Extracted> for Outcome {
    fn from(extracted: Extracted) -> Self {
        Self::Extracted(extracted)
    }
}

impl From<Verified> for Outcome {
    fn from(verified: Verified) -> Self {
        Self::Verified(verified)
    }
}

impl From<Described> for Outcome {
    fn from(described: Described) -> Self {
        Self::Described(described)
    }
}

impl From<Scanned> for Outcome {
    fn from(scanned: Scanned) -> Self {
        Self::Scanned(Box::new(scanned))
    }
}

impl From<Checked> for Outcome {
    fn from(checked: Checked) -> Self {
        Self::Checked(checked)
    }
}

impl From<Compared> for Outcome {
    fn from(compared: Compared) -> Self {
        Self::Compared(compared)
    }
}

impl Lint {
    /// Returns how many blocks were stored because their stream did not pass the lint.
    pub fn stored_instead(&self) -> u64 {
        self.kept_out.values().map(|&count| u64::from(count)).sum()
    }
}
