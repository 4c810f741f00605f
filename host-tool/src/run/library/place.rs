//! Where the library is, unless `--db` says so.

use std::io;
use std::path::PathBuf;

use crate::failure::Failure;

/// Returns the user's own library: `cisor/library.db` in the folder for data of programs.
///
/// # Errors
///
/// When the system does not tell where that is.
pub(super) fn default_place() -> Result<PathBuf, Failure> {
    let unknown = || {
        let text = "this user has no folder for data: name a file with --db";
        Failure::Library(disc_library::Error::Io(io::Error::new(io::ErrorKind::NotFound, text)))
    };
    Ok(data_folder().ok_or_else(unknown)?.join("cisor").join("library.db"))
}

/// The XDG Base Directory Specification ignores a variable that is not absolute.
#[cfg(all(unix, not(target_os = "macos")))]
fn data_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    named.or_else(|| Some(std::env::home_dir()?.join(".local/share")))
}

#[cfg(target_os = "macos")]
fn data_folder() -> Option<PathBuf> {
    Some(std::env::home_dir()?.join("Library/Application Support"))
}

/// The folder that does not follow a user to other machines: paths of images do not either.
#[cfg(windows)]
fn data_folder() -> Option<PathBuf> {
    let named = std::env::var_os("LOCALAPPDATA").map(PathBuf::from).filter(|folder| folder.is_absolute());
    named.or_else(|| Some(std::env::home_dir()?.join(r"AppData\Local")))
}
