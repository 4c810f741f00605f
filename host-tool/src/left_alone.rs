//! The files in folders that a run has nothing to do with: which are never looked at, and how many others there are.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use crate::human;

/// Windows folders that even their owner may not list.
const SYSTEM: [&str; 2] = ["$RECYCLE.BIN", "System Volume Information"];

/// Kinds of files that are not told by their extension.
pub(crate) const FOLDER_LINK: &str = "link to a folder";
pub(crate) const SPECIAL: &str = "device or pipe";

/// Whether files and folders with this name are skipped: hidden ones are other systems' metadata, and part files.
pub(crate) fn is_private(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || SYSTEM.iter().any(|system| name == OsStr::new(system))
}

/// Numbers of files, by kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftAlone(BTreeMap<String, u64>);

impl LeftAlone {
    /// Counts a file by its extension.
    pub(crate) fn count_file(&mut self, file: &Path) {
        self.count(match file.extension() {
            Some(extension) => format!(".{}", human::name(Path::new(extension)).to_lowercase()),
            None => "without extension".into(),
        });
    }

    /// Counts something of this kind.
    pub(crate) fn count(&mut self, kind: String) {
        *self.0.entry(kind).or_default() += 1;
    }

    /// Returns how many there are.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns a sentence about them; `None` if there are none.
    pub(crate) fn sentence(&self) -> Option<String> {
        let all = self.total();
        let mut kinds: Vec<_> = self.0.iter().collect();
        kinds.sort_by_key(|&(_, &count)| std::cmp::Reverse(count));
        let kind = |(kind, &count): (&String, &u64)| match kind.as_str() {
            FOLDER_LINK => human::count(count, kind, "links to folders"),
            SPECIAL => human::count(count, kind, "devices or pipes"),
            _ => format!("{} {kind}", human::number(count)),
        };
        let kinds: Vec<_> = kinds.into_iter().map(kind).collect();
        (all > 0).then(|| format!("{} left alone: {}", human::count(all, "file", "files"), kinds.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_alone_is_counted_by_kind() {
        let count = |kind: &str, count| (kind.to_owned(), count);
        let others = LeftAlone([count(".txt", 1), count(".zip", 8), count(".bin", 3)].into());
        assert_eq!(others.sentence().unwrap(), "12 files left alone: 8 .zip, 3 .bin, 1 .txt");
        assert_eq!(LeftAlone::default().sentence(), None);
    }
}
