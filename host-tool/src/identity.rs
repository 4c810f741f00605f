//! Which file a name leads to. Differently spelled names may lead to one file, so files are told apart by
//! the numbers that the system gives them. A file is not opened for that if the system has another way:
//! opening a pipe can block for ever.

use std::fs::File;
use std::io;
use std::path::Path;

/// The number of a file or folder, unique on this machine for as long as the file exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    device: u64,
    file: u64,
}

impl FileId {
    /// Returns the file that a path leads to, following links.
    ///
    /// # Errors
    ///
    /// When it leads nowhere, or the system does not provide the number.
    pub fn at(path: &Path) -> io::Result<Self> {
        count_look();
        Self::look(path, true)
    }

    /// Returns the file with this very name; a link is not followed.
    ///
    /// # Errors
    ///
    /// When the name does not exist, or the system does not provide the number.
    pub fn named(path: &Path) -> io::Result<Self> {
        count_look();
        Self::look(path, false)
    }

    /// Returns the identity of an open file.
    ///
    /// # Errors
    ///
    /// When the system does not provide the number.
    pub fn open(file: &File) -> io::Result<Self> {
        Self::of_open(file)
    }

    /// Returns the file's number on its device.
    pub(crate) fn number(self) -> u64 {
        self.file
    }

    #[cfg(unix)]
    fn look(path: &Path, follow: bool) -> io::Result<Self> {
        let metadata = if follow { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) };
        metadata.map(|metadata| Self::of_metadata(&metadata))
    }

    #[cfg(unix)]
    fn of_open(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::of_metadata(&metadata))
    }

    #[cfg(unix)]
    fn of_metadata(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), file: metadata.ino() }
    }

    #[cfg(windows)]
    fn look(path: &Path, follow: bool) -> io::Result<Self> {
        let (device, file) = windows_host::file_id_of_path(path, follow)?;
        Ok(Self { device, file })
    }

    #[cfg(windows)]
    fn of_open(file: &File) -> io::Result<Self> {
        let (device, file) = windows_host::file_id(file)?;
        Ok(Self { device, file })
    }
}

/// Returns whether two paths lead to one file; paths that lead nowhere do not.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    matches!((FileId::at(a), FileId::at(b)), (Ok(a), Ok(b)) if a == b)
}

/// Returns whether `path` is itself a name of this open file; a link to it is not.
pub(crate) fn leads_to(path: &Path, file: &File) -> bool {
    look(path, file).unwrap_or_default()
}

/// As [`leads_to`], but it is an error if the system does not provide the number.
fn look(path: &Path, file: &File) -> io::Result<bool> {
    Ok(FileId::named(path)? == FileId::open(file)?)
}

/// Removes a name that leads to this open file. Other runs cannot take the name between the check and the
/// removal, because this file is locked. Network drives fail now and then, so a failed removal is tried
/// once more.
pub(crate) fn remove_if_ours(path: &Path, file: &File) {
    const TRIES: usize = 2;
    for _ in 0..TRIES {
        match look(path, file) {
            Ok(true) if std::fs::remove_file(path).is_ok() => return,
            Ok(false) => return,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            // If it stays, nothing is lost: the next run for the same target removes it.
            Ok(true) | Err(_) => {}
        }
    }
}

#[cfg(not(test))]
const fn count_look() {}

#[cfg(test)]
thread_local! {
    /// How many times this thread has asked the system which file a path leads to.
    pub(crate) static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
fn count_look() {
    LOOKS.with(|looks| looks.set(looks.get() + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_file_are_told_from_copies() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), "same").unwrap();
        std::fs::write(at("copy"), "same").unwrap();
        std::fs::hard_link(at("a"), at("hard")).unwrap();
        assert!(is_same(&at("a"), &at("hard")));
        assert!(is_same(&at("a"), &folder.path().join("./a")));
        assert!(!is_same(&at("a"), &at("copy")));
        assert!(!is_same(&at("none"), &at("none")));
        let file = File::open(at("a")).unwrap();
        assert!(leads_to(&at("hard"), &file) && !leads_to(&at("copy"), &file));
        assert_eq!(FileId::at(folder.path()).unwrap(), FileId::at(&at(".")).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn link_is_not_the_file_that_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), "").unwrap();
        std::os::unix::fs::symlink("a", at("link")).unwrap();
        assert!(is_same(&at("a"), &at("link")));
        assert!(!leads_to(&at("link"), &File::open(at("a")).unwrap()));
        assert_ne!(FileId::named(&at("link")).unwrap(), FileId::at(&at("link")).unwrap());
    }
}
