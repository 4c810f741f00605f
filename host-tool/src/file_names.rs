//! Names that a disk cannot hold: NTFS, exFAT and FAT allow fewer than other file systems, and a run should
//! report that before the work rather than after it.

use std::io::ErrorKind;
use std::path::Path;

use crate::failure::Failure;
use crate::output::{folder_of, system_path};
use crate::special::is_device_name;
use crate::volume::{self, Names};

/// Refuses a target whose name its file system cannot hold, also because it is too long.
///
/// # Errors
///
/// [`Failure::ImpossibleName`].
pub(crate) fn check(target: &Path) -> Result<(), Failure> {
    let folder = folder_of(target);
    let why = match (fault(target), volume::names(&folder)) {
        (Some(why), Names::OfWindows) => Some(why),
        (Some(why), Names::Unknown) if is_refused(&folder, target) => Some(why),
        _ => refusal(target),
    };
    why.map_or(Ok(()), |why| Err(Failure::ImpossibleName { target: target.to_owned(), why }))
}

/// Returns why the system refuses even to look for a file of this name. The limits differ: 255 bytes on most
/// file systems, 255 UTF-16 units on NTFS, exFAT and FAT, fewer on encrypted ones.
fn refusal(target: &Path) -> Option<&'static str> {
    match std::fs::symlink_metadata(target).err()?.kind() {
        ErrorKind::InvalidFilename => Some("it is too long"),
        ErrorKind::InvalidInput => Some("the disk does not take it"),
        _ => None,
    }
}

/// Returns why a name is not possible on a Windows disk.
fn fault(target: &Path) -> Option<&'static str> {
    let name = target.file_name()?.to_string_lossy();
    if name.contains(['<', '>', ':', '"', '|', '?', '*', '\\']) {
        return Some("it has one of the characters < > : \" | ? * \\");
    }
    if name.contains(|c: char| c.is_control()) {
        return Some("it has a control character");
    }
    if name.ends_with(['.', ' ']) {
        return Some("it ends with a dot or a blank");
    }
    is_device_name(target).then_some("Windows keeps it for a device")
}

/// Tries a name in a temporary folder in `folder`, where it is nobody's. If nothing can be written there, the name is
/// not what is wrong.
fn is_refused(folder: &Path, target: &Path) -> bool {
    let Some(name) = target.file_name() else { return false };
    let Ok(trial) = tempfile::Builder::new().prefix(".").suffix(".part").tempdir_in(system_path(folder))
    else {
        return false;
    };
    // exfat-fuse answers that there is no such file, ntfs-3g that the argument is invalid.
    let refused = [ErrorKind::InvalidInput, ErrorKind::InvalidFilename, ErrorKind::NotFound];
    let made = std::fs::File::create_new(trial.path().join(name));
    made.is_err_and(|error| refused.contains(&error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_disks_of_windows_cannot_hold_are_known() {
        for name in [
            "a:b.cso",
            "what?.cso",
            "a\\b.cso",
            "*.cso",
            "a\"b",
            "x.",
            "x ",
            "con",
            "Con.cso",
            "lpt1.iso",
            "a\tb",
        ] {
            assert!(fault(&Path::new("folder").join(name)).is_some(), "{name}");
        }
        for name in
            ["GAME.cso", "a.b.cso", " x.cso", "Zwölf Türme [v1.02] (Europe).cso", "console.cso", ".hidden"]
        {
            assert_eq!(fault(&Path::new("folder").join(name)), None, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_are_tried_where_the_disk_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a:b.cso", "con.cso", "x.", "x "] {
            assert!(!is_refused(folder.path(), &folder.path().join(name)), "{name}");
        }
        assert!(is_refused(folder.path(), &folder.path().join("x".repeat(5000))));
        // Nothing can be tried there, and nothing is left here.
        assert!(!is_refused(&folder.path().join("none"), Path::new("x.")));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// A disk with NTFS, mounted by ntfs-3g as Linux distributions do.
    #[cfg(target_os = "linux")]
    #[test]
    #[ignore = "needs root and ntfs-3g"]
    fn ntfs_in_user_space_refuses_names_before_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let (device, root) = (folder.path().join("device"), folder.path().join("mounted"));
        std::fs::File::create(&device).unwrap().set_len(16 << 20).unwrap();
        std::fs::create_dir(&root).unwrap();
        let run = |program: &str, args: &[&str], place: Option<&Path>| {
            let mut command = std::process::Command::new(program);
            command.env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin").args(args).arg(&device).args(place);
            command.output().is_ok_and(|output| output.status.success())
        };
        if !run("mkntfs", &["-q", "-F", "-f"], None)
            || !run("ntfs-3g", &["-o", "windows_names"], Some(root.as_path()))
        {
            eprintln!("SKIPPED: no disk with NTFS can be mounted here");
            return;
        }
        let outcomes =
            ["GAME.cso", "con.cso", "a:b.cso", "x.", "x "].map(|name| check(&root.join(name)).is_ok());
        let left = std::fs::read_dir(&root).unwrap().count();
        let unmounted = std::process::Command::new("umount").arg(&root).status().unwrap();
        assert!(unmounted.success());
        assert_eq!((outcomes, left), ([true, false, false, false, false], 0));
    }

    /// Except on Windows, tests run on disks that hold any name.
    #[test]
    fn only_disks_of_windows_refuse_them() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = check(&folder.path().join("what?.cso"));
        assert_eq!(outcome.is_err(), cfg!(windows));
        for (len, is_possible) in [(200, true), (5000, false)] {
            let outcome = check(&folder.path().join("x".repeat(len)));
            assert_eq!(outcome.is_ok(), is_possible, "{len}: {outcome:?}");
        }
        let why = "it ends with a dot or a blank";
        let failure = Failure::ImpossibleName { target: "x.".into(), why };
        assert!(failure.to_string().contains(why) && failure.fix().is_some());
    }
}
