//! Files that are put in place only when they are finished and proven.
//!
//! A target `GAME.cso` is written as `.GAME.cso.part` beside it and gets its name by a rename, which
//! either happens completely or not at all. Until then the part file goes away with its [`PartFile`],
//! however the work ends.
//!
//! # Part files of dead runs
//!
//! A run that was killed, or lost its power, leaves its part file behind. Each run holds a lock on its own
//! part file, which the system gives up with the process: a part file without a lock belongs to
//! nobody and is taken over. It is emptied and used again rather than deleted, because two runs that both
//! delete and create could take each other's file away.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
use same_file::Handle;
use tempfile::TempPath;

use crate::failure::Failure;
use crate::image::HostFile;
use crate::interrupt::NotedPart;
use crate::source::forget_cached;

/// A file that is being written and has not got its name yet. Dropping it removes it.
#[derive(Debug)]
pub struct PartFile {
    /// Removes the file when it is dropped. Declared before `file`, so that the lock outlives the name.
    path: TempPath,
    noted: NotedPart,
    file: File,
    target: PathBuf,
    took_over: bool,
}

/// What [`PartFile::commit`] does with a target that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Leaves it alone and fails.
    Keep,
    /// Replaces it.
    Replace,
}

impl PartFile {
    /// Creates the part file of `target`, or takes over that of a run which is dead.
    ///
    /// # Errors
    ///
    /// When it cannot be created, belongs to another run, or may belong to one.
    pub fn create(target: &Path) -> Result<Self, Failure> {
        let path = part_path(target);
        let failed = |error| Failure::create(&path, error);
        // A run that finishes at this moment renames its part file away between two looks at it, which
        // can happen a few times in a row only if many runs write the same target.
        for _ in 0..8 {
            let created = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
            let (file, took_over) = match created {
                Ok(file) => (file, false),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match open_stale(&path)? {
                    Some(file) => (file, true),
                    None => continue,
                },
                Err(error) => return Err(failed(error)),
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Failure::PartInUse(path)),
                // Without locks a file that was there before could be anybody's.
                Err(TryLockError::Error(_)) if took_over => return Err(Failure::PartBlocked(path)),
                Err(TryLockError::Error(_)) => {}
            }
            // The file may have been renamed or deleted before it was locked; from now on it is ours.
            if !leads_to(&path, &file) {
                continue;
            }
            let part = Self {
                noted: NotedPart::new(&path),
                path: TempPath::try_from_path(system_path(&path)).map_err(failed)?,
                file,
                target: target.to_owned(),
                took_over,
            };
            if took_over {
                part.file.set_len(0).map_err(failed)?;
            }
            return Ok(part);
        }
        Err(Failure::PartInUse(path))
    }

    /// Returns whether the file was left behind by a dead run.
    pub fn took_over(&self) -> bool {
        self.took_over
    }

    /// Returns the path of the part file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file to write to.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Waits until everything that was written is on the disk, and opens it to be read back.
    ///
    /// # Errors
    ///
    /// When the system could not write it all.
    pub fn sync(&self) -> Result<HostFile, Failure> {
        self.file.sync_all().map_err(Failure::Write)?;
        // What is read back is to come from the disk, not from what the system still has in memory.
        forget_cached(&self.path, &self.file);
        // The same open file: Windows does not let other handles read a locked one.
        self.file.try_clone().and_then(HostFile::new).map_err(Failure::Write)
    }

    /// Gives the file its name and waits until the folder with it is on the disk.
    ///
    /// # Errors
    ///
    /// When the target exists and is to be kept, or the rename fails: the part file is removed then.
    /// [`Failure::FolderSync`] when the file is in place, but its name perhaps not on the disk yet.
    pub fn commit(self, existing: Existing) -> Result<(), Failure> {
        let Self { path, noted, file, target, .. } = self;
        match existing {
            Existing::Replace => path
                .persist(system_path(&target))
                .map_err(|failed| Failure::Rename { target: target.clone(), error: failed.error }),
            Existing::Keep => keep_existing(path, &target),
        }?;
        drop((noted, file));
        sync_folder(&folder_of(&target)).map_err(Failure::FolderSync)
    }
}

/// Renames without replacing.
fn keep_existing(path: TempPath, target: &Path) -> Result<(), Failure> {
    let failed = match path.persist_noclobber(system_path(target)) {
        Ok(()) => return Ok(()),
        Err(failed) => failed,
    };
    match failed.error.kind() {
        io::ErrorKind::AlreadyExists => return Err(Failure::TargetExists(target.to_owned())),
        // Some file systems (exFAT and NTFS by FUSE) know neither a rename that keeps the target nor hard
        // links. Looking first leaves a moment in which another program's file could be replaced.
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => {}
        _ => return Err(Failure::Rename { target: target.to_owned(), error: failed.error }),
    }
    if std::fs::symlink_metadata(target).is_ok() {
        return Err(Failure::TargetExists(target.to_owned()));
    }
    failed
        .path
        .persist(system_path(target))
        .map_err(|failed| Failure::Rename { target: target.to_owned(), error: failed.error })
}

/// Opens a part file that exists already; `None` when it is gone meanwhile.
fn open_stale(path: &Path) -> Result<Option<File>, Failure> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if gone(&error) => return Ok(None),
        Err(error) => return Err(Failure::create(path, error)),
    };
    // Links, folders and files with a second name are nothing that a run leaves behind as its own.
    if !metadata.is_file() || has_other_names(&metadata) {
        return Err(Failure::PartBlocked(path.to_owned()));
    }
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if gone(&error) => Ok(None),
        Err(error) => Err(Failure::create(path, error)),
    }
}

#[cfg(unix)]
fn has_other_names(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 1
}

#[cfg(not(unix))]
fn has_other_names(_metadata: &std::fs::Metadata) -> bool {
    false
}

/// Returns whether `path` is a name of this open file. Nothing is opened for it: there may be no descriptor left.
#[cfg(unix)]
fn leads_to(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let (opened, named) = (file.metadata().map(inode), std::fs::metadata(path).map(inode));
    matches!((opened, named), (Ok(opened), Ok(named)) if opened == named)
}

/// Returns whether `path` is a name of this open file.
#[cfg(not(unix))]
fn leads_to(path: &Path, file: &File) -> bool {
    let opened = file.try_clone().and_then(Handle::from_file);
    matches!((opened, Handle::from_path(path)), (Ok(opened), Ok(named)) if opened == named)
}

/// The name of a target's part file: hidden, and in the same folder, so that a rename is enough.
pub(crate) fn part_path(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".part");
    target.with_file_name(name)
}

/// The path in a form that the system takes from libraries which hand it on as it is.
#[cfg(not(windows))]
pub(crate) fn system_path(path: &Path) -> PathBuf {
    path.to_owned()
}

/// The path in a form that the system takes from libraries which hand it on as it is: Windows has an old limit
/// of 260 characters for those without `\\?\` before them. The standard library does this by itself.
#[cfg(windows)]
pub(crate) fn system_path(path: &Path) -> PathBuf {
    /// A folder's limit, which is 12 below that of files.
    const LONG: usize = 247;
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if whole.as_os_str().len() < LONG {
        return path.to_owned();
    }
    // The file itself need not exist yet.
    match (whole.parent().map(std::fs::canonicalize), whole.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// The folder that a path lies in.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some network and FUSE file systems cannot; the rename itself has happened.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Windows has no such call; its file systems keep renames in their journal.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn part_file_gets_its_name_only_by_commit() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.cso");
        let part = PartFile::create(&target).unwrap();
        part.file().write_all(b"finished").unwrap();
        assert_eq!(names(folder.path()), [".a.cso.part"]);
        part.sync().unwrap();
        part.commit(Existing::Keep).unwrap();
        assert_eq!(names(folder.path()), ["a.cso"]);
        assert_eq!(std::fs::read(&target).unwrap(), b"finished");
    }

    #[test]
    fn dropped_part_file_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        drop(PartFile::create(&folder.path().join("a.cso")).unwrap());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn target_that_appears_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.cso");
        let part = PartFile::create(&target).unwrap();
        std::fs::write(&target, b"somebody else's").unwrap();
        assert!(matches!(part.commit(Existing::Keep), Err(Failure::TargetExists(_))));
        assert_eq!(names(folder.path()), ["a.cso"]);
        assert_eq!(std::fs::read(&target).unwrap(), b"somebody else's");

        let part = PartFile::create(&target).unwrap();
        part.file().write_all(b"mine").unwrap();
        part.commit(Existing::Replace).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"mine");
    }

    #[test]
    fn part_file_of_a_live_run_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.cso");
        let live = PartFile::create(&target).unwrap();
        live.file().write_all(b"half").unwrap();
        assert!(matches!(PartFile::create(&target), Err(Failure::PartInUse(_))));
        assert_eq!(std::fs::read(live.path()).unwrap(), b"half");
    }

    #[test]
    fn part_file_of_a_dead_run_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.cso");
        std::fs::write(part_path(&target), b"left behind, longer than what follows").unwrap();
        let part = PartFile::create(&target).unwrap();
        assert!(part.took_over());
        part.file().write_all(b"new").unwrap();
        part.commit(Existing::Keep).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.cso"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_taken_for_part_files() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.cso");
        let precious = folder.path().join("precious");
        std::fs::write(&precious, b"precious").unwrap();
        std::os::unix::fs::symlink(&precious, part_path(&target)).unwrap();
        assert!(matches!(PartFile::create(&target), Err(Failure::PartBlocked(_))));
        std::fs::remove_file(part_path(&target)).unwrap();
        std::fs::hard_link(&precious, part_path(&target)).unwrap();
        assert!(matches!(PartFile::create(&target), Err(Failure::PartBlocked(_))));
        assert_eq!(std::fs::read(&precious).unwrap(), b"precious");
    }
}
