//! What only runs over many files know about a file: that it was skipped, what it would become, and which
//! digest lies beside it.

use std::fmt;
use std::path::{Path, PathBuf};

use image_writer::{OutputFormat, Plan};
use serde::Serialize;

use crate::human;

/// Why nothing was done with a file, which is not a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The target exists, and that was enough.
    Exists(PathBuf),
    /// Only unsafe files were wanted, and it is safe.
    Safe,
    /// Only unsafe files were wanted, and it has nothing that a firmware could misread.
    NoStreams,
    /// The disc is not for the device that a card is filled for.
    OtherConsole(&'static str),
}

/// What `sync` has done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Synced {
    /// It was packed for the device, or would be.
    Packed,
    /// It was copied as it is, or would be.
    Copied,
    /// It is on the card already, by the card's manifest.
    Kept,
    /// It is on the card already, and was read there to find out.
    Checked,
    /// It was deleted from the card, or would be.
    Deleted,
}

impl Skipped {
    /// Returns the short name for JSON objects.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Exists(_) => "exists",
            Self::Safe => "safe",
            Self::NoStreams => "no_streams",
            Self::OtherConsole(_) => "other_console",
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(target) => write!(f, "{} exists; it was not looked into", human::name(target)),
            Self::Safe => f.write_str("it is safe for the PSP's firmware"),
            Self::NoStreams => f.write_str("it has no deflate streams that a firmware could misread"),
            Self::OtherConsole(plays) => write!(f, "it is no game of the {plays}"),
        }
    }
}

/// What a run would do with a file.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The file that would be written.
    pub target: PathBuf,
    /// What would become of it.
    pub action: Action,
    /// Format and block size, if it is compressed.
    pub packed_as: Option<(OutputFormat, u32)>,
    /// Bytes of the image.
    pub image_size: u64,
    /// Bytes of the file that is there.
    pub input_size: u64,
    /// Bytes of the new file.
    pub estimate: Estimate,
}

/// What a run would do at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Write a new file.
    Write,
    /// Replace the file that exists.
    Replace,
    /// Compare the file that exists with what would be written, and keep it if it holds the disc.
    Compare,
    /// Copy the file as it is.
    Copy,
    /// Delete the file from a card.
    Delete,
}

/// How large a file is going to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Most likely size in bytes.
    pub size: u64,
    /// It is hardly smaller than this.
    pub low: u64,
    /// It is hardly larger than this.
    pub high: u64,
    /// How many blocks were packed to find out.
    pub sampled_blocks: u32,
}

impl Estimate {
    /// A size that is known.
    pub const fn exact(size: u64) -> Self {
        Self { size, low: size, high: size, sampled_blocks: 0 }
    }

    /// Returns how far the size may be off in either direction.
    fn error(&self) -> u64 {
        (self.high - self.size).max(self.size - self.low)
    }

    fn text(&self) -> String {
        match self.error() {
            0 => human::size(self.size),
            error => format!("about {} (± {})", human::size(self.size), human::size(error)),
        }
    }
}

impl Planned {
    /// Creates the plan of a packed file, without the estimate.
    pub fn packed(target: &Path, action: Action, plan: &Plan, image_size: u64, input_size: u64) -> Self {
        Self {
            target: target.to_owned(),
            action,
            packed_as: Some((plan.format, plan.block_size)),
            image_size,
            input_size,
            estimate: Estimate::default(),
        }
    }

    /// The plan as a line, after the input's name.
    pub(super) fn text(&self) -> String {
        let target = human::name(&self.target);
        match self.action {
            Action::Compare => {
                return format!("{target} exists: it would be compared, and kept if it holds this disc");
            }
            Action::Delete => return "it is no longer wanted and would be deleted".into(),
            Action::Write | Action::Replace | Action::Copy => {}
        }
        let mut text = self.estimate.text();
        if let Some((format, block_size)) = self.packed_as {
            let share = human::percent(self.estimate.size, self.image_size);
            text = format!("{} in blocks of {block_size} bytes, {text}, {share} of the disc", format);
        }
        match self.action {
            Action::Replace => text += "; replaces the file that exists",
            Action::Copy => text += "; copied as it is",
            _ => {}
        }
        text
    }
}

/// What the digest beside a file says, or that it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarRecord {
    /// Its path.
    pub file: PathBuf,
    /// What is known about it.
    pub state: SidecarState,
}

/// What is known about the digest beside a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SidecarState {
    /// It was written.
    Written,
    /// It is that of the image.
    Match,
    /// It is another one.
    Mismatch,
}

impl fmt::Display for SidecarState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Written => "written",
            Self::Match => "match",
            Self::Mismatch => "MISMATCH",
        })
    }
}

/// The part of a file's JSON object that only these runs have.
#[derive(Debug, Default, Serialize)]
pub(super) struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<PlannedObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sidecar: Option<SidecarObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sync: Option<Synced>,
}

#[derive(Debug, Serialize)]
struct PlannedObject {
    target: String,
    action: Action,
    format: &'static str,
    block_size: Option<u32>,
    size: u64,
    input_size: u64,
    estimate: Estimate,
}

#[derive(Debug, Serialize)]
struct SidecarObject {
    file: String,
    state: SidecarState,
}

impl Fields {
    pub(super) fn of(
        skipped: Option<&Skipped>,
        planned: Option<&Planned>,
        sidecar: Option<&SidecarRecord>,
    ) -> Self {
        Self {
            skipped: skipped.map(Skipped::kind),
            planned: planned.map(PlannedObject::from),
            sidecar: sidecar.map(|sidecar| SidecarObject {
                file: sidecar.file.to_string_lossy().into_owned(),
                state: sidecar.state,
            }),
            sync: None,
        }
    }
}

impl From<&Planned> for PlannedObject {
    fn from(planned: &Planned) -> Self {
        Self {
            target: planned.target.to_string_lossy().into_owned(),
            action: planned.action,
            format: planned.packed_as.map_or("iso", |(format, _)| format.name()),
            block_size: planned.packed_as.map(|(_, block_size)| block_size),
            size: planned.image_size,
            input_size: planned.input_size,
            estimate: planned.estimate,
        }
    }
}
