//! Finds the files of a dropped path.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::failure::Failure;
use crate::left_alone::{LeftAlone, is_private};

/// The files of a dropped path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The files that are wanted.
    pub(super) files: Vec<PathBuf>,
    /// The others.
    pub(super) left_alone: LeftAlone,
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
        return Ok(Found { files: vec![path.to_owned()], left_alone: LeftAlone::default() });
    }
    let mut found = Found::default();
    let entries = WalkDir::new(path).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_private(entry.file_name())) {
        let entry = entry.map_err(|error| Failure::Open(error.into()))?;
        if entry.path().is_dir() {
            continue;
        }
        if wanted(entry.path()) {
            found.files.push(entry.into_path());
        } else {
            found.left_alone.count_file(entry.path());
        }
    }
    Ok(found)
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
        assert_eq!(found.left_alone.sentence().as_deref(), Some("1 file left alone: 1 .txt"));
        assert_eq!(
            files(&at("a.txt"), wanted).unwrap().files,
            [at("a.txt")],
            "a file that was dropped itself"
        );
        assert!(files(&at(".hidden"), |_| false).unwrap().files.is_empty());
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
