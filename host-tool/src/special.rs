//! Regular files, and special files: devices, pipes, sockets and doors. Images are never read from special
//! files and never replace them. Special files are not even opened: that could block for ever.

use std::fs::{File, FileType, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::failure::{Failure, FileKind};

/// Opens a regular file for reading.
///
/// # Errors
///
/// [`Failure::NotAFile`] if it is anything else, [`Failure::Open`] when it cannot be opened.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    check_kind(std::fs::metadata(path).map_err(Failure::Open)?.file_type())?;
    let file = without_waiting(OpenOptions::new().read(true)).open(path).map_err(Failure::Open)?;
    // Something else may have taken the name in between.
    check_kind(file.metadata().map_err(Failure::Open)?.file_type())?;
    Ok(file)
}

/// Writes a small file that is made anew each time, and is nothing that anybody could miss.
///
/// # Errors
///
/// [`Failure::TargetIsSpecial`], [`Failure::Write`].
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    check_target(path)?;
    let mut options = OpenOptions::new();
    let file = without_waiting(options.write(true).create(true)).open(path).map_err(Failure::Write)?;
    check_kind(file.metadata().map_err(Failure::Write)?.file_type())?;
    file.set_len(0).and_then(|()| (&file).write_all(bytes)).map_err(Failure::Write)
}

/// Refuses a target that is a device, pipe or socket, or a link to one. A missing target is allowed.
///
/// # Errors
///
/// [`Failure::TargetIsSpecial`].
pub(crate) fn check_target(target: &Path) -> Result<(), Failure> {
    if cfg!(windows) && is_device_name(target) {
        return Err(Failure::TargetIsSpecial(target.to_owned()));
    }
    let looks = [std::fs::symlink_metadata(target), std::fs::metadata(target)];
    let is_special = |kind: FileType| !kind.is_file() && !kind.is_dir() && !kind.is_symlink();
    if looks.into_iter().flatten().any(|metadata| is_special(metadata.file_type())) || is_descriptor(target) {
        return Err(Failure::TargetIsSpecial(target.to_owned()));
    }
    Ok(())
}

/// Whether a path is, or leads to, the open file of a process: `/dev/stdout` is a link to one. Even if that is a regular
/// file, the name stands for whatever is open there.
fn is_descriptor(path: &Path) -> bool {
    const PROCESSES: &str = "/proc";
    /// As many links in a row as Linux follows.
    const MOST_LINKS: usize = 40;
    if cfg!(windows) {
        return false;
    }
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Ok(folder) = folder.canonicalize() else { return false };
        if folder.starts_with(PROCESSES) || folder.starts_with("/dev/fd") {
            return true;
        }
        let Ok(next) = std::fs::read_link(&path) else { return false };
        path = folder.join(next);
    }
    false
}

/// Names that Windows has devices for in every folder, whatever their extension.
pub(crate) fn is_device_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_uppercase();
    let stem = name.split(['.', ':']).next().unwrap_or_default().trim_end();
    let numbered = |stem: &str| stem.len() == 4 && stem.ends_with(|last: char| ('1'..='9').contains(&last));
    matches!(stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || ["COM", "LPT"].iter().any(|port| stem.starts_with(port) && numbered(stem))
}

/// Refuses everything but a regular file.
///
/// # Errors
///
/// [`Failure::NotAFile`].
pub(crate) fn check_kind(kind: FileType) -> Result<(), Failure> {
    match kind {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(Failure::NotAFile(FileKind::Folder)),
        _ => Err(Failure::NotAFile(FileKind::Special)),
    }
}

/// Opens without blocking, in case a pipe takes the file's name at the last moment.
#[cfg(unix)]
pub(crate) fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
}

#[cfg(not(unix))]
pub(crate) fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn names_of_windows_devices_are_known() {
        for name in ["NUL", "out/nul", "con.cso", "COM1", "lpt9.iso", "NUL:", "AUX .iso"] {
            assert!(is_device_name(Path::new(name)), "{name}");
        }
        for name in ["NULL", "COM", "COM0", "COM10", "a/GAME.cso", "CONSOLE.iso", "LPTX"] {
            assert!(!is_device_name(Path::new(name)), "{name}");
        }
    }

    /// The names of open files lead to regular files, too.
    #[test]
    fn names_of_open_files_are_no_targets() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let file = File::create(at("file")).unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&file);
        // As /dev/stdout is one.
        symlink(format!("/proc/self/fd/{number}"), at("stdout")).unwrap();
        symlink("stdout", at("link")).unwrap();
        symlink("file", at("usual")).unwrap();
        if Path::new("/proc/self/fd").is_dir() {
            for name in ["stdout", "link"] {
                assert!(matches!(check_target(&at(name)), Err(Failure::TargetIsSpecial(_))), "{name}");
            }
            let path = format!("/dev/fd/{number}");
            assert!(matches!(check_target(Path::new(&path)), Err(Failure::TargetIsSpecial(_))), "{path}");
        }
        for name in ["file", "usual", "none"] {
            assert!(check_target(&at(name)).is_ok(), "{name}");
        }
    }

    #[test]
    fn only_regular_files_are_opened_or_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "").unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        symlink("/dev/null", at("device")).unwrap();
        for (link, name) in
            [("to-file", "file"), ("to-pipe", "pipe"), ("to-socket", "socket"), ("to-none", "none")]
        {
            symlink(name, at(link)).unwrap();
        }
        for name in ["pipe", "socket", "device", "to-pipe", "to-socket"] {
            assert!(matches!(open(&at(name)), Err(Failure::NotAFile(FileKind::Special))), "{name}");
            assert!(matches!(check_target(&at(name)), Err(Failure::TargetIsSpecial(_))), "{name}");
        }
        for name in ["file", "to-file"] {
            assert!(open(&at(name)).is_ok(), "{name}");
        }
        for name in ["file", "to-file", "to-none", "none"] {
            assert!(check_target(&at(name)).is_ok(), "{name}");
        }
        assert!(matches!(open(folder.path()), Err(Failure::NotAFile(FileKind::Folder))));
    }

    #[test]
    fn pipe_that_takes_the_name_at_the_last_moment_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let file = without_waiting(OpenOptions::new().read(true)).open(&pipe).unwrap();
        assert!(check_kind(file.metadata().unwrap().file_type()).is_err());
    }
}
