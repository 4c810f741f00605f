//! The container of a disc, for the record: a CHD, a CUE sheet, a dump of raw sectors, or an archive.

use disc_info::{Console, Disc};
use image_source::{ArchiveFacts, ArchiveKind, Kind};
use serde::Serialize;

use crate::content::Origin;
use crate::human;
use crate::image::Image;

/// The container of a disc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceRecord {
    /// `zip`, `7z`, `chd`, `cue` or `raw_cd`.
    pub kind: &'static str,
    /// Which file of an archive it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<EntryRecord>,
    /// Length of the file that was opened, in bytes. In JSON objects it is `stored_size`.
    #[serde(skip)]
    pub file_len: u64,
    /// Bytes in a hunk of a CHD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hunk_size: Option<u32>,
    /// The codecs of the hunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codecs: Option<Vec<&'static str>>,
    /// Whether a CHD has the DVD tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dvd_tag: Option<bool>,
    /// Whether a CHD's header has the SHA-1 of what it decodes to.
    #[serde(skip)]
    pub has_sha1: bool,
    /// Whether sectors of a CD were read that have no checksum.
    #[serde(skip)]
    pub has_unchecked: bool,
    /// The tracks of a CD.
    pub tracks: Vec<TrackRecord>,
}

/// The disc in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryRecord {
    /// Its name; that of the sheet if there is one.
    pub name: String,
    /// What it is: `image`, `chd`, `cue` or `raw_cd`.
    pub kind: &'static str,
    /// Its size in bytes; with a sheet, that of the file with the data track.
    pub size: u64,
    /// Bytes that it occupies; in a solid archive, together with the other files.
    pub packed_size: u64,
}

/// A track of a CD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrackRecord {
    /// Its number.
    pub number: u32,
    /// Kind of content and bytes per sector: `MODE1/2352`, `AUDIO`.
    pub kind: String,
    /// Number of sectors.
    pub sectors: u64,
}

impl SourceRecord {
    /// Returns the container of the image; `None` if the file itself is the image.
    pub fn of(image: &Image) -> Option<Self> {
        image.origin().map(|origin| Self::new(origin, image.file_len()))
    }

    fn new(origin: &Origin, file_len: u64) -> Self {
        let source = origin.source();
        let tracks = source.tracks().iter().cloned();
        let tracks = tracks
            .map(|track| TrackRecord { number: track.number, kind: track.kind, sectors: track.sectors })
            .collect();
        let kind = kind(source.kind());
        let mut record = Self {
            kind,
            entry: None,
            file_len,
            hunk_size: None,
            codecs: None,
            dvd_tag: None,
            has_sha1: false,
            has_unchecked: false,
            tracks,
        };
        if let Kind::Chd(facts) = source.kind() {
            record.hunk_size = Some(facts.hunk_bytes);
            record.codecs = Some(facts.codecs.clone());
            record.dvd_tag = Some(facts.is_dvd);
            record.has_sha1 = facts.raw_sha1.is_some();
        }
        if let Some(ArchiveFacts { kind: archive, name, size, packed_size, .. }) = source.archive().cloned() {
            record.entry = Some(EntryRecord { name, kind, size, packed_size });
            record.kind = match archive {
                ArchiveKind::Zip => "zip",
                ArchiveKind::SevenZip => "7z",
            };
        }
        record
    }

    /// Its name for people.
    pub(super) const fn name(&self) -> &'static str {
        match self.kind.as_bytes() {
            b"zip" => "ZIP archive",
            b"7z" => "7z archive",
            b"chd" => "CHD",
            b"cue" => "CUE sheet with its files",
            _ => "raw CD sectors",
        }
    }

    /// Returns what is shown once all of it was decoded, and compared with the checksums in it.
    pub(super) fn shown(&self, compare: &str) -> String {
        match self.kind.as_bytes() {
            b"zip" => "it decodes, and has the CRC-32 in the archive".into(),
            b"7z" => "it decodes, and has the CRC-32 in the archive, where that has one".into(),
            b"chd" if self.has_sha1 => "it decodes, and has the SHA-1 in the CHD's header".into(),
            b"chd" => format!("every hunk decodes: {compare}"),
            _ if self.has_unchecked => {
                format!("sectors with a checksum (EDC) have the right one, but not all have one: {compare}")
            }
            _ => format!("every raw data sector has the checksum (EDC) in it: {compare}"),
        }
    }

    /// Returns its description as labels and values.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if let Some(EntryRecord { name, size, packed_size, .. }) = &self.entry {
            let (size, packed) = (human::number(*size), human::number(*packed_size));
            lines.push(("file in it", format!("{name}, {size} bytes, packed {packed}")));
        }
        if let (Some(hunk), Some(codecs)) = (self.hunk_size, &self.codecs) {
            let codecs = if codecs.is_empty() { "not packed".to_owned() } else { codecs.join(", ") };
            let tag = if self.dvd_tag == Some(true) { ", tagged as a DVD" } else { "" };
            lines.push(("hunks", format!("{} bytes, {codecs}{tag}", human::number(hunk.into()))));
        }
        for (place, track) in self.tracks.iter().enumerate() {
            let sectors = human::count(track.sectors, "sector", "sectors");
            let label = if place == 0 { "tracks" } else { "" };
            lines.push((label, format!("{}: {}, {sectors}", track.number, track.kind)));
        }
        lines
    }
}

/// The name of a kind in JSON objects.
const fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Chd(_) => "chd",
        Kind::Cue => "cue",
        Kind::RawCd(_) => "raw_cd",
        Kind::Image => "image",
    }
}

/// Problems that readers of CHD files have with this one.
pub fn source_notes(origin: &Origin, disc: &Disc) -> Vec<String> {
    let mut notes = Vec::new();
    let Kind::Chd(facts) = origin.source().kind() else { return notes };
    if disc.console == Some(Console::Psp) && facts.hunk_bytes != 2048 {
        notes.push(
            "PPSSPP wants hunks of 2048 bytes in the CHD of a PSP disc (chdman createdvd -hs 2048)"
                .to_owned(),
        );
    }
    if facts.is_cd && origin.source().tracks().len() == 1 && disc.console == Some(Console::Psp) {
        notes.push(
            "this is the CHD of a CD, but a UMD belongs into that of a DVD (chdman createdvd)".to_owned(),
        );
    } else if !facts.is_cd && !facts.is_dvd {
        notes.push("the CHD has no DVD tag: some readers do not recognise what it is".to_owned());
    }
    notes
}
