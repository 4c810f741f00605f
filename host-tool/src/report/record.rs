//! What is known of one file at the end of the work on it. The fields are the JSON object's
//! (docs/json.md): none is ever renamed or removed without a new [`SCHEMA`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use image_writer::{BlockCounts, Digests};
use sector_decode::Layout;
use serde::{Serialize, Serializer};

use crate::damage::{DamageList, DamageRange, Unlisted};
use crate::exit::Status;
use crate::failure::{Failure, Quantity};
use crate::human;
use crate::readers::Verdict;
use crate::report::source::SourceRecord;
use crate::scan::LintCounts;
use disc_info::Disc;

/// Version of the objects' fields. New fields do not change it.
const SCHEMA: u32 = 1;

/// What is known of one file at the end of the work on it.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    schema: u32,
    /// What was done: the verb of the command line.
    pub verb: &'static str,
    /// The file that was read.
    #[serde(serialize_with = "lossy")]
    pub input: PathBuf,
    /// Its name's bytes in hexadecimal digits, where they are no Unicode.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_raw: Option<String>,
    /// The file that was written and put in place.
    #[serde(serialize_with = "lossy_option")]
    pub output: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_raw: Option<String>,
    /// How it ended.
    pub status: Status,
    exit: u8,
    /// Why it did not succeed.
    pub error: Option<ErrorRecord>,
    /// What the user should know nevertheless.
    pub warnings: Vec<String>,
    /// Format of the compressed file: the one written by `compress`, else the one read.
    pub format: Option<&'static str>,
    /// Bytes of the image in each block.
    pub block_size: Option<u32>,
    /// Size of the decoded image in bytes.
    pub size: Option<u64>,
    /// Size of the file in [`format`](Self::format) in bytes.
    pub stored_size: Option<u64>,
    /// Digests of the decoded image.
    pub hashes: Option<Hashes>,

    /// What the disc comes in, where that is neither a plain image nor a compressed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRecord>,
    /// Left shift of the index values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_shift: Option<u8>,
    /// Version in the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Header size field in the header, which no reader of CSO v1 uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_size: Option<u32>,
    /// Number of blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_count: Option<u32>,
    /// The profile that the file was written for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<&'static str>,
    /// By what it was chosen how each block is packed: `size` or `load`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimize: Option<&'static str>,
    /// How the blocks are packed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<BlockRecord>,
    /// What the deflate lint said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lint: Option<LintRecord>,
    /// Blocks that are damaged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<RangeRecord>,
    /// How many more there are than `damaged` lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged_unlisted: Option<UnlistedRecord>,
    /// The disc in the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disc: Option<DiscRecord>,
    /// The hash that RetroAchievements knows the game by, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retro_achievements: Option<String>,
    /// Who can read the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<ReaderRecord>,
    /// The image that `compare` compared with.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "lossy_option")]
    pub compared_with: Option<PathBuf>,
    /// Where the two differ first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// Whether `--rm` has deleted the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_removed: Option<bool>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// Why a file's work did not succeed.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorRecord {
    /// Short name of the kind.
    pub kind: &'static str,
    /// The same in a sentence.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
    /// Number of the block that it is about.
    pub block: Option<u32>,
    /// File position, or position in the image for `compare`.
    pub offset: Option<u64>,
    /// What was expected.
    pub expected: Option<Quantity>,
    /// What was found.
    pub got: Option<Quantity>,
}

/// Digests of a decoded image in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hashes {
    /// CRC-32.
    pub crc32: String,
    /// MD5.
    pub md5: String,
    /// SHA-1.
    pub sha1: String,
    /// SHA-256.
    pub sha256: String,
}

/// How many blocks are packed in which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BlockRecord {
    /// What the counts are taken from: `index` or `decoding`.
    pub by: &'static str,
    /// Plain blocks.
    pub stored: u32,
    /// Deflate streams.
    pub deflate: u32,
    /// LZ4 blocks.
    pub lz4: u32,
    /// LZO blocks.
    pub lzo: u32,
}

/// What the deflate lint said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LintRecord {
    /// How many streams it looked at.
    pub streams: u64,
    /// How many of the file's streams did not pass.
    pub failed: u64,
    /// Streams that did not pass and whose blocks were stored plain instead, so that they are not in the
    /// file.
    pub stored_plain: u64,
    /// Reasons, with how often each was found; of both kinds.
    pub findings: BTreeMap<String, u64>,
}

/// Neighbouring damaged blocks.
#[derive(Clone, Debug, Serialize)]
pub struct RangeRecord {
    /// Number of the first one.
    pub first: u32,
    /// Number of the last one.
    pub last: u32,
    /// Where the first one begins in the file by the index.
    pub offset: u64,
    /// Short name of what is wrong.
    pub kind: &'static str,
    /// What was expected of the first one.
    pub expected: Option<u64>,
    /// What was found.
    pub got: Option<u64>,
    /// The same in a sentence.
    #[serde(rename = "message")]
    pub text: String,
}

/// Damaged blocks that are counted and not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UnlistedRecord {
    /// Ranges of neighbours.
    pub ranges: u64,
    /// Blocks in them.
    pub blocks: u64,
}

/// The disc in an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiscRecord {
    /// `PSP` or `PS2`.
    pub console: Option<&'static str>,
    /// Disc id.
    pub id: Option<String>,
    /// Title.
    pub title: Option<String>,
}

/// Whether a reader can use the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReaderRecord {
    /// Short name of the reader.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// `reads`, `caution` or `refuses`.
    pub verdict: &'static str,
    /// Why, where there is more to say.
    pub reason: Option<String>,
}

/// Where two images differ first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// First byte that differs, counted from 0.
    pub offset: u64,
    /// The sector it is in.
    pub lba: u64,
}

impl Record {
    /// Begins the record of a file.
    pub fn new(verb: &'static str, input: &Path) -> Self {
        Self {
            schema: SCHEMA,
            verb,
            input: input.to_owned(),
            input_raw: raw(input),
            output: None,
            output_raw: None,
            status: Status::Ok,
            exit: Status::Ok.code(),
            error: None,
            warnings: Vec::new(),
            format: None,
            block_size: None,
            size: None,
            stored_size: None,
            hashes: None,
            source: None,
            index_shift: None,
            version: None,
            header_size: None,
            block_count: None,
            profile: None,
            optimize: None,
            blocks: None,
            lint: None,
            damaged: Vec::new(),
            damaged_unlisted: None,
            disc: None,
            retro_achievements: None,
            readers: Vec::new(),
            compared_with: None,
            difference: None,
            source_removed: None,
            seconds: None,
        }
    }

    /// Notes why the work did not succeed.
    pub fn fail(&mut self, failure: &Failure) {
        self.set_status(failure.status());
        let (block, offset) = failure.place();
        let (expected, got) = failure.expected_and_got();
        self.error = Some(ErrorRecord {
            kind: failure.kind(),
            message: failure.to_string(),
            fix: failure.fix(),
            block,
            offset,
            expected,
            got,
        });
        match failure {
            Failure::DamagedBlocks(list) => self.set_damaged(list),
            Failure::Different { offset } => {
                let lba = offset / u64::from(sector_decode::SECTOR_SIZE);
                self.difference = Some(Difference { offset: *offset, lba });
            }
            _ => {}
        }
    }

    /// Notes how the work ended.
    pub fn set_status(&mut self, status: Status) {
        self.status = status;
        self.exit = status.code();
    }

    /// Notes the file that was put in place.
    pub fn set_output(&mut self, path: &Path) {
        self.output = Some(path.to_owned());
        self.output_raw = raw(path);
    }

    /// Notes what the header of the compressed file says.
    pub fn set_layout(&mut self, layout: &Layout) {
        self.format = Some(layout.format().name());
        self.block_size = Some(layout.block_size());
        self.size = Some(layout.image_size());
        self.stored_size = Some(layout.file_len());
        self.index_shift = Some(layout.index_shift());
        self.version = layout.version();
        self.header_size = layout.header_size_field();
        self.block_count = Some(layout.block_count());
    }

    /// Notes the digests of the decoded image.
    pub fn set_digests(&mut self, digests: &Digests) {
        self.hashes = Some(Hashes {
            crc32: format!("{:08x}", digests.crc32),
            md5: human::hex(&digests.md5),
            sha1: human::hex(&digests.sha1),
            sha256: human::hex(&digests.sha256),
        });
    }

    /// Notes how the blocks are packed; `by` says how that is known.
    pub fn set_blocks(&mut self, by: &'static str, counts: BlockCounts) {
        let BlockCounts { stored, deflate, lz4, lzo } = counts;
        self.blocks = Some(BlockRecord { by, stored, deflate, lz4, lzo });
    }

    /// Notes what the lint said of the streams in the file.
    pub fn set_lint(&mut self, counts: &LintCounts) {
        self.lint = Some(LintRecord {
            streams: counts.streams,
            failed: counts.failed(),
            stored_plain: 0,
            findings: counts.findings.iter().map(|(finding, &count)| (finding.to_string(), count)).collect(),
        });
    }

    /// Notes which blocks are damaged.
    pub fn set_damaged(&mut self, damage: &DamageList) {
        self.damaged = damage.ranges().iter().map(RangeRecord::from).collect();
        let Unlisted { ranges, blocks } = damage.unlisted();
        self.damaged_unlisted = (ranges > 0).then_some(UnlistedRecord { ranges, blocks });
    }

    /// Notes which disc it is.
    pub fn set_disc(&mut self, disc: &Disc) {
        self.disc = Some(DiscRecord {
            console: disc.console.map(disc_info::Console::name),
            id: disc.id.clone(),
            title: disc.title.clone(),
        });
    }
}

impl ErrorRecord {
    /// Returns what is wrong and what to do about it, in one line.
    pub fn line(&self) -> String {
        match &self.fix {
            Some(fix) => format!("{}. {fix}", self.message),
            None => self.message.clone(),
        }
    }
}

impl From<&DamageRange> for RangeRecord {
    fn from(range: &DamageRange) -> Self {
        let (expected, got) = range.first.fault.numbers();
        Self {
            first: range.first.block,
            last: range.last,
            offset: range.first.offset,
            kind: range.first.fault.kind(),
            expected,
            got,
            text: range.to_string(),
        }
    }
}

impl ReaderRecord {
    /// Takes a reader's verdict.
    pub fn new(key: &'static str, name: &'static str, verdict: Verdict) -> Self {
        let (verdict, reason) = match verdict {
            Verdict::Reads => ("reads", None),
            Verdict::Caution(reason) => ("caution", Some(reason)),
            Verdict::Refuses(reason) => ("refuses", Some(reason)),
        };
        Self { key, name, verdict, reason }
    }
}

#[expect(clippy::ptr_arg, reason = "serde gives the field's own type")]
fn lossy<S: Serializer>(path: &PathBuf, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

#[expect(clippy::ref_option, reason = "serde gives the field's own type")]
fn lossy_option<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => lossy(path, serializer),
        None => serializer.serialize_none(),
    }
}

/// The bytes of a name that is no Unicode, which a JSON string cannot hold.
#[cfg(unix)]
fn raw(path: &Path) -> Option<String> {
    use std::os::unix::ffi::OsStrExt;
    path.to_str().is_none().then(|| human::hex(path.as_os_str().as_bytes()))
}

/// The 16-bit units of a name that is no Unicode, which a JSON string cannot hold.
#[cfg(windows)]
fn raw(path: &Path) -> Option<String> {
    use std::os::windows::ffi::OsStrExt;
    path.to_str()
        .is_none()
        .then(|| path.as_os_str().encode_wide().map(|unit| format!("{unit:04x}")).collect())
}
