//! Trees with what only these systems have, and runs that are killed in the middle of one.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use predicates::str::contains;

use crate::support::{BIN, Folder, noise, psp_disc, small_disc, unprivileged};

#[test]
fn batch_that_was_killed_is_finished_by_the_next_run() {
    let folder = Folder::new();
    for name in ["shelf/a", "out"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("shelf/1.iso", &small_disc());
    // The slow one: it is killed while this is written.
    folder.write("shelf/2.iso", &noise(64 << 20));
    folder.write("shelf/a/3.iso", &psp_disc());
    let args = ["compress", "-r", "--sidecar", "--to", "cso", "-d", "out", "shelf"];
    let mut child = Command::new(BIN)
        .current_dir(folder.root())
        .args(args)
        .arg("-9")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let part = folder.path("out/.2.cso.part");
    let begun = Instant::now();
    while !part.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(part.exists() && !folder.path("out/2.cso").exists() && !folder.path("out/a").exists());
    let finished = std::fs::metadata(folder.path("out/1.cso")).unwrap().modified().unwrap();
    let bytes = folder.read("out/1.cso");
    // Something that is named like a part file, but that no run has left.
    symlink("elsewhere", folder.path("out/.4.cso.part")).unwrap();

    let run = folder.cisor(args).arg("-1").assert().success();
    run.stderr(contains("1.iso: already done"))
        .stderr(contains(".2.cso.part was left behind by a run that was killed"))
        .stderr(contains("         2  written\n"));
    assert!(!part.exists() && folder.path("out/.4.cso.part").is_symlink());
    assert_eq!(std::fs::metadata(folder.path("out/1.cso")).unwrap().modified().unwrap(), finished);
    assert!(folder.read("out/1.cso") == bytes);
    for name in ["1", "2", "a/3"] {
        let (iso, cso) = (format!("shelf/{name}.iso"), format!("out/{name}.cso"));
        folder.cisor(["compare", &iso, &cso]).assert().success();
        assert!(folder.path(format!("out/{name}.sha256")).exists(), "{name}");
    }
    folder.cisor(["verify", "-r", "out"]).assert().success().stderr(contains("         3  ok\n"));
}

#[test]
fn part_file_of_a_run_that_lives_is_left_to_it() {
    let folder = Folder::new();
    for name in ["shelf", "out"] {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    folder.write("shelf/1.iso", &small_disc());
    folder.write("shelf/2.iso", &psp_disc());
    let part = std::fs::File::create(folder.path("out/.1.cso.part")).unwrap();
    part.lock().unwrap();
    let args = ["compress", "-r", "--to", "cso", "-d", "out", "shelf"];
    let run = folder.cisor(args).assert().code(2);
    run.stderr(contains(".1.cso.part is being written by another run")).stderr(contains("1  written"));
    assert!(folder.path("out/.1.cso.part").exists() && folder.path("out/2.cso").exists());
}

#[test]
fn links_do_not_lead_in_circles_or_out_of_the_tree() {
    let folder = Folder::new();
    for name in ["shelf/a", "elsewhere", "out"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("shelf/a/ONE.iso", &small_disc());
    folder.write("elsewhere/TWO.iso", &psp_disc());
    symlink("../..", folder.path("shelf/a/up")).unwrap();
    symlink(".", folder.path("shelf/here")).unwrap();
    symlink("../elsewhere", folder.path("shelf/far")).unwrap();
    symlink("../elsewhere/TWO.iso", folder.path("shelf/TWO.iso")).unwrap();
    symlink("none.iso", folder.path("shelf/gone.iso")).unwrap();
    let run = folder.cisor(["compress", "-r", "-d", "out", "shelf"]).assert().code(2);
    run.stderr(contains("3 links to folders")).stderr(contains("shelf/gone.iso: cannot open it"));
    assert!(folder.path("out/TWO.cso").exists() && folder.path("out/a/ONE.cso").exists());
    assert_eq!(std::fs::read_dir(folder.path("out")).unwrap().count(), 2);
    // A link to a folder may be named.
    symlink("shelf", folder.path("link")).unwrap();
    folder.remove("shelf/gone.iso");
    folder.cisor(["info", "-r", "link"]).assert().success().stderr(contains("2  ok"));
    // A link in place would become a file.
    symlink("out/TWO.cso", folder.path("TWO.cso")).unwrap();
    folder.cisor(["compress", "--in-place", "TWO.cso"]).assert().code(3).stderr(contains("it is a link"));
}

#[test]
fn unreadable_folder_is_one_line_and_the_rest_goes_on() {
    let folder = Folder::new();
    for name in ["shelf/a", "shelf/b"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("shelf/a/ONE.iso", &small_disc());
    folder.write("shelf/b/TWO.iso", &small_disc());
    let mode = |name: &str, mode| {
        std::fs::set_permissions(folder.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o755);
    mode("shelf/a", 0);
    let (program, args) = unprivileged(&["verify", "-r", "shelf"]);
    let output = folder.command(program, args).output().unwrap();
    mode("shelf/a", 0o755);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("shelf/a")).count(), 1, "{text}");
    assert!(text.contains("error: shelf/a: cannot open it: ") && text.contains("1  failed"), "{text}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("shelf/b/TWO.iso: ok"));
}

/// What is in an unreadable folder is neither missing nor unwanted.
#[test]
fn unreadable_folder_makes_nothing_missing_and_deletes_nothing() {
    let folder = Folder::new();
    for name in ["shelf/a", "shelf/b", "card"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("shelf/a/ONE.iso", &small_disc());
    folder.write("shelf/b/TWO.iso", &psp_disc());
    symlink("..", folder.path("shelf/b/up")).unwrap();
    let scan = ["library", "scan", "--db", "library.db", "shelf"];
    let sync = ["sync", "shelf", "card", "--for", "psp", "--delete"];
    folder.cisor(scan).assert().success().stdout("2 images: 2 new\n");
    folder.cisor(sync).assert().success();
    let mode = |name: &str, mode| {
        std::fs::set_permissions(folder.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // For those who are not root.
    for name in ["", "card", "card/ISO"] {
        mode(name, 0o777);
    }
    for name in ["library.db", "card/cisor-sync.txt", "card/ISO/ONE.cso", "card/ISO/TWO.cso"] {
        mode(name, 0o666);
    }
    for args in [&scan[..], &sync] {
        mode("shelf/a", 0);
        let (program, args) = unprivileged(args);
        let output = folder.command(program, args.clone()).output().unwrap();
        mode("shelf/a", 0o755);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert_eq!(
            text.lines().filter(|line| line.contains("error: shelf/a: ")).count(),
            1,
            "{args:?}: {text}"
        );
        assert!(!text.contains("missing"), "{text}");
    }
    assert_eq!(std::fs::read_dir(folder.path("card/ISO")).unwrap().count(), 2);
    let list = ["library", "list", "--missing", "--db", "library.db"];
    assert_eq!(folder.json(&list), (0, Vec::new()));
}

#[test]
fn names_with_line_breaks_and_other_bytes_are_listed_with_nul() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let odd = std::ffi::OsStr::from_bytes(b"B\xFF\n[1].iso");
    folder.write("A\nB.iso", &small_disc());
    folder.write(odd, &small_disc());
    let mut command = folder.command(BIN, ["compress", "--sidecar", "--null", "--files-from", "-"]);
    let run = command.write_stdin(&b"A\nB.iso\0B\xFF\n[1].iso\0"[..]).assert().success();
    run.stderr(contains("2  written"));
    assert!(folder.path("A\nB.cso").exists());
    let sums = folder.command("sha256sum", ["-c", "A\nB.sha256"]).output().unwrap();
    assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stderr));
    folder.write("list", b"A\nB.iso\0");
    let run = folder.cisor(["verify", "--files-from", "list"]).assert().code(2);
    run.stderr(contains("it has NUL bytes: add --null"));
}
