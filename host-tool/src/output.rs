//! Files that are only put in place once they are finished and verified.
//!
//! A target `GAME.cso` is written as `.GAME.cso.part` in the same folder and gets its name in one atomic
//! step (`output/place.rs`). Until then, dropping the [`PartFile`] removes the part file, however the work
//! ends.
//!
//! # Part files of dead runs
//!
//! A run that was killed, or lost power, leaves its part file in the folder. Each run holds a lock on its
//! own part file, which the system releases when the process ends: a part file without a lock is stale and
//! is removed (`output/stale.rs`).
//!
//! # Names are not trusted
//!
//! Anybody may delete a part file and give its name to another file. So a part file is identified by its
//! open descriptor: before its name is used, a check makes sure that it still leads to that file.

mod place;
mod rename;
mod stale;
mod standing;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

pub(crate) use self::rename::rename;
use self::stale::Stale;
pub use self::standing::Standing;
use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::identity::{FileId, leads_to, remove_if_ours};
use crate::interrupt::{self, NotedPart};
use crate::source::forget_cached;
use crate::special;

/// The files that a run has put in place. It never replaces one of them, with `-f` or without: two names
/// that looked different may be one file on this disk, which only shows once the first file exists.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    made: HashSet<FileId>,
}

impl Outputs {
    /// Creates the part file of `target`, unless that is a file of this run, or has changed since the run
    /// was planned.
    ///
    /// # Errors
    ///
    /// [`Failure::TargetTaken`], [`Failure::TargetChanged`], or what [`PartFile::create`] fails with.
    pub fn begin(&self, target: &Path, standing: &Standing) -> Result<PartFile, Failure> {
        self.spare(target)?;
        let part = part_path(target);
        if FileId::named(&part).is_ok_and(|part| self.made.contains(&part)) {
            return Err(Failure::PartBlocked(part));
        }
        let part = PartFile::create(target)?;
        // From here on, other runs cannot put a file there.
        standing.check(target)?;
        Ok(part)
    }

    /// Removes what a dead run has left beside a target that stays as it is. A run that was killed right after it
    /// gave its file the target's name leaves the other name, and nobody else would remove it.
    pub fn tidy(&self, target: &Path) {
        let part = part_path(target);
        if !FileId::named(&part).is_ok_and(|part| self.made.contains(&part)) {
            stale::tidy(target);
        }
    }

    /// Gives a part file its name, unless a signal has arrived, or the name belongs to a file of this run
    /// or to one that did not exist when the run was planned.
    ///
    /// # Errors
    ///
    /// [`Failure::Interrupted`], [`Failure::TargetTaken`], [`Failure::TargetChanged`], or what
    /// [`PartFile::commit`] fails with.
    pub fn commit(&mut self, part: PartFile, standing: &Standing) -> Result<(), Failure> {
        if interrupt::requested() {
            return Err(Failure::Interrupted);
        }
        self.spare(&part.target)?;
        let file = part.name.file.clone();
        standing.check(&part.target)?;
        let outcome = part.commit(standing.existing()).map_err(|failure| standing.explain(failure));
        // The file is also in place if the folder could not be synchronised.
        self.made.extend(FileId::open(&file));
        outcome
    }

    fn spare(&self, target: &Path) -> Result<(), Failure> {
        let ours = [FileId::named(target), FileId::at(target)];
        if ours.into_iter().flatten().any(|file| self.made.contains(&file)) {
            return Err(Failure::TargetTaken { target: target.to_owned(), other: target.to_owned() });
        }
        Ok(())
    }
}

/// A file that is being written and does not have its final name yet. Dropping it removes it.
#[derive(Debug)]
pub struct PartFile {
    name: PartName,
    noted: NotedPart,
    target: PathBuf,
    took_over: bool,
    /// The metadata that the file will get.
    model: Option<Metadata>,
    /// Its length and times when everything was written. Later writes would be unverified.
    complete: OnceLock<(u64, Option<SystemTime>)>,
}

/// The name of a part file. Dropping it removes the name if it still leads to the file.
#[derive(Debug)]
struct PartName {
    path: PathBuf,
    /// The lock is held until all clones are closed.
    file: Arc<File>,
}

impl Drop for PartName {
    fn drop(&mut self) {
        remove_if_ours(&self.path, &self.file);
    }
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
    /// Creates the part file of `target`, after removing a stale one.
    ///
    /// # Errors
    ///
    /// When it cannot be created, belongs to another run, or may belong to one.
    pub fn create(target: &Path) -> Result<Self, Failure> {
        Self::create_with(target, File::try_lock)
    }

    fn create_with(
        target: &Path,
        mut lock: impl FnMut(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, Failure> {
        let path = part_path(target);
        let failed = |error| Failure::create(&path, error);
        let mut took_over = false;
        // A run that is finishing may remove its part file between two checks. That can only happen several
        // times in a row if many runs write the same target.
        for _ in 0..8 {
            let file = match part_options().create_new(true).open(&path) {
                Ok(file) => {
                    if !lock_new(&file, &mut lock) {
                        // In that case another run is still writing the part file that it has locked.
                        if cfg!(windows) {
                            return Err(Failure::PartInUse(path));
                        }
                        remove_if_ours(&path, &file);
                        return Err(failed(io::Error::other("another program locked it at once")));
                    }
                    file
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    match stale::clear(&path, target, &mut lock)? {
                        Stale::Gone => continue,
                        #[cfg(not(windows))]
                        Stale::Cleared => {
                            took_over = true;
                            continue;
                        }
                        #[cfg(windows)]
                        Stale::Reusable(file) => {
                            took_over = true;
                            file
                        }
                    }
                }
                Err(error) => return Err(failed(error)),
            };
            // It may have been deleted before it was locked; from now on, it is ours.
            if !leads_to(&path, &file) {
                continue;
            }
            if took_over {
                file.set_len(0).map_err(failed)?;
            }
            let file = Arc::new(file);
            return Ok(Self {
                noted: NotedPart::new(&path, &file),
                name: PartName { path, file },
                target: target.to_owned(),
                took_over,
                model: None,
                complete: OnceLock::new(),
            });
        }
        Err(Failure::PartInUse(path))
    }

    /// Gives the file the permissions and times of its source when it is finished, as far as its file
    /// system keeps them, instead of those of any new file. Until then, only its owner may read it.
    pub fn resemble(&mut self, source: &Path) {
        self.model = std::fs::metadata(source).ok();
    }

    /// Returns whether the file is left over from a dead run.
    pub fn took_over(&self) -> bool {
        self.took_over
    }

    /// Returns the path of the part file.
    pub fn path(&self) -> &Path {
        &self.name.path
    }

    /// Returns the file to write to.
    pub fn file(&self) -> &File {
        &self.name.file
    }

    /// Waits until all writes are on the disk, and opens the file for reading back.
    ///
    /// # Errors
    ///
    /// When the system could not write everything.
    pub fn sync(&self) -> Result<HostFile, Failure> {
        match &self.model {
            Some(model) => copy_attributes(model, &self.name.file),
            None => open_to_others(&self.name.file),
        }
        self.name.file.sync_all().map_err(Failure::Write)?;
        let _ = self.complete.set(self.state().map_err(Failure::Write)?);
        // The data must be read back from the disk, not from the system's cache.
        forget_cached(self.path(), &self.name.file);
        // The same open file: on Windows, other handles cannot read a locked one.
        self.name.file.try_clone().and_then(HostFile::new).map_err(Failure::Write)
    }

    /// The attributes that any write changes. Links, permissions and the like do not affect the content.
    fn state(&self) -> io::Result<(u64, Option<SystemTime>)> {
        let metadata = self.name.file.metadata()?;
        Ok((metadata.len(), metadata.modified().ok()))
    }

    fn is_as_proven(&self) -> bool {
        self.complete.get().is_none_or(|complete| self.state().is_ok_and(|now| now == *complete))
    }

    /// Gives the file its name and waits until the folder with it is on the disk.
    ///
    /// # Errors
    ///
    /// When the target exists and has to be kept, the part file no longer exists, or it cannot be renamed;
    /// the part file is then removed. [`Failure::FolderSync`] when the file is in place, but its name may
    /// not be on the disk yet.
    pub fn commit(self, existing: Existing) -> Result<(), Failure> {
        self.commit_with(existing, sync_folder)
    }

    fn commit_with(
        self,
        existing: Existing,
        sync_folder: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), Failure> {
        special::check_target(&self.target)?;
        if !self.is_as_proven() {
            return Err(Failure::PartLost(self.name.path.clone()));
        }
        place::put(&self, existing)?;
        let Self { name, noted, target, .. } = self;
        // If the target is a second name of the file, the first one is removed now.
        drop((name, noted));
        judge_folder_sync(sync_folder(&folder_of(&target))).map_err(Failure::FolderSync)
    }
}

/// Locks a newly created file; returns false if somebody else locked it first. A run that takes it for a
/// stale file releases it in a moment, and so do programs that scan every new file.
fn lock_new(file: &File, lock: &mut impl FnMut(&File) -> Result<(), TryLockError>) -> bool {
    const TRIES: usize = 10;
    const PAUSE: Duration = Duration::from_millis(20);
    for _ in 0..TRIES {
        match lock(file) {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            // On file systems without locks, other runs leave existing part files alone.
            Ok(()) | Err(TryLockError::Error(_)) => return true,
        }
    }
    false
}

#[cfg(unix)]
fn part_options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// Requests delete access, which renaming an open file needs.
#[cfg(windows)]
fn part_options() -> OpenOptions {
    use std::os::windows::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).write(true).access_mode(windows_host::READ_WRITE_DELETE);
    options
}

/// Gives a file the permissions and times of another. Some file systems keep neither.
fn copy_attributes(model: &Metadata, file: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Not set-user-id and the like: those are for programs.
        let mode = model.permissions().mode() & 0o777;
        let _ = file.set_permissions(std::fs::Permissions::from_mode(mode));
    }
    if let Ok(modified) = model.modified() {
        let times = std::fs::FileTimes::new().set_modified(modified);
        let accessed = model.accessed().unwrap_or(modified);
        let _ = file.set_times(times.set_accessed(accessed));
    }
}

/// Gives a file that only its owner may read the permissions of any new file.
#[cfg(unix)]
fn open_to_others(file: &File) {
    use rustix::fs::Mode;
    // The mask cannot be read without setting it. What other threads create meanwhile is its owner's alone.
    let mask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::umask(mask);
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH;
    let _ = rustix::fs::fchmod(file, mode - mask);
}

/// The folder has decided.
#[cfg(windows)]
fn open_to_others(_: &File) {}

/// The path of a target's part file: hidden, and in the same folder, so that a rename suffices.
pub(crate) fn part_path(target: &Path) -> PathBuf {
    let mut name = part_stem(target);
    name.push(".part");
    target.with_file_name(name)
}

/// The prefix of the names of a target's part files. A long name is truncated and made unique with its
/// digest, so that the additions fit within the 255 bytes of a name.
fn part_stem(target: &Path) -> OsString {
    /// With `.`, `.`, eight random characters and `.part` these are 255 bytes.
    const LONGEST: usize = 240;
    /// The part of a longer name that is kept.
    const KEPT: usize = 180;
    let name = target.file_name().unwrap_or_default();
    let mut stem = OsString::from(".");
    if name.len() <= LONGEST {
        stem.push(name);
        return stem;
    }
    let mut kept = name.to_string_lossy().into_owned();
    kept.truncate((0..=KEPT).rev().find(|&len| kept.is_char_boundary(len)).unwrap_or_default());
    stem.push(kept);
    stem.push(".");
    stem.push(crate::human::hex(&Sha256::digest(name.as_encoded_bytes())[..8]));
    stem
}

/// The path in a form for libraries that pass it to the system unchanged.
#[cfg(not(windows))]
pub(crate) fn system_path(path: &Path) -> PathBuf {
    path.to_owned()
}

/// The path in a form for libraries that pass it to the system unchanged: Windows has an old limit of 260
/// characters for paths without a leading `\\?\`. The standard library adds this itself.
#[cfg(windows)]
pub(crate) fn system_path(path: &Path) -> PathBuf {
    /// The limit for folders, which is 12 below that for files.
    const LONG: usize = 247;
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if whole.as_os_str().len() < LONG {
        return path.to_owned();
    }
    // The file itself may not exist yet.
    match (whole.parent().map(std::fs::canonicalize), whole.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// The folder of a path.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all())
}

/// Windows does not have such a call; its file systems journal renames.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Some network and FUSE file systems cannot synchronise a folder; the file has its name anyway. Any other
/// error comes from the disk.
fn judge_folder_sync(outcome: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match outcome {
        Err(error) if matches!(error.kind(), InvalidInput | Unsupported | PermissionDenied) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
