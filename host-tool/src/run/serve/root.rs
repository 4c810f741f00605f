//! The served folder on the disk.
//!
//! A console's path is resolved first, links and all, and refused if it leads out. Where the system can (`openat2`,
//! Linux 5.6), what it leads to is then opened from the folder downwards without following any link: if
//! somebody has put a link in the place of a folder meanwhile, opening fails. Elsewhere it is opened by its
//! path.

mod by_path;
#[cfg(target_os = "linux")]
mod linux;

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use udpfs::Errno;

use crate::failure::Failure;
use crate::special;

/// What a file or folder is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// To read a file.
    Read,
    /// To read and write a file. One that is to be `new` must not exist.
    Write { new: bool, truncate: bool },
}

/// A change of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    MakeFolder,
    RemoveFile,
    RemoveFolder,
}

/// The served folder.
#[derive(Debug)]
pub(super) struct Root {
    /// Its real path.
    path: PathBuf,
    #[cfg(target_os = "linux")]
    beneath: Option<linux::Beneath>,
}

/// Runs an operation from the folder downwards, if possible, or else by path.
macro_rules! run {
    ($root:expr, $operation:ident, $path:expr $(, $arg:expr)*) => {{
        let relative = $path.strip_prefix(&$root.path).map_err(|_| io::ErrorKind::PermissionDenied)?;
        #[cfg(target_os = "linux")]
        if let Some(beneath) = &$root.beneath {
            return beneath.$operation(relative $(, $arg)*);
        }
        by_path::$operation(&$root.path.join(relative) $(, $arg)*)
    }};
}

impl Root {
    /// Opens a folder.
    ///
    /// # Errors
    ///
    /// When it does not exist.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.canonicalize()?;
        Ok(Self {
            #[cfg(target_os = "linux")]
            beneath: linux::Beneath::open(&path),
            path,
        })
    }

    /// Returns the folder's real path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Resolves all links of an existing path. The other methods take only paths without any.
    ///
    /// # Errors
    ///
    /// [`Errno::ACCESS`] when it is not inside the folder.
    pub(super) fn resolve(&self, path: &Path) -> Result<PathBuf, Errno> {
        let real = path.canonicalize().map_err(|_| Errno::NOT_FOUND)?;
        if real.starts_with(&self.path) { Ok(real) } else { Err(Errno::ACCESS) }
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    ///
    /// As [`special::open`], and when the file is not inside the folder.
    pub(super) fn file(&self, real: &Path) -> Result<File, Failure> {
        // A special file is not even opened: that could block for ever.
        special::check_kind(self.metadata(real).map_err(Failure::Open)?.file_type())?;
        let file = self.open_for(real, Access::Read).map_err(Failure::Open)?;
        special::check_kind(file.metadata().map_err(Failure::Open)?.file_type())?;
        Ok(file)
    }

    /// Opens a file to write to it. One that is to be `new` must not exist.
    pub(super) fn file_to_write(&self, real: &Path, new: bool, truncate: bool) -> io::Result<File> {
        self.open_for(real, Access::Write { new, truncate })
    }

    fn open_for(&self, real: &Path, access: Access) -> io::Result<File> {
        run!(self, open_for, real, access)
    }

    /// Returns size and dates of a file or folder.
    pub(super) fn metadata(&self, real: &Path) -> io::Result<Metadata> {
        run!(self, metadata, real)
    }

    /// Whether a folder has an entry, which may be a link.
    pub(super) fn has(&self, path: &Path) -> bool {
        let look = || -> io::Result<Metadata> { run!(self, entry, path) };
        look().is_ok()
    }

    /// Returns the names in a folder.
    pub(super) fn names(&self, real: &Path, most: usize) -> io::Result<Vec<OsString>> {
        run!(self, names, real, most)
    }

    /// Makes or removes an entry.
    pub(super) fn change(&self, real: &Path, change: Change) -> io::Result<()> {
        run!(self, change, real, change)
    }
}
