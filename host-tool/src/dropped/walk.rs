//! Finds the files of a dropped path.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::failure::Failure;
use crate::human;

/// Windows folders that even their owner may not list.
const SYSTEM: [&str; 2] = ["$RECYCLE.BIN", "System Volume Information"];

/// The files of a dropped path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The files that are wanted.
    pub(super) files: Vec<PathBuf>,
    /// Number of other files, by extension.
    pub(super) others: BTreeMap<String, u64>,
}

impl Found {
    /// Returns a sentence about the files left alone; `None` if there are none.
    pub(super) fn left_alone(&self) -> Option<String> {
        let all: u64 = self.others.values().sum();
        let mut kinds: Vec<_> = self.others.iter().collect();
        kinds.sort_by_key(|&(_, &count)| std::cmp::Reverse(count));
        let kinds: Vec<_> =
            kinds.into_iter().map(|(kind, &count)| format!("{} {kind}", human::number(count))).collect();
        (all > 0).then(|| format!("{} left alone: {}", human::count(all, "file", "files"), kinds.join(", ")))
    }
}

/// Returns a file itself, whatever its name, and for a folder all wanted files below it, sorted by name;
/// the others are counted. Hidden files and links to folders are skipped: the former are other systems'
/// metadata and part files, and the latter can form loops.
///
/// # Errors
///
/// When a folder cannot be listed.
pub(super) fn files(path: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Found, Failure> {
    if !path.is_dir() {
        return Ok(Found { files: vec![path.to_owned()], others: BTreeMap::new() });
    }
    let mut found = Found::default();
    let entries = WalkDir::new(path).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_private(entry)) {
        let entry = entry.map_err(|error| Failure::Open(error.into()))?;
        if entry.path().is_dir() {
            continue;
        }
        if wanted(entry.path()) {
            found.files.push(entry.into_path());
        } else {
            *found.others.entry(kind(entry.path())).or_default() += 1;
        }
    }
    Ok(found)
}

/// A file's extension.
fn kind(file: &Path) -> String {
    match file.extension() {
        Some(extension) => format!(".{}", human::name(Path::new(extension)).to_lowercase()),
        None => "without extension".into(),
    }
}

fn is_private(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    name.as_encoded_bytes().starts_with(b".") || SYSTEM.iter().any(|system| name == OsStr::new(system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order_without_hidden_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["sub", "sub/deep", ".hidden", "System Volume Information"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        let names = ["b.iso", "a.iso", "a.txt", "sub/c.iso", "sub/deep/d.iso", "._a.iso", ".hidden/e.iso"];
        for name in names.iter().chain(&["System Volume Information/f.iso"]) {
            std::fs::write(at(name), "").unwrap();
        }
        let wanted = |path: &Path| path.extension().is_some_and(|extension| extension == "iso");
        let found = files(folder.path(), wanted).unwrap();
        assert_eq!(found.files, ["a.iso", "b.iso", "sub/c.iso", "sub/deep/d.iso"].map(at));
        assert_eq!(found.left_alone().as_deref(), Some("1 file left alone: 1 .txt"));
        assert_eq!(
            files(&at("a.txt"), wanted).unwrap().files,
            [at("a.txt")],
            "a file that was dropped itself"
        );
        assert!(files(&at(".hidden"), |_| false).unwrap().files.is_empty());
    }

    #[test]
    fn what_is_left_alone_is_counted_by_kind() {
        let count = |kind: &str, count| (kind.to_owned(), count);
        let others = [count(".txt", 1), count(".zip", 8), count(".bin", 3)].into();
        let found = Found { files: Vec::new(), others };
        assert_eq!(found.left_alone().unwrap(), "12 files left alone: 8 .zip, 3 .bin, 1 .txt");
        assert_eq!(Found::default().left_alone(), None);
    }

    #[cfg(unix)]
    #[test]
    fn circles_of_links_end() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        std::fs::write(folder.path().join("a.iso"), "").unwrap();
        assert_eq!(files(folder.path(), |_| true).unwrap().files, [folder.path().join("a.iso")]);
    }
}
