//! Which files the library knows, and whether they are still what they were.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use disc_library::{Known, Part, Stamp};

use crate::identity::FileId;

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Takes the stamp of the file that a path leads to.
pub(super) fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = std::fs::metadata(path)?;
    let modified = metadata.modified()?;
    let nanoseconds = match modified.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    };
    let inode = FileId::at(path).ok().map(FileId::number);
    Ok(Stamp { size: metadata.len(), mtime: nanoseconds, inode })
}

/// The one absolute path by which the library knows a file, however it is named.
#[derive(Debug, Default)]
pub(super) struct Keys(RefCell<HashMap<PathBuf, PathBuf>>);

impl Keys {
    /// Returns the path of a file or folder that a user has named.
    pub(super) fn named(&self, path: &Path) -> PathBuf {
        if path.is_dir() { resolved(path) } else { self.of(path) }
    }

    /// Returns the path with links in its folders resolved. The file itself may be a link, or not exist.
    pub(super) fn of(&self, path: &Path) -> PathBuf {
        let (parent, name) = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => (parent, name),
            _ => return resolved(path),
        };
        let mut folders = self.0.borrow_mut();
        folders.entry(parent.to_owned()).or_insert_with(|| resolved(parent)).join(name)
    }
}

fn resolved(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let absolute = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // Windows resolves links into paths of another form, which nobody types.
    if cfg!(windows) { absolute() } else { folder.canonicalize().unwrap_or_else(|_| absolute()) }
}

/// The files that the library knows.
pub(super) struct Shelf {
    pub(super) keys: Keys,
    known: HashMap<PathBuf, Known>,
    /// Paths of files by what identifies them after they were moved.
    places: HashMap<(u64, i64, u64), Vec<PathBuf>>,
    ignore_inode: bool,
}

/// A file compared with the library.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is known about it.
    New,
    /// It is not what it was.
    Changed,
    /// It is what it was.
    Unchanged { was_missing: bool, is_verified: bool },
    /// It is what another path was that is gone.
    Moved { from: PathBuf, is_verified: bool },
}

impl Shelf {
    pub(super) fn new(known: Vec<Known>, ignore_inode: bool) -> Self {
        let mut places = HashMap::<_, Vec<PathBuf>>::new();
        for Known { path, stamp, parts, .. } in &known {
            if let (Some(inode), true) = (stamp.inode, parts.is_empty()) {
                places.entry((stamp.size, stamp.mtime, inode)).or_default().push(path.clone());
            }
        }
        let known = known.into_iter().map(|known| (known.path.clone(), known)).collect();
        Self { keys: Keys::default(), known, places, ignore_inode }
    }

    /// Returns the other files of an image that is what it was; `None` for any other file.
    pub(super) fn parts_of_unchanged(&self, path: &Path) -> Option<Vec<PathBuf>> {
        let key = self.keys.of(path);
        match self.state(&key) {
            State::Unchanged { .. } => {
                Some(self.known.get(&key)?.parts.iter().map(|part| part.path.clone()).collect())
            }
            State::Moved { .. } => Some(Vec::new()),
            State::New | State::Changed => None,
        }
    }

    /// Compares the file with this key.
    pub(super) fn state(&self, key: &Path) -> State {
        let Some(known) = self.known.get(key) else { return self.moved(key).unwrap_or(State::New) };
        let is_same = |path: &Path, then: &Stamp| stamp(path).is_ok_and(|now| self.is_same(&now, then));
        let parts_are_same = known.parts.iter().all(|Part { path, stamp }| is_same(path, stamp));
        if is_same(key, &known.stamp) && parts_are_same {
            State::Unchanged { was_missing: known.missing.is_some(), is_verified: known.verified.is_some() }
        } else {
            State::Changed
        }
    }

    fn is_same(&self, now: &Stamp, then: &Stamp) -> bool {
        let inode = self.ignore_inode || then.inode.is_none() || now.inode == then.inode;
        inode && now.has_same_content(then)
    }

    /// Looks for the same file under another path that is gone. Size, time and inode have to be the same.
    fn moved(&self, key: &Path) -> Option<State> {
        let now = stamp(key).ok()?;
        let paths = self.places.get(&(now.size, now.mtime, now.inode?))?;
        let from = paths.iter().find(|path| is_gone(path))?;
        let is_verified = self.known.get(from)?.verified.is_some();
        Some(State::Moved { from: from.clone(), is_verified })
    }

    /// Returns the files below a folder that the library knows, with whether each was missing before.
    pub(super) fn below(&self, folder: &Path) -> impl Iterator<Item = &Known> {
        self.known.values().filter(move |known| known.path.starts_with(folder))
    }

    /// Returns when a file was verified last, if it is what it was then and was found intact.
    pub(super) fn verified(&self, key: &Path) -> Option<i64> {
        let known = match self.state(key) {
            State::Unchanged { .. } => self.known.get(key)?,
            State::Moved { from, .. } => self.known.get(&from)?,
            State::New | State::Changed => return None,
        };
        known.verified.filter(|_| !known.is_damaged)
    }

    /// Returns all files that the library knows and that were not missing, in order.
    pub(super) fn present(&self) -> Vec<PathBuf> {
        let mut paths: Vec<_> = self
            .known
            .values()
            .filter(|known| known.missing.is_none())
            .map(|known| known.path.clone())
            .collect();
        paths.sort();
        paths
    }
}

/// Returns whether there is certainly nothing at this path. A folder that cannot be looked into proves nothing.
pub(super) fn is_gone(path: &Path) -> bool {
    let gone = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    std::fs::symlink_metadata(path).is_err_and(|error| gone.contains(&error.kind()))
}
