//! Walks through folders.
//!
//! Links to files are followed, links to folders are not: a folder inside the tree is found by its own name
//! anyway, and one outside does not belong to the tree. So a walk always ends, and finds each folder once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::Input;
use super::look::{self, Known, Look};
use crate::failure::Failure;
use crate::identity::FileId;
use crate::interrupt;
use crate::left_alone::{self, LeftAlone, is_private};

/// Folders that are walked in one run.
#[derive(Debug)]
pub(super) struct Walk {
    /// The folder that the run writes into.
    output: Option<FileId>,
    folders: HashSet<FileId>,
    files: HashSet<FileId>,
}

/// What is in a folder and below it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Disc images, by path.
    pub(super) files: Vec<Input>,
    /// Folders and files that could not be looked at.
    pub(super) failures: Vec<(PathBuf, Failure)>,
    /// How many other files there are, by kind.
    pub(super) left_alone: LeftAlone,
    /// Whether there was any image, wanted or not, or anything that was taken before.
    has_images: bool,
}

impl Found {
    /// Returns whether there is nothing at all that could have been meant.
    pub(super) fn is_bare(&self) -> bool {
        self.files.is_empty() && self.failures.is_empty() && !self.has_images
    }
}

/// A file on the way through a folder.
struct Entry {
    path: PathBuf,
    below: PathBuf,
    is_link: bool,
}

impl Walk {
    pub(super) fn new(output: Option<&Path>) -> Self {
        let output = output.and_then(|output| FileId::at(output).ok());
        Self { output, folders: HashSet::new(), files: HashSet::new() }
    }

    /// Leaves a file out of folders, because it was named itself.
    pub(super) fn leave_out(&mut self, path: &Path) {
        self.files.extend(FileId::at(path));
    }

    /// Finds the images below `root` that are `wanted`. What an earlier call has found is not found again. Files that
    /// are `known` are not read.
    pub(super) fn below(
        &mut self,
        root: &Path,
        wanted: impl Fn(Look) -> bool,
        known: impl Fn(&Path, &Path) -> Option<Known>,
    ) -> Found {
        let mut found = Found::default();
        let mut entries = Vec::new();
        let root_id = FileId::at(root).ok();
        if root_id.is_some_and(|id| self.folders.contains(&id)) {
            return Found { has_images: true, ..found };
        }
        let output = self.output.filter(|output| Some(*output) != root_id);
        self.list(root, Path::new(""), output, &mut entries, &mut found);

        // Own names first, so that a link to one of these files does not count.
        let ids: Vec<_> = entries.iter().map(|entry| FileId::at(&entry.path).ok()).collect();
        let mut own = self.files.clone();
        own.extend(entries.iter().zip(&ids).filter(|(entry, _)| !entry.is_link).filter_map(|(_, id)| *id));
        let is_new = |entry: &Entry, id: Option<FileId>, own: &mut HashSet<FileId>| match id {
            Some(id) if entry.is_link => own.insert(id),
            Some(id) => !self.files.contains(&id),
            None => true,
        };
        let listed = entries.len();
        let entries: Vec<_> =
            entries.into_iter().zip(ids).filter(|(entry, id)| is_new(entry, *id, &mut own)).collect();
        found.has_images = found.has_images || entries.len() < listed;
        self.files = own;
        let mut parts = HashSet::new();
        let mut images = Vec::new();
        for (entry, id) in entries {
            if interrupt::requested() {
                break;
            }
            let seen = match known(&entry.path, &entry.below) {
                Some(known) => Ok(known.into()),
                None => look::at(&entry.path),
            };
            match seen {
                Ok(look::Seen { look, parts: others }) => {
                    parts.extend(others);
                    images.push((entry, id, look));
                }
                Err(Failure::NotAFile(_)) => found.left_alone.count(left_alone::SPECIAL.into()),
                Err(failure) => found.failures.push((entry.path, failure)),
            }
        }
        for (entry, id, look) in images {
            let belongs_to_another = id.is_some_and(|id| parts.contains(&id));
            found.has_images |= look.is_some();
            match look {
                Some(_) if belongs_to_another => {}
                Some(look) if wanted(look) => {
                    found.files.push(Input { path: entry.path, below: Some(entry.below), look: Some(look) });
                }
                _ => found.left_alone.count_file(&entry.path),
            }
        }
        found
    }

    /// Lists a folder and those in it, in the order of their names.
    fn list(
        &mut self,
        folder: &Path,
        below: &Path,
        output: Option<FileId>,
        entries: &mut Vec<Entry>,
        found: &mut Found,
    ) {
        let id = FileId::at(folder);
        if interrupt::requested() || id.as_ref().is_ok_and(|id| output == Some(*id)) {
            return;
        }
        if let Ok(id) = id
            && !self.folders.insert(id)
        {
            found.has_images = true;
            return;
        }
        let mut fail = |error| found.failures.push((folder.to_owned(), Failure::Open(error)));
        let mut names = Vec::new();
        match std::fs::read_dir(folder) {
            Ok(listed) => {
                for entry in listed {
                    match entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) {
                        Ok(entry) => names.push(entry),
                        Err(error) => fail(error),
                    }
                }
            }
            Err(error) => fail(error),
        }
        names.retain(|(name, _)| !is_private(name));
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, kind) in names {
            let path = folder.join(&name);
            if kind.is_dir() {
                self.list(&path, &below.join(&name), output, entries, found);
                continue;
            }
            if kind.is_symlink() && path.is_dir() {
                found.left_alone.count(left_alone::FOLDER_LINK.into());
                continue;
            }
            entries.push(Entry { path, below: below.to_owned(), is_link: kind.is_symlink() });
        }
    }
}
