//! Gives a finished file another name, without ever replacing another file.

use std::io;
use std::path::Path;

use super::place::rename_keeping;
use super::{folder_of, judge_folder_sync, sync_folder, system_path};
use crate::failure::Failure;
use crate::identity::FileId;
use crate::special;

/// Renames a file within its folder. Names that differ only in case are different names, also on disks that
/// take them for the same.
///
/// # Errors
///
/// [`Failure::TargetExists`] when the name belongs to another file, [`Failure::Rename`] when the system does
/// not allow it, [`Failure::FolderSync`] when the file has its name, but perhaps not on the disk yet.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    special::check_target(to)?;
    // Asked to rename a file to itself, some systems say that it exists, and others that all is well.
    if is_other_case(from, to) {
        by_way_of(from, to)?
    } else {
        keeping(from, to)?
    }
    judge_folder_sync(sync_folder(&folder_of(to))).map_err(Failure::FolderSync)
}

fn keeping(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::Rename { target: to.to_owned(), error };
    let (from, target) = (system_path(from), system_path(to));
    let Err(error) = rename_keeping(&from, &target) else { return Ok(()) };
    match error.kind() {
        io::ErrorKind::AlreadyExists => return Err(Failure::TargetExists(to.to_owned())),
        // As in `place`: some file systems have no call that keeps the target.
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => {}
        _ => return Err(failed(error)),
    }
    if std::fs::symlink_metadata(&target).is_ok() {
        return Err(Failure::TargetExists(to.to_owned()));
    }
    std::fs::rename(&from, &target).map_err(failed)
}

/// Whether both are spellings of the one name that a file has, rather than two names of it.
fn is_other_case(from: &Path, to: &Path) -> bool {
    let lower = |path: &Path| path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    if from.file_name() == to.file_name() || lower(from) != lower(to) {
        return false;
    }
    let same = matches!((FileId::named(from), FileId::named(to)), (Ok(from), Ok(to)) if from == to);
    let Ok(entries) = std::fs::read_dir(folder_of(to)) else { return false };
    let is_listed = |name: &std::fs::DirEntry| Some(name.file_name().as_os_str()) == to.file_name();
    same && !entries.flatten().any(|entry| is_listed(&entry))
}

/// Renames through a third name: renaming a file to itself changes nothing.
fn by_way_of(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut name = format!("cisor-renaming-{}", std::process::id());
    if let Some(extension) = to.extension() {
        name = format!("{name}.{}", extension.to_string_lossy());
    }
    let middle = to.with_file_name(name);
    keeping(from, &middle)?;
    keeping(&middle, to).inspect_err(|_| {
        // Back to where it was; if that fails too, the file keeps the third name and its content.
        let _ = keeping(&middle, from);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), "a").unwrap();
        std::fs::write(at("b"), "b").unwrap();
        assert!(matches!(rename(&at("a"), &at("b")), Err(Failure::TargetExists(_))));
        assert_eq!(std::fs::read(at("b")).unwrap(), b"b");
        rename(&at("a"), &at("c")).unwrap();
        assert_eq!(std::fs::read(at("c")).unwrap(), b"a");
        assert!(!at("a").exists());
        assert!(matches!(rename(&at("none"), &at("d")), Err(Failure::Rename { .. })));
    }

    #[test]
    fn case_alone_can_change() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("game.iso"), "a").unwrap();
        rename(&at("game.iso"), &at("GAME.iso")).unwrap();
        by_way_of(&at("GAME.iso"), &at("Game.iso")).unwrap();
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["Game.iso"]);
    }

    #[cfg(unix)]
    #[test]
    fn two_names_of_one_file_stay_two() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("game.iso"), "a").unwrap();
        std::fs::hard_link(at("game.iso"), at("GAME.iso")).unwrap();
        assert!(matches!(rename(&at("game.iso"), &at("GAME.iso")), Err(Failure::TargetExists(_))));
        assert!(at("game.iso").exists() && at("GAME.iso").exists());
    }
}
