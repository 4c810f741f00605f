//! The container of a disc, for the record: a CHD, a CUE sheet, or a dump of raw sectors.

use disc_info::{Console, Disc};
use image_source::Kind;
use serde::Serialize;

use crate::content::Origin;
use crate::human;
use crate::image::Image;

/// The container of a disc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceRecord {
    /// `chd`, `cue` or `raw_cd`.
    pub kind: &'static str,
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
    /// The tracks of a CD.
    pub tracks: Vec<TrackRecord>,
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
        match source.kind() {
            Kind::Chd(facts) => Self {
                kind: "chd",
                file_len,
                hunk_size: Some(facts.hunk_bytes),
                codecs: Some(facts.codecs.clone()),
                dvd_tag: Some(facts.is_dvd),
                tracks,
            },
            Kind::Cue => Self { kind: "cue", file_len, hunk_size: None, codecs: None, dvd_tag: None, tracks },
            Kind::RawCd(_) => {
                Self { kind: "raw_cd", file_len, hunk_size: None, codecs: None, dvd_tag: None, tracks }
            }
        }
    }

    /// Its name for people.
    pub(super) const fn name(&self) -> &'static str {
        match self.kind.as_bytes() {
            b"chd" => "CHD",
            b"cue" => "CUE sheet with its files",
            _ => "raw CD sectors",
        }
    }

    /// Returns its description as labels and values.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
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
