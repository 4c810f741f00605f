//! Operations from an open folder downwards, which follow no link (`openat2`).

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, ResolveFlags};

use super::{Access, Change};

/// An open folder.
#[derive(Debug)]
pub(super) struct Beneath(OwnedFd);

impl Beneath {
    /// Opens a folder; `None` where the system cannot open files like this.
    pub(super) fn open(folder: &Path) -> Option<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let this = Self(rustix::fs::open(folder, flags, Mode::empty()).ok()?);
        this.at(Path::new(""), OFlags::PATH).ok()?;
        Some(this)
    }

    /// Opens something by its path from the folder.
    fn at(&self, path: &Path, flags: OFlags) -> io::Result<File> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let mode = if flags.contains(OFlags::CREATE) { Mode::from_raw_mode(0o666) } else { Mode::empty() };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        Ok(rustix::fs::openat2(&self.0, path, flags | OFlags::CLOEXEC, mode, resolve)?.into())
    }

    pub(super) fn open_for(&self, path: &Path, access: Access) -> io::Result<File> {
        // Not blocking, in case a pipe takes the file's name at the last moment.
        let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        match access {
            Access::Read => flags |= OFlags::RDONLY,
            Access::Write { new, truncate } => {
                flags |= OFlags::RDWR;
                flags.set(OFlags::CREATE | OFlags::EXCL, new);
                flags.set(OFlags::TRUNC, truncate);
            }
        }
        self.at(path, flags)
    }

    pub(super) fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.at(path, OFlags::PATH)?.metadata()
    }

    pub(super) fn entry(&self, path: &Path) -> io::Result<Metadata> {
        self.at(path, OFlags::PATH | OFlags::NOFOLLOW)?.metadata()
    }

    pub(super) fn names(&self, path: &Path, most: usize) -> io::Result<Vec<OsString>> {
        let folder = self.at(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in Dir::new(folder)?.flatten() {
            let name = entry.file_name().to_bytes();
            if names.len() == most {
                break;
            }
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    pub(super) fn change(&self, path: &Path, change: Change) -> io::Result<()> {
        let name = path.file_name().ok_or(io::ErrorKind::PermissionDenied)?;
        let folder = self.at(path.parent().unwrap_or(Path::new("")), OFlags::PATH | OFlags::DIRECTORY)?;
        match change {
            Change::MakeFolder => rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(0o777))?,
            Change::RemoveFile => rustix::fs::unlinkat(&folder, name, AtFlags::empty())?,
            Change::RemoveFolder => rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR)?,
        }
        Ok(())
    }
}
