//! Finds the images in folders.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::failure::Failure;
use crate::left_alone::is_private;
use crate::target;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The images, in the order of the roots and sorted by name within each.
    pub(crate) images: Vec<PathBuf>,
    /// Number of files that do not have an image's name.
    pub(crate) others: u64,
    /// Folders that could not be listed, and roots that do not exist.
    pub(crate) troubles: Vec<(PathBuf, Failure)>,
}

/// Finds all files with the name of an image below these roots. A root that is no folder is an image, whatever
/// its name and kind: what is no file is refused where it is opened. Hidden files and links to folders are skipped: the former are other systems' metadata and part
/// files, and the latter can form loops. A file that several roots lead to by the same path is found once.
pub(crate) fn images(roots: &[PathBuf]) -> Walk {
    files(roots, |path| target::known_extension(path).is_some())
}

/// As [`images`], for files that `wanted` chooses.
pub(crate) fn files(roots: &[PathBuf], wanted: impl Fn(&Path) -> bool) -> Walk {
    let mut walk = Walk::default();
    let mut seen = HashSet::new();
    for root in roots {
        if std::fs::metadata(root).is_ok_and(|root| !root.is_dir()) {
            if seen.insert(root.clone()) {
                walk.images.push(root.clone());
            }
            continue;
        }
        let entries = WalkDir::new(root).sort_by_file_name().into_iter();
        for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_private(entry.file_name())) {
            match entry {
                Ok(entry) if entry.path().is_dir() => {}
                Ok(entry) if wanted(entry.path()) => {
                    if seen.insert(entry.path().to_owned()) {
                        walk.images.push(entry.into_path());
                    }
                }
                Ok(_) => walk.others += 1,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    walk.troubles.push((path, Failure::Open(error.into())));
                }
            }
        }
    }
    walk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_found_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("sub/.hidden")).unwrap();
        for name in ["b.iso", "A.CSO", "notes.txt", "odd", "sub/c.zso", "sub/.hidden/d.iso", "sub/._c.zso"] {
            std::fs::write(at(name), "").unwrap();
        }
        let walk = images(&[folder.path().to_owned(), at("sub"), at("odd"), at("none")]);
        assert_eq!(walk.images, ["A.CSO", "b.iso", "sub/c.zso", "odd"].map(at));
        assert_eq!(walk.others, 2);
        assert_eq!(walk.troubles.len(), 1);
        assert_eq!(walk.troubles[0].0, at("none"));
    }

    #[cfg(unix)]
    #[test]
    fn loops_of_links_end() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        std::os::unix::fs::symlink("self.iso", folder.path().join("self.iso")).unwrap();
        std::fs::write(folder.path().join("a.iso"), "").unwrap();
        let walk = images(&[folder.path().to_owned()]);
        // The link that leads to itself cannot be opened, which is reported when it is.
        assert_eq!(walk.images, ["a.iso", "self.iso"].map(|name| folder.path().join(name)));
    }
}
