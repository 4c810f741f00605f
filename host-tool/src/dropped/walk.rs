//! The files that a dropped path stands for.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::failure::Failure;

/// Folders of Windows that even their owner may not look into.
const SYSTEM: [&str; 2] = ["$RECYCLE.BIN", "System Volume Information"];

/// Returns a file itself, whatever it is called, and of a folder all files below it that are wanted, in the
/// order of their names. Hidden files and links to folders are left out: the former are other systems' notes, and
/// part files; the latter can lead in circles.
///
/// # Errors
///
/// When a folder cannot be listed.
pub(super) fn files(path: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let entries = WalkDir::new(path).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_private(entry)) {
        let entry = entry.map_err(|error| Failure::Open(error.into()))?;
        if !entry.path().is_dir() && wanted(entry.path()) {
            found.push(entry.into_path());
        }
    }
    Ok(found)
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
        assert_eq!(found, ["a.iso", "b.iso", "sub/c.iso", "sub/deep/d.iso"].map(at));
        assert_eq!(files(&at("a.txt"), wanted).unwrap(), [at("a.txt")], "a file that was dropped itself");
        assert!(files(&at(".hidden"), |_| false).unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn circles_of_links_end() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        std::fs::write(folder.path().join("a.iso"), "").unwrap();
        assert_eq!(files(folder.path(), |_| true).unwrap(), [folder.path().join("a.iso")]);
    }
}
