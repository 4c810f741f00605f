//! Files that are put in place only when they are finished and proven.
//!
//! A target `GAME.cso` is written as `.GAME.cso.part` beside it and gets its name in one step (`output/place.rs`), which
//! either happens completely or not at all. Until then the part file goes away with its [`PartFile`],
//! however the work ends.
//!
//! # Part files of dead runs
//!
//! A run that was killed, or lost its power, leaves its part file behind. Each run holds a lock on its own
//! part file, which the system gives up with the process: a part file without a lock belongs to
//! nobody and is cleared away (`output/stale.rs`).
//!
//! # Names are not trusted
//!
//! Anybody may delete a part file and give its name to another file. So a part file is known by its open
//! descriptor: whenever its name is used, it is checked that it still leads to that very file.

mod place;
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

use self::stale::Stale;
pub use self::standing::Standing;
use crate::failure::Failure;
use crate::identity::{FileId, leads_to, look};
use crate::image::HostFile;
use crate::interrupt::{self, NotedPart};
use crate::source::forget_cached;
use crate::special;

/// The files that a run has put in place. It replaces none of them, `-f` or not: two names that looked like two
/// files before may be one on this disk, which shows only when the first file is there.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    made: HashSet<FileId>,
}

impl Outputs {
    /// Creates the part file of `target`, unless that is a file of this run, or another one than when the run was
    /// planned.
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
        // From here on no other run puts a file there.
        standing.check(target)?;
        Ok(part)
    }

    /// Gives a part file its name, unless a signal has come, or the name is that of a file of this run or of one
    /// that was not there when the run was planned.
    ///
    /// # Errors
    ///
    /// [`Failure::Interrupted`], [`Failure::TargetTaken`], [`Failure::TargetChanged`], or what [`PartFile::commit`]
    /// fails with.
    pub fn commit(&mut self, part: PartFile, standing: &Standing) -> Result<(), Failure> {
        if interrupt::requested() {
            return Err(Failure::Interrupted);
        }
        self.spare(&part.target)?;
        let file = part.name.file.clone();
        standing.check(&part.target)?;
        let outcome = part.commit(standing.existing()).map_err(|failure| standing.explain(failure));
        // In place it is also when the folder could not be synchronised.
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

/// A file that is being written and has not got its name yet. Dropping it removes it.
#[derive(Debug)]
pub struct PartFile {
    name: PartName,
    noted: NotedPart,
    target: PathBuf,
    took_over: bool,
    /// What the file is to be like, apart from its content.
    model: Option<Metadata>,
    /// Its length and time when all was written. Whatever is written later was not proven.
    complete: OnceLock<(u64, Option<SystemTime>)>,
}

/// The name of a part file, which is removed when this is dropped, and only if it still leads to the file.
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

/// Removes a name that leads to this open file. In the moment between the look and the removal no run gives the
/// name to a file of its own, for this file is locked. Disks of the network fail now and then, so what failed is
/// tried once more.
pub(crate) fn remove_if_ours(path: &Path, file: &File) {
    const TRIES: usize = 2;
    for _ in 0..TRIES {
        match look(path, file) {
            Ok(true) if std::fs::remove_file(path).is_ok() => return,
            Ok(false) => return,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            // When it stays after all, nothing is lost: the next run for the same target clears it away.
            Ok(true) | Err(_) => {}
        }
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
    /// Creates the part file of `target`, after clearing away that of a run which is dead.
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
        // A run that finishes at this moment takes its part file away between two looks at it, which
        // can happen a few times in a row only if many runs write the same target.
        for _ in 0..8 {
            let file = match part_options().create_new(true).open(&path) {
                Ok(file) => {
                    if !lock_new(&file, &mut lock) {
                        // There another run goes on to write the part file that it has locked.
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
            // It may have been deleted before it was locked; from now on it is ours.
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

    /// Has the file get the permissions and times of its source, as far as its file system keeps them. Until it
    /// is finished nobody but its owner may read it.
    pub fn resemble(&mut self, source: &Path) {
        self.model = std::fs::metadata(source).ok();
    }

    /// Returns whether the file was left behind by a dead run.
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

    /// Waits until everything that was written is on the disk, and opens it to be read back.
    ///
    /// # Errors
    ///
    /// When the system could not write it all.
    pub fn sync(&self) -> Result<HostFile, Failure> {
        if let Some(model) = &self.model {
            copy_attributes(model, &self.name.file);
        }
        self.name.file.sync_all().map_err(Failure::Write)?;
        let _ = self.complete.set(self.state().map_err(Failure::Write)?);
        // What is read back is to come from the disk, not from what the system still has in memory.
        forget_cached(self.path(), &self.name.file);
        // The same open file: Windows does not let other handles read a locked one.
        self.name.file.try_clone().and_then(HostFile::new).map_err(Failure::Write)
    }

    /// What a write by anybody changes. Links, permissions and the like change no byte of it.
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
    /// When the target exists and is to be kept, the part file is not there any more, or its name cannot be had:
    /// the part file is removed then. [`Failure::FolderSync`] when the file is in place, but its name perhaps not on
    /// the disk yet.
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
        // Where the target is a second name of the file, the first one goes now.
        drop((name, noted));
        judge_folder_sync(sync_folder(&folder_of(&target))).map_err(Failure::FolderSync)
    }
}

/// Locks a file that was created just now; returns whether nobody else has locked it first. A run that takes it for a
/// dead one's lets go of it in a moment, and so may programs that look at every new file.
fn lock_new(file: &File, lock: &mut impl FnMut(&File) -> Result<(), TryLockError>) -> bool {
    const TRIES: usize = 10;
    const PAUSE: Duration = Duration::from_millis(20);
    for _ in 0..TRIES {
        match lock(file) {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            // Where there are no locks, other runs leave alone what they find.
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

/// With the right to delete, which renaming an open file needs.
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
        // Neither set-user-id nor its like: they are for programs.
        let mode = model.permissions().mode() & 0o777;
        let _ = file.set_permissions(std::fs::Permissions::from_mode(mode));
    }
    if let Ok(modified) = model.modified() {
        let times = std::fs::FileTimes::new().set_modified(modified);
        let accessed = model.accessed().unwrap_or(modified);
        let _ = file.set_times(times.set_accessed(accessed));
    }
}

/// The path of a target's part file: hidden, and in the same folder, so that a rename is enough.
pub(crate) fn part_path(target: &Path) -> PathBuf {
    let mut name = part_stem(target);
    name.push(".part");
    target.with_file_name(name)
}

/// What the names of a target's part files begin with. A long name is cut and told from others by its digest,
/// so that what is added to it fits in the 255 bytes that a name can have.
fn part_stem(target: &Path) -> OsString {
    /// With `.`, `.`, eight characters by chance and `.part` these are 255 bytes.
    const LONGEST: usize = 240;
    /// What is kept of a longer one.
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
    File::open(folder).and_then(|folder| folder.sync_all())
}

/// Windows has no such call; its file systems keep renames in their journal.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Some network and FUSE file systems cannot synchronise a folder; the file has its name all the same. Any other
/// error is one of the disk.
fn judge_folder_sync(outcome: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match outcome {
        Err(error) if matches!(error.kind(), InvalidInput | Unsupported | PermissionDenied) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
