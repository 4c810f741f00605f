//! Stale part files, left by dead runs.
//!
//! A stale part file is removed, not reused: its owner and permissions are unknown, and anyone who has it
//! open could write into the new file. Removing it is safe with several runs: only the run that holds its
//! lock does so, and only while the name leads to the locked file. Windows does not free the name of an
//! open file at once, so there the file is truncated and reused; its permissions come from its folder
//! anyway.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::part_options;
use crate::failure::Failure;
use crate::identity::leads_to;

/// What happened to an existing part file.
pub(super) enum Stale {
    /// Its run finished it, or somebody deleted it.
    Gone,
    /// It was stale and has been removed.
    #[cfg(not(windows))]
    Cleared,
    /// It was stale and is now locked for this run.
    #[cfg(windows)]
    Reusable(File),
}

/// Removes the part file of a target, if a dead run has left one: for runs that have nothing to write there.
/// What may belong to somebody else stays.
pub(super) fn tidy(target: &Path) {
    let path = super::part_path(target);
    match clear(&path, target, &mut File::try_lock) {
        #[cfg(windows)]
        Ok(Stale::Reusable(file)) => crate::identity::remove_if_ours(&path, &file),
        _ => {}
    }
}

/// Handles an existing part file.
///
/// # Errors
///
/// When a run is writing it, or may be: without locks there is no way to tell. Also when it is not a file
/// that a run would create.
pub(super) fn clear(
    path: &Path,
    target: &Path,
    lock: &mut impl FnMut(&File) -> Result<(), TryLockError>,
) -> Result<Stale, Failure> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(Failure::PartBlocked(path.to_owned())),
        Ok(_) => {}
        Err(error) if gone(&error) => return Ok(Stale::Gone),
        Err(error) => return Err(Failure::create(path, error)),
    }
    let file = match not_followed(&mut part_options()).open(path) {
        Ok(file) => file,
        Err(error) if gone(&error) => return Ok(Stale::Gone),
        Err(error) => return Err(Failure::create(path, error)),
    };
    match lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Failure::PartInUse(path.to_owned())),
        Err(TryLockError::Error(_)) => return Err(Failure::PartBlocked(path.to_owned())),
    }
    // From here on, if the name leads to this file, other runs do not change that.
    if !leads_to(path, &file) {
        return Ok(Stale::Gone);
    }
    let metadata = file.metadata().map_err(|error| Failure::create(path, error))?;
    if !metadata.is_file() || !all_names_are_ours(&metadata, &file, path, target) {
        return Err(Failure::PartBlocked(path.to_owned()));
    }
    free(path, file)
}

#[cfg(not(windows))]
fn free(path: &Path, file: File) -> Result<Stale, Failure> {
    std::fs::remove_file(path).map_err(|error| Failure::create(path, error))?;
    drop(file);
    Ok(Stale::Cleared)
}

#[cfg(windows)]
fn free(_path: &Path, file: File) -> Result<Stale, Failure> {
    Ok(Stale::Reusable(file))
}

/// A link that takes the name at the last moment is not followed, and a pipe does not block.
#[cfg(unix)]
pub(super) fn not_followed(options: &mut OpenOptions) -> &mut OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
}

#[cfg(windows)]
pub(super) fn not_followed(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::windows::fs::OpenOptionsExt;
    options.custom_flags(windows_host::OPEN_LINK_ITSELF)
}

/// Returns whether a part file has only names that runs give it. A finished one has a second name for a
/// moment ([`super::place`]), and a run that is killed right then leaves both. Any other name belongs to a
/// user.
#[cfg(unix)]
fn all_names_are_ours(metadata: &std::fs::Metadata, file: &File, path: &Path, target: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    if metadata.nlink() == 1 {
        return true;
    }
    let stem = super::part_stem(target);
    let Ok(entries) = std::fs::read_dir(super::folder_of(path)) else { return false };
    let spare: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|entry| entry.file_name().is_some_and(|name| super::place::is_spare_name(name, &stem)))
        .filter(|entry| leads_to(entry, file))
        .collect();
    let ours = 1 + u64::from(leads_to(target, file)) + spare.len() as u64;
    if metadata.nlink() != ours {
        return false;
    }
    spare.iter().all(|name| std::fs::remove_file(name).is_ok())
}

#[cfg(windows)]
fn all_names_are_ours(_metadata: &std::fs::Metadata, file: &File, _path: &Path, _target: &Path) -> bool {
    // It will be truncated, so it must have only one name.
    windows_host::link_count(file).is_ok_and(|links| links == 1)
}
