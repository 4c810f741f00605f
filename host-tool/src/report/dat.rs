//! What DATs say about an image.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::human;

/// What a comparison with DATs showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatVerdict {
    /// It is an entry, byte for byte.
    Match,
    /// The disc or the name is known, with other content.
    Wrong,
    /// Nothing about it is in the DATs.
    #[default]
    Unknown,
    /// It holds something that is not compared.
    NotCovered,
}

/// The result of a comparison with DATs, as JSON objects have it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DatRecord {
    /// The verdict.
    pub verdict: DatVerdict,
    /// The game in the DAT.
    pub game: Option<String>,
    /// The game's file.
    pub file: Option<String>,
    /// The DAT's name.
    pub dat: Option<String>,
    /// How it was found: `sha1`, `md5`, `crc32`, `serial` or `name`.
    pub by: Option<&'static str>,
    /// Whether a file that matches has another name than the DAT's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misnamed: Option<bool>,
    /// Other games with the same content, or the same serial or name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// The size that was compared: of the decoded image, or of the raw file.
    pub size: Option<u64>,
    /// The digests that were needed.
    pub hashes: BTreeMap<&'static str, String>,
    /// What is not covered, or what else there is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl DatRecord {
    /// Returns it in a line; `None` for one that is wrong, which a failure describes.
    pub(super) fn line(&self) -> Option<String> {
        let mut line = match self.verdict {
            DatVerdict::Match => {
                format!("match, {}", human::quoted(self.game.as_deref().unwrap_or_default()))
            }
            DatVerdict::Wrong => return None,
            DatVerdict::Unknown => "unknown".into(),
            DatVerdict::NotCovered => "not covered".into(),
        };
        if self.by == Some("crc32") {
            line.push_str(" by its CRC-32 alone");
        }
        if !self.others.is_empty() {
            let others = self.others.len() as u64;
            line += &format!(" and {}", human::count(others, "other game", "other games"));
        }
        if self.misnamed == Some(true) {
            line.push_str(", misnamed");
        }
        if let Some(note) = &self.note {
            line += &format!(": {note}");
        }
        Some(line)
    }
}

/// What `cisor dat` found about a file.
#[derive(Debug, Default)]
pub struct Checked {
    /// The verb of the command line.
    pub verb: &'static str,
    /// The result.
    pub dat: Option<Box<DatRecord>>,
    /// The name that it should have, or was given.
    pub rename_to: Option<PathBuf>,
    /// Its new path, if it was renamed.
    pub output: Option<PathBuf>,
}
