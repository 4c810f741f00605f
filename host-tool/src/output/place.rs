//! How a finished part file gets its name.
//!
//! # By its descriptor
//!
//! The verified file is the open one. Linux gives an open file another name (`linkat`), and Windows renames
//! it (`SetFileInformationByHandle`). Whatever the part file's name leads to meanwhile, only the verified
//! file can get the target's name, and a target that has to be kept is never replaced.
//!
//! On Linux the part file has a name while it is written, rather than none (`O_TMPFILE`). A second run for
//! the same target then finds it locked and reports this before hours of work instead of afterwards, and
//! users can watch the file grow. Linking by descriptor works for both, and fails if all names of the file
//! were deleted.
//!
//! `linkat` never replaces. To replace a target, the file first gets a random name that nobody else uses,
//! and that name is renamed to the target. Between those two calls the name is trusted: to interfere,
//! somebody would have to list the folder in that moment and move another file onto a name that no program
//! knows. The name is checked before the rename, and the target afterwards: if it leads to another file,
//! that is an error, and the source stays.
//!
//! # By its name
//!
//! FAT and exFAT do not support several names for a file, and other systems do not have a call that takes a
//! descriptor. There the part file is renamed by name, after checking that the name still leads to the
//! verified file. Between the check and the rename the name is trusted; other runs of this program cannot
//! take it in that moment, because the file is locked. The name is checked again afterwards.

use std::io;
use std::path::Path;

use tempfile::TempPath;

use super::{Existing, PartFile, system_path};
use crate::failure::Failure;
use crate::identity::leads_to;
#[cfg(target_os = "linux")]
use crate::identity::remove_if_ours;

/// Gives a part file the name of its target.
///
/// # Errors
///
/// When the target exists and has to be kept, the part file is lost, or the system does not allow it.
pub(super) fn put(part: &PartFile, existing: Existing) -> Result<(), Failure> {
    if !by_descriptor(part, existing)? {
        by_name(part, existing, rename_keeping)?;
    }
    Ok(())
}

/// Checks that the right file has the name.
fn check(part: &PartFile) -> Result<(), Failure> {
    if leads_to(&part.target, part.file()) { Ok(()) } else { Err(lost(part)) }
}

/// Returns whether the system supports it.
#[cfg(target_os = "linux")]
pub(super) fn by_descriptor(part: &PartFile, existing: Existing) -> Result<bool, Failure> {
    let Err(error) = link(part.file(), &part.target) else { return check(part).map(|()| true) };
    match (error.kind(), existing) {
        (io::ErrorKind::AlreadyExists, Existing::Keep) => Err(Failure::TargetExists(part.target.clone())),
        (io::ErrorKind::AlreadyExists, Existing::Replace) => over_existing(part, link),
        _ if has_no_name(part.file()) => Err(lost(part)),
        // This file system does not support second names, or /proc is not available to name the descriptor.
        _ => Ok(false),
    }
}

#[cfg(windows)]
pub(super) fn by_descriptor(part: &PartFile, existing: Existing) -> Result<bool, Failure> {
    match windows_host::rename_open(part.file(), &part.target, existing == Existing::Replace) {
        Ok(()) => check(part).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::TargetExists(part.target.clone()))
        }
        // Network drives may not support it.
        Err(_) => Ok(false),
    }
}

#[cfg(not(any(target_os = "linux", windows)))]
pub(super) fn by_descriptor(_part: &PartFile, _existing: Existing) -> Result<bool, Failure> {
    Ok(false)
}

/// Gives an open file another name; fails if that name exists.
#[cfg(target_os = "linux")]
fn link(file: &std::fs::File, to: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, open, CWD, to, AtFlags::SYMLINK_FOLLOW) {
        Err(rustix::io::Errno::NOENT) => {
            // Works without /proc, if this user has the permission.
            linkat(file, "", CWD, to, AtFlags::EMPTY_PATH)
        }
        other => other,
    }
    .map_err(Into::into)
}

#[cfg(target_os = "linux")]
fn has_no_name(file: &std::fs::File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}

/// Number of random characters in the temporary name of a file that is about to replace another.
#[cfg(unix)]
const SPARE: usize = 8;

/// Gives the file a random name, and renames that over the target.
#[cfg(target_os = "linux")]
pub(super) fn over_existing(
    part: &PartFile,
    link: impl Fn(&std::fs::File, &Path) -> io::Result<()>,
) -> Result<bool, Failure> {
    let mut prefix = super::part_stem(&part.target);
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part").rand_bytes(SPARE);
    let linked = builder.make_in(super::folder_of(&part.target), |path| {
        part.noted.add(path);
        link(part.file(), path)
    });
    let Ok(linked) = linked else { return Ok(false) };
    let name = linked.into_temp_path();
    let spare = name.to_path_buf();
    if !leads_to(&name, part.file()) {
        // The name now belongs to somebody else, or the system did not say.
        let _ = name.keep();
        remove_if_ours(&spare, part.file());
        return Err(lost(part));
    }
    name.persist(&part.target).map_err(|failed| renaming(part, failed.error))?;
    // A rename leaves both names if they already lead to the same file.
    remove_if_ours(&spare, part.file());
    check(part)?;
    Ok(true)
}

/// Returns whether a name is one that [`over_existing`] gives, for part files that begin with `stem`.
#[cfg(unix)]
pub(super) fn is_spare_name(name: &std::ffi::OsStr, stem: &std::ffi::OsStr) -> bool {
    let rest = name.as_encoded_bytes().strip_prefix(stem.as_encoded_bytes());
    let chance = rest.and_then(|rest| rest.strip_prefix(b".")?.strip_suffix(b".part"));
    chance.is_some_and(|chance| chance.len() == SPARE && chance.iter().all(u8::is_ascii_alphanumeric))
}

/// Renames the part file's name.
pub(super) fn by_name(
    part: &PartFile,
    existing: Existing,
    rename_keeping: impl Fn(&Path, &Path) -> io::Result<()>,
) -> Result<(), Failure> {
    if !leads_to(part.path(), part.file()) {
        return Err(lost(part));
    }
    let (from, to) = (system_path(part.path()), system_path(&part.target));
    if existing == Existing::Keep {
        let Err(error) = rename_keeping(&from, &to) else { return check(part) };
        match error.kind() {
            io::ErrorKind::AlreadyExists => return Err(Failure::TargetExists(part.target.clone())),
            // Some file systems (exFAT and NTFS by FUSE) support neither a rename that keeps the target nor
            // hard links. Checking first leaves a moment in which another program's file could be replaced.
            io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => {}
            _ => return Err(renaming(part, error)),
        }
        if std::fs::symlink_metadata(&part.target).is_ok() {
            return Err(Failure::TargetExists(part.target.clone()));
        }
    }
    std::fs::rename(&from, &to).map_err(|error| renaming(part, error))?;
    check(part)
}

/// Renames without replacing, with the call that each system has for it.
pub(super) fn rename_keeping(from: &Path, to: &Path) -> io::Result<()> {
    TempPath::try_from_path(from)?.persist_noclobber(to).map_err(|failed| {
        // The part file manages its name itself.
        let _ = failed.path.keep();
        failed.error
    })
}

fn lost(part: &PartFile) -> Failure {
    Failure::PartLost(part.path().to_owned())
}

fn renaming(part: &PartFile, error: io::Error) -> Failure {
    Failure::Rename { target: part.target.clone(), error }
}
