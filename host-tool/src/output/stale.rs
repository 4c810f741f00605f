//! Part files that dead runs left behind.
//!
//! A stale part file is removed, not written again: its owner and its permissions may be anybody's, and whoever
//! has it open could write into the new file. To remove it is safe among runs: only the one that holds its lock
//! does so, and only while the name leads to the locked file. Windows does not free the name of an open file at
//! once, so there the file is emptied and used again; its permissions come from its folder anyway.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::part_options;
use crate::failure::Failure;
use crate::identity::leads_to;

/// What became of a part file that was there already.
pub(super) enum Stale {
    /// Its run finished it, or somebody has deleted it.
    Gone,
    /// It was a dead run's, and is removed.
    #[cfg(not(windows))]
    Cleared,
    /// It was a dead run's, and is now locked for this one.
    #[cfg(windows)]
    Reusable(File),
}

/// Clears away a part file that exists.
///
/// # Errors
///
/// When a run is writing it, or may be: nothing tells without locks. Also when it is something that runs do not
/// leave behind.
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
    // From here on no run changes what the name leads to, if it leads to this file.
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

/// A link that gets the name at the last moment is not opened, and a pipe not waited for.
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

/// Returns whether a part file has only names that runs give it. A finished one has a second name for a moment
/// ([`super::place`]), and a run that is killed right then leaves both. Any other name is somebody's own.
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
    // It is going to be emptied, so one name it must be.
    windows_host::link_count(file).is_ok_and(|links| links == 1)
}
