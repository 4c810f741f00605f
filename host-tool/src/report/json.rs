//! Records as JSON objects. The fields are those of docs/json.md: they are never renamed, removed or moved
//! without a new [`SCHEMA`].

use std::collections::BTreeMap;
use std::path::Path;

use disc_info::{Console, Disc, OtherDisc};
use image_writer::{BlockCounts, SomeDigests};
use sector_decode::{Layout, SECTOR_SIZE};
use serde::Serialize;

use super::batch::Fields;
use super::dat::DatRecord;
use super::record::{
    Compressed, CutOff, Described, Evidence, Extracted, Lint, Outcome, Record, RestoredFile, Verified,
};
use super::source::SourceRecord;
use crate::damage::{DamageList, DamageRange, Unlisted};
use crate::exit::Status;
use crate::failure::{Failure, Quantity};
use crate::human;
use crate::readers::{Reader, Verdict};
use crate::scan::LintCounts;

/// Version of the objects' fields. New fields do not change it.
pub const SCHEMA: u32 = 1;

/// Returns the object of a file as one line.
pub(super) fn line(record: &Record) -> String {
    // Serialising only fails for maps whose keys are not strings; there are none.
    let mut line = serde_json::to_string(&Object::of(record)).unwrap_or_default();
    line.push('\n');
    line
}

#[derive(Default, Serialize)]
struct Object {
    schema: u32,
    verb: &'static str,
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_raw: Option<String>,
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_raw: Option<String>,
    status: Status,
    exit: u8,
    error: Option<Error>,
    warnings: Vec<String>,
    format: Option<&'static str>,
    block_size: Option<u32>,
    size: Option<u64>,
    stored_size: Option<u64>,
    hashes: Option<Hashes>,

    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retro_achievements: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_shift: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    optimize: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<Blocks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lint: Option<LintObject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged_unlisted: Option<UnlistedObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disc: Option<DiscObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut_off: Option<CutOff>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    readers: Vec<ReaderObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_removed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dat: Option<Box<DatRecord>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rename_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    already_done: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_sidecar: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(flatten)]
    batch: Fields,
}

#[derive(Serialize)]
struct FileObject {
    name: String,
    size: u64,
    sha1: String,
}

#[derive(Serialize)]
struct Error {
    kind: &'static str,
    message: String,
    fix: Option<String>,
    block: Option<u32>,
    offset: Option<u64>,
    expected: Option<Quantity>,
    got: Option<Quantity>,
}

#[derive(Serialize)]
struct Hashes {
    #[serde(skip_serializing_if = "Option::is_none")]
    crc32: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

#[derive(Serialize)]
struct Blocks {
    by: &'static str,
    stored: u32,
    deflate: u32,
    lz4: u32,
    lzo: u32,
}

#[derive(Serialize)]
struct LintObject {
    streams: u64,
    failed: u64,
    stored_plain: u64,
    findings: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Range {
    first: u32,
    last: u32,
    offset: u64,
    kind: &'static str,
    expected: Option<u64>,
    got: Option<u64>,
    message: String,
}

#[derive(Serialize)]
struct UnlistedObject {
    ranges: u64,
    blocks: u64,
}

#[derive(Serialize)]
struct DiscObject {
    console: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<&'static str>,
    id: Option<String>,
    title: Option<String>,
}

#[derive(Serialize)]
struct ReaderObject {
    key: &'static str,
    name: &'static str,
    verdict: &'static str,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Difference {
    offset: u64,
    lba: u64,
}

impl Object {
    fn of(record: &Record) -> Self {
        let status = record.status();
        let mut object = Self {
            schema: SCHEMA,
            verb: record.outcome.verb(),
            input: lossy(&record.input),
            input_raw: raw(&record.input),
            status,
            exit: status.code(),
            error: record.failure.as_ref().map(Error::from),
            warnings: record.warnings.clone(),
            cut_off: record.cut_off,
            seconds: record.seconds,
            ..Self::default()
        };
        match &record.failure {
            Some(Failure::DamagedBlocks(damage)) => object.set_damage(damage),
            Some(Failure::Different { offset }) => {
                object.difference =
                    Some(Difference { offset: *offset, lba: offset / u64::from(SECTOR_SIZE) });
            }
            _ => {}
        }
        match &record.outcome {
            Outcome::Compressed(compressed) => object.set_compressed(compressed),
            Outcome::Extracted(extracted) => object.set_extracted(extracted),
            Outcome::Verified(verified) => object.set_verified(verified),
            Outcome::Described(described) => object.set_described(described),
            Outcome::Scanned(scanned) => {
                object.reason = Some(scanned.reason);
                object.set_described(&scanned.described);
                scanned.verified.iter().for_each(|verified| object.add_verified(verified));
            }
            Outcome::Compared(compared) => {
                object.set_layout(compared.layout.as_ref());
                object.compared_with = Some(lossy(&compared.other));
            }
            Outcome::Checked(checked) => {
                object.set_output(checked.output.as_deref());
                object.dat.clone_from(&checked.dat);
                object.rename_to = checked.rename_to.as_deref().map(lossy);
            }
            Outcome::Library(_) | Outcome::Searched | Outcome::Summed => {}
        }
        object
    }

    fn set_compressed(&mut self, compressed: &Compressed) {
        self.set_output(compressed.output.as_deref());
        self.disc = compressed.disc.as_ref().map(DiscObject::from);
        self.profile = compressed.profile.map(crate::profile::Profile::name);
        self.source_removed = compressed.source_removed;
        self.already_done = compressed.already_done.as_deref().map(lossy);
        self.raw_sidecar = compressed.raw_sidecar.as_ref().map(|(path, _)| lossy(path));
        let Compressed { skipped, planned, sidecar, .. } = compressed;
        self.batch = Fields::of(skipped.as_ref(), planned.as_ref(), sidecar.as_ref());
        self.batch.sync = compressed.synced;
        let Some(written) = &compressed.written else { return };
        self.format = Some(written.format.name());
        self.block_size = Some(written.block_size);
        self.size = Some(written.image_size);
        self.stored_size = Some(written.stored_size);
        self.hashes = written.digests.map(|digests| Hashes::from(SomeDigests::from(digests)));
        self.index_shift = Some(written.index_shift);
        self.optimize = Some(written.optimize.name());
        self.blocks = written.blocks.map(|blocks| Blocks::of(Evidence::Decoding, blocks));
        self.lint = written.lint.as_ref().map(LintObject::from);
    }

    fn set_extracted(&mut self, extracted: &Extracted) {
        self.set_layout(extracted.layout.as_ref());
        self.disc = extracted.disc.as_ref().map(DiscObject::from);
        self.set_output(extracted.output.as_deref());
        self.hashes = extracted.digests.map(|digests| Hashes::from(SomeDigests::from(digests)));
        self.blocks = extracted.blocks.map(|blocks| Blocks::of(Evidence::Decoding, blocks));
        self.source_removed = extracted.source_removed;
        self.already_done = extracted.already_done.as_deref().map(lossy);
        self.raw_sidecar = extracted.raw_sidecar.as_ref().map(|(path, _)| lossy(path));
        self.files = extracted.restored.iter().map(FileObject::from).collect();
        let Extracted { skipped, planned, sidecar, .. } = extracted;
        self.batch = Fields::of(skipped.as_ref(), planned.as_ref(), sidecar.as_ref());
    }

    fn set_verified(&mut self, verified: &Verified) {
        self.set_layout(verified.layout.as_ref());
        self.disc = verified.disc.as_ref().map(DiscObject::from);
        self.dat.clone_from(&verified.dat);
        self.add_verified(verified);
        self.set_source(verified.source.as_ref(), verified.achievements);
    }

    /// Adds what only decoding tells.
    fn add_verified(&mut self, verified: &Verified) {
        self.hashes = verified.digests.map(Hashes::from);
        self.blocks = verified.blocks.map(|blocks| Blocks::of(Evidence::Decoding, blocks));
        self.stored_bytes = verified.stored_bytes;
        self.batch = Fields::of(None, None, verified.sidecar.as_ref());
        self.lint = verified.lint.as_ref().map(LintObject::from).or(self.lint.take());
    }

    fn set_described(&mut self, described: &Described) {
        self.set_layout(described.layout.as_ref());
        self.blocks = described.blocks.map(|(evidence, blocks)| Blocks::of(evidence, blocks));
        self.lint = described.lint.as_ref().map(LintObject::from);
        self.disc = described.disc.as_ref().map(DiscObject::from);
        self.readers = described.readers.iter().map(ReaderObject::from).collect();
        self.set_source(described.source.as_ref(), described.achievements);
    }

    fn set_source(&mut self, source: Option<&SourceRecord>, achievements: Option<[u8; 16]>) {
        self.source = source.cloned();
        self.stored_size = source.map(|source| source.file_len).or(self.stored_size);
        self.retro_achievements = achievements.map(|hash| human::hex(&hash));
    }

    fn set_layout(&mut self, layout: Option<&Layout>) {
        let Some(layout) = layout else { return };
        self.format = Some(layout.format().name());
        self.block_size = Some(layout.block_size());
        self.size = Some(layout.image_size());
        self.stored_size = Some(layout.file_len());
        self.index_shift = Some(layout.index_shift());
        self.version = layout.version();
        self.header_size = layout.header_size_field();
        self.block_count = Some(layout.block_count());
    }

    fn set_output(&mut self, output: Option<&Path>) {
        self.output = output.map(lossy);
        self.output_raw = output.and_then(raw);
    }

    fn set_damage(&mut self, damage: &DamageList) {
        self.damaged = damage.ranges().iter().map(Range::from).collect();
        let Unlisted { ranges, blocks } = damage.unlisted();
        self.damaged_unlisted = (ranges > 0).then_some(UnlistedObject { ranges, blocks });
    }
}

impl From<&RestoredFile> for FileObject {
    fn from(file: &RestoredFile) -> Self {
        Self { name: lossy(&file.path), size: file.size, sha1: human::hex(&file.sha1) }
    }
}

impl From<&Failure> for Error {
    fn from(failure: &Failure) -> Self {
        let (block, offset) = failure.place();
        let (expected, got) = failure.expected_and_got();
        Self {
            kind: failure.kind(),
            message: failure.to_string(),
            fix: failure.fix(),
            block,
            offset,
            expected,
            got,
        }
    }
}

impl From<SomeDigests> for Hashes {
    fn from(digests: SomeDigests) -> Self {
        Self {
            crc32: digests.crc32.map(|crc32| format!("{crc32:08x}")),
            md5: digests.md5.map(|md5| human::hex(&md5)),
            sha1: digests.sha1.map(|sha1| human::hex(&sha1)),
            sha256: digests.sha256.map(|sha256| human::hex(&sha256)),
        }
    }
}

impl Blocks {
    const fn of(evidence: Evidence, counts: BlockCounts) -> Self {
        let BlockCounts { stored, deflate, lz4, lzo } = counts;
        let by = match evidence {
            Evidence::Index => "index",
            Evidence::Decoding => "decoding",
        };
        Self { by, stored, deflate, lz4, lzo }
    }
}

impl From<&LintCounts> for LintObject {
    fn from(counts: &LintCounts) -> Self {
        Self {
            streams: counts.streams,
            failed: counts.failed(),
            stored_plain: 0,
            findings: counts.findings.iter().map(|(finding, &count)| (finding.to_string(), count)).collect(),
        }
    }
}

impl From<&Lint> for LintObject {
    fn from(lint: &Lint) -> Self {
        let mut object = Self::from(&lint.in_file);
        object.stored_plain = lint.stored_instead();
        for (finding, &count) in &lint.kept_out {
            *object.findings.entry(finding.to_string()).or_default() += u64::from(count);
        }
        object
    }
}

impl From<&DamageRange> for Range {
    fn from(range: &DamageRange) -> Self {
        let (expected, got) = range.first.fault.numbers();
        Self {
            first: range.first.block,
            last: range.last,
            offset: range.first.offset,
            kind: range.first.fault.kind(),
            expected,
            got,
            message: range.to_string(),
        }
    }
}

impl From<&Disc> for DiscObject {
    fn from(disc: &Disc) -> Self {
        Self {
            console: disc.console.map(Console::name),
            other: disc.other.map(OtherDisc::name),
            id: disc.id.clone(),
            title: disc.title.clone(),
        }
    }
}

impl From<&(Reader, Verdict)> for ReaderObject {
    fn from((reader, verdict): &(Reader, Verdict)) -> Self {
        let (verdict, reason) = match verdict {
            Verdict::Reads => ("reads", None),
            Verdict::Caution(reason) => ("caution", Some(reason.clone())),
            Verdict::Unknown(reason) => ("unknown", Some(reason.clone())),
            Verdict::Refuses(reason) => ("refuses", Some(reason.clone())),
        };
        Self { key: reader.key(), name: reader.name(), verdict, reason }
    }
}

fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The bytes of a name that is not Unicode, which a JSON string cannot hold.
#[cfg(unix)]
pub(crate) fn raw(path: &Path) -> Option<String> {
    use std::os::unix::ffi::OsStrExt;
    path.to_str().is_none().then(|| human::hex(path.as_os_str().as_bytes()))
}

/// The 16-bit units of a name that is not Unicode, which a JSON string cannot hold.
#[cfg(windows)]
pub(crate) fn raw(path: &Path) -> Option<String> {
    use std::os::windows::ffi::OsStrExt;
    path.to_str()
        .is_none()
        .then(|| path.as_os_str().encode_wide().map(|unit| format!("{unit:04x}")).collect())
}
