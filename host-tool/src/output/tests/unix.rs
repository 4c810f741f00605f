use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use super::*;

#[test]
fn links_are_not_taken_for_part_files() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.cso");
    let precious = folder.path().join("precious");
    std::fs::write(&precious, b"precious").unwrap();
    symlink(&precious, part_path(&target)).unwrap();
    assert!(matches!(PartFile::create(&target), Err(Failure::PartBlocked(_))));
    std::fs::remove_file(part_path(&target)).unwrap();
    std::fs::hard_link(&precious, part_path(&target)).unwrap();
    assert!(matches!(PartFile::create(&target), Err(Failure::PartBlocked(_))));
    assert_eq!(std::fs::read(&precious).unwrap(), b"precious");
}

#[test]
fn link_or_pipe_that_gets_the_name_at_the_last_moment_is_not_followed() {
    // A test cannot interfere between the check of the name and the opening, so the opening is tested
    // alone.
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("precious"), b"precious").unwrap();
    symlink("precious", at("link")).unwrap();
    assert!(stale::not_followed(&mut part_options()).open(at("link")).is_err());
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let mut reading = OpenOptions::new();
    drop(stale::not_followed(reading.read(true)).open(at("pipe")));
}

/// A run that is killed between the link and the removal of the part file's own name leaves two names.
#[test]
fn second_name_of_a_finished_file_is_cleared_away_without_its_bytes() {
    let (folder, target, part) = part();
    std::fs::hard_link(part.path(), folder.path().join(".a.cso.Ab3dE6gH.part")).unwrap();
    std::fs::hard_link(part.path(), &target).unwrap();
    std::fs::hard_link(part.path(), folder.path().join("left")).unwrap();
    drop(part);
    std::fs::rename(folder.path().join("left"), part_path(&target)).unwrap();
    let next = PartFile::create(&target).unwrap();
    assert!(next.took_over());
    assert_eq!(names(folder.path()), [".a.cso.part", "a.cso"]);
    next.commit(Existing::Keep).unwrap_err();
    assert_eq!(std::fs::read(&target).unwrap(), b"mine");
}

#[test]
fn beside_a_target_that_stays_only_what_dead_runs_have_left_is_removed() {
    let (folder, target, part) = part();
    let path = part_path(&target);
    // Another run is at work.
    Outputs::default().tidy(&target);
    assert!(path.exists());
    drop(part);
    Outputs::default().tidy(&target);
    assert!(names(folder.path()).is_empty());
    std::fs::write(&target, b"mine").unwrap();
    std::fs::hard_link(&target, &path).unwrap();
    std::fs::hard_link(&target, folder.path().join(".a.cso.Ab3dE6gH.part")).unwrap();
    Outputs::default().tidy(&target);
    assert_eq!(
        (names(folder.path()), std::fs::read(&target).unwrap()),
        (vec!["a.cso".into()], b"mine".to_vec())
    );
    // A file of this run, and one that somebody has given another name.
    let ours = Outputs { made: [FileId::named(&target).unwrap()].into() };
    std::fs::hard_link(&target, &path).unwrap();
    ours.tidy(&target);
    assert!(path.exists());
    std::fs::hard_link(&target, folder.path().join("precious")).unwrap();
    Outputs::default().tidy(&target);
    assert!(path.exists());
}

#[test]
fn special_target_that_appears_meanwhile_is_not_replaced() {
    let (_folder, target, part) = part();
    assert!(std::process::Command::new("mkfifo").arg(&target).status().unwrap().success());
    assert!(matches!(part.commit(Existing::Replace), Err(Failure::TargetIsSpecial(_))));
    assert!(!std::fs::symlink_metadata(&target).unwrap().is_file());
}

#[test]
fn target_has_the_mode_and_times_of_its_source_and_none_of_a_stale_part_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let source = File::create(at("a.iso")).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_100_000_000, 123_456_789);
    source.set_permissions(std::fs::Permissions::from_mode(0o6640)).unwrap();
    source.set_modified(time).unwrap();
    std::fs::write(at(".a.cso.part"), b"stale").unwrap();
    std::fs::set_permissions(at(".a.cso.part"), PermissionsExt::from_mode(0o666)).unwrap();
    let stale = std::fs::metadata(at(".a.cso.part")).unwrap().ino();
    let keeper = File::open(at(".a.cso.part")).unwrap();

    let mut part = PartFile::create(&at("a.cso")).unwrap();
    assert_eq!(part.file().metadata().unwrap().mode() & 0o7777, 0o600, "nobody else's until it is finished");
    part.resemble(&at("a.iso"));
    part.file().write_all(b"new").unwrap();
    part.sync().unwrap();
    part.commit(Existing::Keep).unwrap();
    let made = std::fs::metadata(at("a.cso")).unwrap();
    assert_eq!(made.mode() & 0o7777, 0o640);
    assert_eq!(made.modified().unwrap(), time);
    assert_ne!(made.ino(), stale, "whoever has the old file open cannot write into the new one");
    drop(keeper);
}

#[test]
fn target_without_a_source_has_the_mode_of_any_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().mode() & 0o7777;
    File::create(folder.path().join("any")).unwrap();
    let part = PartFile::create(&folder.path().join("list.csv")).unwrap();
    part.file().write_all(b"new").unwrap();
    part.sync().unwrap();
    part.commit(Existing::Keep).unwrap();
    assert_eq!(mode("list.csv"), mode("any"));
}
