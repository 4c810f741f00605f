use std::io::Write;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A fresh folder, a target in it, and its part file with some bytes.
fn part() -> (tempfile::TempDir, PathBuf, PartFile) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.cso");
    let part = PartFile::create(&target).unwrap();
    part.file().write_all(b"mine").unwrap();
    (folder, target, part)
}

#[test]
fn part_file_gets_its_name_only_by_commit() {
    let (folder, target, part) = part();
    assert_eq!(names(folder.path()), [".a.cso.part"]);
    part.sync().unwrap();
    part.commit(Existing::Keep).unwrap();
    assert_eq!(names(folder.path()), ["a.cso"]);
    assert_eq!(std::fs::read(&target).unwrap(), b"mine");
}

#[test]
fn what_is_written_after_the_proof_gets_no_name() {
    let overwrite = |path: &Path| {
        let mut file = OpenOptions::new().write(true).open(path).unwrap();
        file.write_all(b"your").unwrap();
    };
    let grow = |path: &Path| OpenOptions::new().write(true).open(path).unwrap().set_len(5).unwrap();
    let link = |path: &Path| std::fs::hard_link(path, path.with_extension("link")).unwrap();
    // Only changes of the content count.
    let changes: [&dyn Fn(&Path); 3] = [&overwrite, &grow, &link];
    for (change, passes) in changes.into_iter().zip([false, false, true]) {
        let (folder, target, mut part) = part();
        let model = folder.path().join("model");
        std::fs::write(&model, "").unwrap();
        part.resemble(&model);
        part.sync().unwrap();
        // Longer than the clock granularity of any file system.
        std::thread::sleep(std::time::Duration::from_millis(30));
        change(part.path());
        let outcome = part.commit(Existing::Keep);
        assert_eq!(outcome.is_ok(), passes, "{outcome:?}");
        assert_eq!(target.exists(), passes);
    }
}

#[test]
fn dropped_part_file_is_gone() {
    let (folder, _, part) = part();
    drop(part);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn target_that_appears_meanwhile_is_kept() {
    let (folder, target, part) = part();
    std::fs::write(&target, b"somebody else's").unwrap();
    assert!(matches!(part.commit(Existing::Keep), Err(Failure::TargetExists(_))));
    assert_eq!(names(folder.path()), ["a.cso"]);
    assert_eq!(std::fs::read(&target).unwrap(), b"somebody else's");

    let part = PartFile::create(&target).unwrap();
    part.file().write_all(b"mine").unwrap();
    part.commit(Existing::Replace).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"mine");
    assert_eq!(names(folder.path()), ["a.cso"]);
}

/// As on file systems without hard links, which report this with different errors.
#[test]
fn target_is_kept_where_no_call_keeps_it() {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    for kind in [Unsupported, PermissionDenied, InvalidInput] {
        let (folder, target, part) = part();
        let refused = |_: &Path, _: &Path| Err(kind.into());
        std::fs::write(&target, b"somebody else's").unwrap();
        let kept = place::by_name(&part, Existing::Keep, refused);
        assert!(matches!(kept, Err(Failure::TargetExists(_))), "{kind}");
        assert_eq!(std::fs::read(&target).unwrap(), b"somebody else's");
        std::fs::remove_file(&target).unwrap();
        place::by_name(&part, Existing::Keep, refused).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"mine");
        drop(part);
        assert_eq!(names(folder.path()), ["a.cso"]);
    }
    let (folder, target, part) = part();
    let failed = place::by_name(&part, Existing::Keep, |_, _| Err(io::Error::other("no")));
    assert!(matches!(failed, Err(Failure::Rename { .. })) && !target.exists());
    place::by_name(&part, Existing::Replace, |_, _| unreachable!()).unwrap();
    drop(part);
    assert_eq!(names(folder.path()), ["a.cso"]);
}

#[test]
fn part_file_of_a_live_run_is_left_alone() {
    let (_folder, target, live) = part();
    assert!(matches!(PartFile::create(&target), Err(Failure::PartInUse(_))));
    assert_eq!(std::fs::read(live.path()).unwrap(), b"mine");
}

#[test]
fn part_file_of_a_dead_run_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.cso");
    std::fs::write(part_path(&target), b"left behind, longer than what follows").unwrap();
    let part = PartFile::create(&target).unwrap();
    assert!(part.took_over());
    part.file().write_all(b"new").unwrap();
    part.commit(Existing::Keep).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["a.cso"]);
}

#[test]
fn stale_part_file_that_cannot_be_locked_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.cso");
    std::fs::write(part_path(&target), b"whose?").unwrap();
    let no_locks = |_: &File| Err(TryLockError::Error(io::ErrorKind::Unsupported.into()));
    assert!(matches!(PartFile::create_with(&target, no_locks), Err(Failure::PartBlocked(_))));
    assert_eq!(std::fs::read(part_path(&target)).unwrap(), b"whose?");
    // If the target does not exist, the other way is not needed.
    std::fs::remove_file(part_path(&target)).unwrap();
    assert!(PartFile::create_with(&target, no_locks).is_ok());
}

#[test]
fn name_that_is_lost_before_the_lock_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.cso");
    let path = part_path(&target);
    // Both for a file that was there and for a new one: another run takes it away at the last moment.
    for there in [false, true] {
        if there {
            std::fs::write(&path, b"stale").unwrap();
        }
        let mut first = true;
        let part = PartFile::create_with(&target, |file| {
            if std::mem::take(&mut first) {
                std::fs::rename(&path, folder.path().join("moved")).unwrap();
            }
            file.try_lock()
        });
        let part = part.unwrap();
        assert!(leads_to(&path, part.file()) && !part.took_over());
        assert!(folder.path().join("moved").exists());
    }
}

#[test]
fn new_part_file_that_another_program_locks_is_waited_for_and_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.cso");
    let mut tries = 0;
    let part = PartFile::create_with(&target, |file| {
        tries += 1;
        if tries < 3 { Err(TryLockError::WouldBlock) } else { file.try_lock() }
    });
    drop(part.unwrap());
    let locked = PartFile::create_with(&target, |_| Err(TryLockError::WouldBlock));
    assert!(matches!(locked, Err(Failure::Create { .. })), "{locked:?}");
    assert!(names(folder.path()).is_empty());
}

/// What others might do to the name of a part file while it is being written.
fn take_name_away(path: &Path, how: &str) {
    match how {
        "deleted" => std::fs::remove_file(path).unwrap(),
        "moved" => std::fs::rename(path, path.with_file_name("moved")).unwrap(),
        "replaced" => {
            std::fs::remove_file(path).unwrap();
            std::fs::write(path, b"another run's").unwrap();
        }
        "moved and replaced" => {
            std::fs::rename(path, path.with_file_name("moved")).unwrap();
            std::fs::write(path, b"another run's").unwrap();
        }
        other => panic!("{other}"),
    }
}

#[test]
fn file_that_got_the_part_files_name_does_not_become_the_target() {
    for how in ["deleted", "moved", "replaced", "moved and replaced"] {
        for there in [false, true] {
            let (_folder, target, part) = part();
            let path = part.path().to_owned();
            take_name_away(&path, how);
            if there {
                std::fs::write(&target, b"old").unwrap();
            }
            let outcome = part.commit(if there { Existing::Replace } else { Existing::Keep });
            if cfg!(target_os = "linux") {
                // The name itself is not needed as long as the file has any name.
                assert_eq!(outcome.is_ok(), how.starts_with("moved"), "{how}: {outcome:?}");
            }
            let found = std::fs::read(&target).ok();
            match outcome {
                // Linked by descriptor, the right file still gets the name.
                Ok(()) => assert_eq!(found.as_deref(), Some(&b"mine"[..]), "{how}"),
                Err(Failure::PartLost(_)) => {
                    assert_eq!(found.as_deref(), there.then_some(&b"old"[..]), "{how}")
                }
                Err(other) => panic!("{how}: {other}"),
            }
            let others = std::fs::read(&path).ok();
            assert_eq!(
                others.as_deref(),
                how.ends_with("replaced").then_some(&b"another run's"[..]),
                "{how}"
            );
        }
    }
}

#[test]
fn file_that_got_the_part_files_name_is_not_renamed_where_that_is_all_there_is() {
    for how in ["deleted", "replaced", "moved and replaced"] {
        for existing in [Existing::Keep, Existing::Replace] {
            let (_folder, target, part) = part();
            take_name_away(part.path(), how);
            let outcome = place::by_name(&part, existing, |from, to| std::fs::rename(from, to));
            assert!(matches!(outcome, Err(Failure::PartLost(_))), "{how}");
            assert!(!target.exists(), "{how}");
        }
    }
}

/// A moment remains between the check of a name and its use: if it is exploited, the source must stay.
#[test]
fn file_that_took_the_name_at_the_last_moment_is_noticed_afterwards() {
    let (_folder, _, part) = part();
    let outcome = place::by_name(&part, Existing::Keep, |from, to| {
        take_name_away(from, "replaced");
        std::fs::rename(from, to)
    });
    assert!(matches!(outcome, Err(Failure::PartLost(_))));
}

#[cfg(target_os = "linux")]
#[test]
fn file_that_took_the_name_by_chance_does_not_replace_the_target() {
    let (_folder, target, part) = part();
    std::fs::write(&target, b"old").unwrap();
    let outcome = place::over_existing(&part, |_, spare| std::fs::write(spare, b"another run's"));
    assert!(matches!(outcome, Err(Failure::PartLost(_))));
    assert_eq!(std::fs::read(&target).unwrap(), b"old");
}

#[test]
fn dropped_part_file_takes_no_other_file_with_it() {
    let (folder, _, part) = part();
    take_name_away(part.path(), "replaced");
    drop(part);
    assert_eq!(std::fs::read(folder.path().join(".a.cso.part")).unwrap(), b"another run's");
}

#[test]
fn errors_of_the_folder_are_told_from_folders_that_cannot_be_synchronised() {
    use io::ErrorKind::{InvalidInput, PermissionDenied, StorageFull, Unsupported};
    for (kind, is_fine) in [
        (InvalidInput, true),
        (Unsupported, true),
        (PermissionDenied, true),
        (StorageFull, false),
        (io::ErrorKind::Other, false),
    ] {
        let (folder, target, part) = part();
        let outcome = part.commit_with(Existing::Keep, |synced| {
            assert_eq!(synced, folder.path());
            assert!(target.exists() && names(folder.path()) == ["a.cso"], "last of all");
            Err(kind.into())
        });
        assert_eq!(outcome.is_ok(), is_fine, "{kind}");
        assert!(target.exists(), "it is in place all the same");
    }
    // A real one can, and one that is not there cannot.
    let (folder, _, _part) = part();
    assert!(sync_folder(folder.path()).is_ok());
    #[cfg(unix)]
    assert!(judge_folder_sync(sync_folder(&folder.path().join("none"))).is_err());
}

#[test]
fn file_of_this_run_is_never_replaced_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let standing = |name: &str, existing| Standing::at(&at(name), existing);
    let begin = |outputs: &Outputs, name: &str| outputs.begin(&at(name), &standing(name, Existing::Replace));
    let mut outputs = Outputs::default();
    let first = begin(&outputs, "a.cso").unwrap();
    first.file().write_all(b"first").unwrap();
    // Both were started when neither name existed, as with two names that a disk treats as one.
    let second = begin(&outputs, "b.cso").unwrap();
    outputs.commit(first, &standing("a.cso", Existing::Keep)).unwrap();
    std::fs::hard_link(at("a.cso"), at("b.cso")).unwrap();
    for existing in [Existing::Keep, Existing::Replace] {
        assert!(matches!(begin(&outputs, "a.cso"), Err(Failure::TargetTaken { .. })));
        let part = PartFile::create(&at("a.cso")).unwrap();
        assert!(matches!(
            outputs.commit(part, &standing("a.cso", existing)),
            Err(Failure::TargetTaken { .. })
        ));
    }
    assert!(matches!(
        outputs.commit(second, &standing("b.cso", Existing::Replace)),
        Err(Failure::TargetTaken { .. })
    ));
    assert_eq!(std::fs::read(at("a.cso")).unwrap(), b"first");
    assert_eq!(std::fs::read(at("b.cso")).unwrap(), b"first");
    // Nor does it count as a part file.
    std::fs::rename(at("a.cso"), at(".c.cso.part")).unwrap();
    assert!(matches!(begin(&outputs, "c.cso"), Err(Failure::PartBlocked(_))));
    // A file that another run made may be replaced.
    std::fs::write(at("d.cso"), b"old").unwrap();
    let part = begin(&outputs, "d.cso").unwrap();
    outputs.commit(part, &standing("d.cso", Existing::Replace)).unwrap();
}

#[test]
fn only_what_stood_at_the_target_when_it_was_planned_is_replaced() {
    type Change = fn(&Path);
    let write: Change = |path| std::fs::write(path, b"another run's").unwrap();
    let replace: Change = |path| {
        std::fs::write(path.with_extension("new"), b"another run's").unwrap();
        std::fs::rename(path.with_extension("new"), path).unwrap();
    };
    let delete: Change = |path| drop(std::fs::remove_file(path));
    let nothing: Change = |_| {};
    for (change, passes) in [(write, false), (replace, false), (delete, true), (nothing, true)] {
        for was_there in [false, true] {
            for is_late in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                let target = folder.path().join("a.cso");
                if was_there {
                    std::fs::write(&target, b"old").unwrap();
                }
                let standing = Standing::at(&target, Existing::Replace);
                let mut outputs = Outputs::default();
                let outcome = if is_late {
                    let part = outputs.begin(&target, &standing).unwrap();
                    change(&target);
                    outputs.commit(part, &standing)
                } else {
                    change(&target);
                    let part = outputs.begin(&target, &standing);
                    assert_eq!(part.is_ok(), passes, "before any work");
                    part.and_then(|part| outputs.commit(part, &standing))
                };
                if passes {
                    outcome.unwrap();
                    assert_eq!(std::fs::read(&target).unwrap(), b"");
                } else {
                    assert!(matches!(outcome, Err(Failure::TargetChanged(_))), "{outcome:?}");
                    assert_eq!(std::fs::read(&target).unwrap(), b"another run's");
                }
                assert!(names(folder.path()).len() == 1);
            }
        }
    }
}

/// As if another program came between the last check and the rename.
#[test]
fn file_that_comes_where_nothing_stood_is_kept_by_the_rename_itself() {
    let (folder, target, _part) = part();
    let standing = Standing::at(&target, Existing::Replace);
    assert_eq!(standing.existing(), Existing::Keep);
    std::fs::write(&target, b"somebody's").unwrap();
    let kept = standing.explain(Failure::TargetExists(target.clone()));
    assert!(matches!(kept, Failure::TargetChanged(_)));
    assert_eq!(Standing::at(&target, Existing::Replace).existing(), Existing::Replace);
    assert_eq!(Standing::at(&target, Existing::Keep).existing(), Existing::Keep);
    drop(folder);
}

#[test]
fn long_names_have_part_files_too() {
    for name in ["a".repeat(249) + ".cso", "ü".repeat(120) + ".iso.cso", "b".repeat(255)] {
        let folder = tempfile::tempdir().unwrap();
        let mut name = name;
        name.truncate((0..=255).rev().find(|&len| name.is_char_boundary(len)).unwrap());
        let target = folder.path().join(&name);
        for existing in [Existing::Keep, Existing::Replace] {
            PartFile::create(&target).unwrap().commit(existing).unwrap();
            assert_eq!(names(folder.path()), [name.as_str()]);
        }
    }
    // Names that only differ at the end have different part files; short names are kept unchanged.
    let long = |end: &str| part_path(Path::new(&("x".repeat(245) + end)));
    assert_ne!(long("1.cso"), long("2.cso"));
    assert_eq!(long("1.cso"), long("1.cso"));
    assert_eq!(part_path(Path::new("d/a.cso")), Path::new("d/.a.cso.part"));
}

/// A signal that arrives after the verification. The test needs its own process, as signals affect the
/// whole process.
#[test]
fn signal_before_the_commit_is_noticed() {
    const CHILD: &str = "CISOR_TEST_SIGNALLED";
    if std::env::var_os(CHILD).is_none() {
        let name = "output::tests::signal_before_the_commit_is_noticed";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", name]).env(CHILD, "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
        return;
    }
    let (folder, target, part) = part();
    interrupt::pretend_signal();
    let outcome = Outputs::default().commit(part, &Standing::at(&target, Existing::Keep));
    assert!(matches!(outcome, Err(Failure::Interrupted)));
    assert!(names(folder.path()).is_empty());
}

#[cfg(unix)]
mod unix;
