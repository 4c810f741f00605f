//! The source of a file on a card, as the manifest knows it.

use std::time::SystemTime;

use super::manifest::Entry;
use super::wanted::Title;
use crate::image::Image;
use crate::target::known_extension;

/// A source as the manifest knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    name: String,
    size: u64,
    time: u64,
}

impl Source {
    /// A source that the system tells nothing of.
    pub(super) fn unknown(name: String) -> Self {
        Self { name, size: 0, time: 0 }
    }

    /// The present state of a title's source. `None` if the system does not tell.
    pub(super) fn of(title: &Title) -> Option<Self> {
        // The bytes of a CUE sheet's disc are in other files.
        let (size, modified) = if known_extension(&title.path) == Some("cue") {
            let image = Image::open(&title.path).ok()?;
            (image.stored_len(), image.modified()?)
        } else {
            let metadata = std::fs::metadata(&title.path).ok()?;
            (metadata.len(), metadata.modified().ok()?)
        };
        let time = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(Self { name: title.name.clone(), size, time: u64::try_from(time.as_nanos()).ok()? })
    }

    /// Returns whether an entry's file was made from it.
    pub(super) fn is_of(&self, entry: &Entry) -> bool {
        *self == Self { name: entry.source.clone(), size: entry.source_size, time: entry.source_time }
    }

    /// An entry for a file that was made from this source.
    pub(super) fn entry(&self, of_file: Entry, made_for: &str) -> Entry {
        Entry {
            source: self.name.clone(),
            source_size: self.size,
            source_time: self.time,
            made_for: made_for.to_owned(),
            ..of_file
        }
    }
}
