//! Names that a disk cannot hold: NTFS, exFAT and FAT allow fewer than other file systems, and a run should
//! report that before the work rather than after it.

use std::path::Path;

use crate::failure::Failure;
use crate::output::folder_of;
use crate::special::is_device_name;
use crate::volume;

/// Refuses a target whose name its file system cannot hold.
///
/// # Errors
///
/// [`Failure::ImpossibleName`].
pub(crate) fn check(target: &Path) -> Result<(), Failure> {
    match fault(target) {
        Some(why) if volume::has_names_of_windows(&folder_of(target)) => {
            Err(Failure::ImpossibleName { target: target.to_owned(), why })
        }
        _ => Ok(()),
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

    /// Except on Windows, tests run on disks that hold any name.
    #[test]
    fn only_disks_of_windows_refuse_them() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = check(&folder.path().join("what?.cso"));
        assert_eq!(outcome.is_err(), cfg!(windows));
        let why = "it ends with a dot or a blank";
        let failure = Failure::ImpossibleName { target: "x.".into(), why };
        assert!(failure.to_string().contains(why) && failure.fix().is_some());
    }
}
