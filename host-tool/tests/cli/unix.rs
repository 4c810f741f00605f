//! Signals, permissions, devices, full disks, and names that are not Unicode.

mod changing;
#[cfg(target_os = "linux")]
mod full_disk;
mod interrupted;
mod killed;
mod locked;
mod mapped;
#[cfg(target_os = "linux")]
mod one_by_one;
#[cfg(target_os = "linux")]
mod progress;
mod racing;
mod special;
mod terminals;
mod trees;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{BIN, Folder, is_root, noise, psp_disc, small_disc, text, unprivileged};

/// Starts a compression that takes minutes, and waits until it writes its part file.
fn start_slow(folder: &Folder, args: &[&str]) -> Child {
    folder.write("SLOW.iso", &[noise(4 << 20), text(4 << 20)].concat());
    let child = Command::new(BIN)
        .current_dir(folder.root())
        .args(["compress", "--to", "cso", "--best", "SLOW.iso"])
        .args(args)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !folder.path(".SLOW.cso.part").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no part file: {:?}", folder.names());
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Starts a run whose output nobody reads.
fn start_unheard(folder: &Folder, args: &[&str]) -> Child {
    let mut command = Command::new(BIN);
    command.current_dir(folder.root()).args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn signal(child: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn signals_remove_the_part_file_and_exit_130() {
    // On other systems there is no way to tell whether nohup has the last one ignored, so it is left to the
    // system.
    let hangup = cfg!(target_os = "linux").then_some("-HUP");
    for name in ["-INT", "-TERM"].into_iter().chain(hangup) {
        let folder = Folder::new();
        let child = start_slow(&folder, &[]);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{name}");
        assert_eq!(folder.names(), ["SLOW.iso"], "{name}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("error: SLOW.iso: interrupted\n"));
    }
}

/// The first signal asks the program to stop, and the second one ends it; neither leaves a part file. The
/// output shows which of them ended the program: after the second one there is no time for a message.
#[test]
fn second_signal_removes_the_part_file_at_once() {
    for _ in 0..20 {
        let folder = Folder::new();
        let child = start_slow(&folder, &["-b", "256K"]);
        signal(&child, "-INT");
        signal(&child, "-TERM");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        assert_eq!(folder.names(), ["SLOW.iso"]);
        if !String::from_utf8_lossy(&output.stderr).contains("interrupted") {
            return;
        }
    }
    panic!("the work always stopped before the second signal");
}

/// While a run writes, its part file is deleted and another file gets the name. That file is neither put in
/// place nor removed, and the source is not deleted.
#[test]
fn file_that_took_the_part_files_name_is_left_alone() {
    for ending in ["-INT", "-KILL"] {
        let folder = Folder::new();
        let mut child = start_slow(&folder, &["--rm"]);
        folder.remove(".SLOW.cso.part");
        folder.write(".SLOW.cso.part", b"another run's");
        signal(&child, ending);
        if ending == "-INT" {
            signal(&child, ending);
        }
        child.wait().unwrap();
        assert_eq!(folder.names(), [".SLOW.cso.part", "SLOW.iso"], "{ending}");
        assert_eq!(folder.read(".SLOW.cso.part"), b"another run's");
    }
}

#[test]
fn fragment_that_took_the_part_files_name_is_not_put_in_place() {
    let folder = Folder::new();
    folder.write("GAME.iso", &noise(24 << 20));
    let child = Command::new(BIN)
        .current_dir(folder.root())
        .args(["compress", "--to", "cso", "--rm", "-f", "GAME.iso"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while std::fs::metadata(folder.path(".GAME.cso.part")).map_or(0, |part| part.len()) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(1));
    }
    folder.remove(".GAME.cso.part");
    folder.write(".GAME.cso.part", b"fragment");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(".GAME.cso.part was deleted, replaced or changed while it was written"), "{said}");
    assert_eq!(folder.names(), [".GAME.cso.part", "GAME.iso"]);
    assert_eq!(folder.read(".GAME.cso.part"), b"fragment");
}

#[test]
fn interrupted_run_does_not_begin_further_files() {
    let folder = Folder::with_game();
    let child = start_slow(&folder, &["GAME.iso"]);
    signal(&child, "-INT");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(folder.names(), ["GAME.iso", "SLOW.iso"]);
}

#[cfg(target_os = "linux")]
#[test]
fn hangup_is_ignored_under_nohup() {
    let folder = Folder::new();
    folder.write("SLOW.iso", &noise(4 << 20));
    let script = format!("trap '' HUP; exec '{BIN}' compress --to cso --best SLOW.iso");
    let child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.root())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let part = folder.path(".SLOW.cso.part");
    let begun = Instant::now();
    while !part.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "-HUP");
    std::thread::sleep(Duration::from_millis(300));
    assert!(part.exists(), "still at work");
    signal(&child, "-TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(folder.names(), ["SLOW.iso"]);
}

#[test]
fn killed_run_leaves_a_part_file_that_the_next_one_takes_over() {
    let folder = Folder::new();
    let mut child = start_slow(&folder, &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(folder.names(), [".SLOW.cso.part", "SLOW.iso"]);
    let run = folder.cisor(["compress", "-1", "--to", "cso", "SLOW.iso"]).assert().success();
    run.stderr(contains(".SLOW.cso.part was left behind by a run that was killed"));
    assert_eq!(folder.names(), ["SLOW.cso", "SLOW.iso"]);
}

#[test]
fn two_runs_for_one_target_do_not_get_in_each_others_way() {
    let folder = Folder::new();
    let child = start_slow(&folder, &[]);
    let second = folder.cisor(["compress", "-1", "--to", "cso", "SLOW.iso"]).assert().code(2);
    second.stderr(contains("is being written by another run"));
    signal(&child, "-INT");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(folder.names(), ["SLOW.iso"]);
}

#[test]
fn part_file_of_a_live_run_is_left_alone() {
    let folder = Folder::with_game();
    folder.write(".GAME.cso.part", b"half");
    let live = std::fs::File::open(folder.path(".GAME.cso.part")).unwrap();
    live.lock().unwrap();
    let run = folder.cisor(["compress", "GAME.iso"]).assert().code(2);
    run.stderr(contains(".GAME.cso.part is being written by another run"));
    assert_eq!(folder.read(".GAME.cso.part"), b"half");
    assert_eq!(folder.names(), [".GAME.cso.part", "GAME.iso"]);
}

#[test]
fn devices_and_pipes_are_refused_without_waiting_for_them() {
    let folder = Folder::new();
    let status = Command::new("mkfifo").arg(folder.path("pipe.iso")).status().unwrap();
    assert!(status.success());
    for name in ["/dev/null", "pipe.iso"] {
        for verb in ["compress", "extract", "verify", "info"] {
            let run = folder.cisor([verb, name]).assert().code(2);
            run.stderr(format!(
                "error: {name}: it is a device or pipe, not a file. Dump the disc to a file first.\n"
            ));
        }
    }
    assert_eq!(folder.names(), ["pipe.iso"]);
}

#[test]
fn unreadable_file_is_named() {
    let folder = Folder::with_game();
    open_to_all(folder.root());
    std::fs::set_permissions(folder.path("GAME.iso"), PermissionsExt::from_mode(0o000)).unwrap();
    let (program, args) = unprivileged(&["verify", "GAME.iso"]);
    let run = folder.command(program, args).assert().code(2);
    run.stderr("error: GAME.iso: cannot open it: Permission denied (os error 13)\n");
}

#[test]
fn read_only_target_folder_is_named() {
    let folder = Folder::with_game();
    open_to_all(folder.root());
    std::fs::create_dir(folder.path("out")).unwrap();
    std::fs::set_permissions(folder.path("out"), PermissionsExt::from_mode(0o555)).unwrap();
    let (program, args) = unprivileged(&["compress", "GAME.iso", "-d", "out"]);
    let run = folder.command(program, args).assert().code(2);
    run.stderr("error: GAME.iso: cannot create out/.GAME.cso.part: Permission denied (os error 13)\n");
    assert_eq!(std::fs::read_dir(folder.path("out")).unwrap().count(), 0);
}

#[test]
fn dropped_file_on_a_read_only_disk_is_named_with_a_way_out() {
    let folder = Folder::with_game();
    if !can_mount(&folder) {
        // That leaves a folder that is not writable.
        open_to_all(folder.root());
        std::fs::rename(folder.path("GAME.iso"), folder.path("small/GAME.iso")).unwrap();
        std::fs::set_permissions(folder.path("small"), PermissionsExt::from_mode(0o555)).unwrap();
        let (program, args) = unprivileged(&["small/GAME.iso"]);
        let run = folder.command(program, args).assert().code(2);
        run.stderr(contains("cannot create small/.GAME.cso.part").and(contains("1 file: 0 done")));
        return;
    }
    folder.write("SMALL.iso", &small_disc());
    let script = format!("cp SMALL.iso small/GAME.iso; mount -o remount,ro small; '{BIN}' small/GAME.iso");
    let run = on_small_disk(&folder, &script).code(2);
    run.stderr(contains("The disk is read-only: use -d to write into a folder elsewhere"));
}

/// Temporary folders are private to their creator; the unprivileged user needs access.
fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn symbolic_links_are_followed_but_not_deleted_with_rm() {
    let folder = Folder::with_game();
    symlink("GAME.iso", folder.path("LINK.iso")).unwrap();
    let run = folder.cisor(["compress", "--rm", "LINK.iso"]).assert().code(2);
    run.stderr(contains("the source was not deleted: it is a link to a file elsewhere"));
    assert_eq!(folder.names(), ["GAME.iso", "LINK.cso", "LINK.iso"]);
    // A link as target is itself replaced, not written through, and only with -f, even if it leads nowhere.
    symlink("nowhere", folder.path("GAME.cso")).unwrap();
    folder.cisor(["compress", "GAME.iso"]).assert().code(3).stderr(contains("exists already"));
    folder.cisor(["compress", "-f", "GAME.iso"]).assert().success();
    assert!(!folder.path("nowhere").exists());
    assert!(folder.path("GAME.cso").symlink_metadata().unwrap().is_file());
    // In = out by way of a link.
    let run = folder.cisor(["compress", "-f", "GAME.iso", "-o", "LINK.iso"]).assert().code(3);
    run.stderr(contains("is the input itself"));
}

#[test]
fn link_in_place_of_the_part_file_is_not_followed() {
    let folder = Folder::with_game();
    folder.write("precious", b"precious");
    symlink("precious", folder.path(".GAME.cso.part")).unwrap();
    folder.cisor(["compress", "GAME.iso"]).assert().code(2).stderr(contains("cannot be taken over"));
    assert_eq!(folder.read("precious"), b"precious");
}

#[test]
fn names_that_are_no_unicode_work() {
    let folder = Folder::new();
    let name = |bytes: &'static [u8]| OsStr::from_bytes(bytes);
    folder.write(name(b"G\xE4ME.iso"), &psp_disc()[..100 * 2048]);
    folder.cisor([OsStr::new("compress"), name(b"G\xE4ME.iso")]).assert().success();
    assert!(folder.path(name(b"G\xE4ME.cso")).is_file());
    let output = folder.cisor([OsStr::new("verify"), OsStr::new("--json"), name(b"G\xE4ME.cso")]).output();
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["input"], "G\u{FFFD}ME.cso");
    assert_eq!(object["input_raw"], "47e44d452e63736f");
}

#[test]
fn control_characters_in_names_do_not_reach_the_terminal() {
    let folder = Folder::new();
    folder.write("a\x1b[31m\nb.iso", b"");
    let run = folder.cisor(["verify", "a\x1b[31m\nb.iso"]).assert().code(2);
    run.stderr("error: a\u{FFFD}[31m\u{FFFD}b.iso: the file is empty. Copy or dump it again.\n");
}

/// Runs cisor with a limit on the size of files, in the shell's units of 512 bytes. Reaching the limit
/// raises a signal, which ends programs that do not handle it.
fn with_file_limit(folder: &Folder, units: u32, args: &str) -> assert_cmd::assert::Assert {
    let script = format!("ulimit -f {units}; exec '{BIN}' {args}");
    folder.command("sh", ["-c", &script]).assert()
}

#[test]
fn failed_write_leaves_nothing() {
    let folder = Folder::with_compressed_game();
    let before = folder.names();
    let compress = with_file_limit(&folder, 200, "compress --to zso GAME.iso").code(2);
    compress.stderr(contains("GAME.iso: the file system takes no file of this size (FAT32 ends at 4 GiB)\n"));
    let compress = with_file_limit(&folder, 200, "compress --to chd GAME.iso").code(2);
    compress.stderr(contains("GAME.iso: the file system takes no file of this size (FAT32 ends at 4 GiB)\n"));
    let extract = with_file_limit(&folder, 200, "extract GAME.cso -o OUT.iso").code(2);
    extract.stderr(contains("the file system takes no file of this size"));
    // Sources stay, of course.
    with_file_limit(&folder, 200, "extract --rm GAME.cso -o OUT.iso").code(2);
    assert_eq!(folder.names(), before);
}

/// Runs a script in a folder that is a disk of one megabyte, `small`. Root mounts it directly; other users
/// do so in their own namespace.
fn on_small_disk(folder: &Folder, script: &str) -> assert_cmd::assert::Assert {
    std::fs::create_dir_all(folder.path("small")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=1m none small || exit 99; {script}; code=$?; ls -A small >left; umount small; exit $code"
    );
    let unshare: &[&str] = if is_root() { &["-m"] } else { &["-U", "-r", "-m"] };
    let args = unshare.iter().chain(&["sh", "-c"]).copied().chain([script.as_str()]);
    folder.command("unshare", args).assert()
}

/// Whether this machine allows the tests to mount anything; containers often do not.
fn can_mount(folder: &Folder) -> bool {
    on_small_disk(folder, "true").get_output().status.success()
}

#[test]
fn full_disk_is_noticed_before_and_during_the_work() {
    let folder = Folder::with_game();
    if !can_mount(&folder) {
        // The cleanup after a failed write is tested above without a mount. What remains is the check
        // before the work, on the real disk, which cannot have room for this.
        let huge = std::fs::File::create(folder.path("HUGE.iso")).unwrap();
        huge.set_len(1 << 42).unwrap();
        let run = folder.cisor(["compress", "--to", "cso", "-b", "256K", "HUGE.iso"]).assert().code(2);
        run.stderr(contains("may need up to"));
        assert_eq!(folder.names(), ["GAME.iso", "HUGE.iso", "small"]);
        return;
    }
    let run = on_small_disk(&folder, &format!("'{BIN}' compress GAME.iso -d small")).code(2);
    run.stderr(contains("small/GAME.cso may need up to ").and(contains("add --ignore-limits to try anyway")));
    assert!(folder.read("left").is_empty());

    // A file half the size of the disk is noise, and its output needs more than the rest: with
    // --ignore-limits the work starts and fails.
    let script = format!(
        "head -c 700000 /dev/urandom >small/other; '{BIN}' compress --ignore-limits GAME.iso -d small"
    );
    let run = on_small_disk(&folder, &script).code(2);
    run.stderr(contains("error: GAME.iso: the disk is full\n"));
    assert_eq!(folder.read("left"), b"other\n");

    let script = format!(
        "head -c 800000 /dev/urandom >small/other; '{BIN}' compress --to chd --ignore-limits GAME.iso -d small"
    );
    on_small_disk(&folder, &script).code(2).stderr(contains("error: GAME.iso: the disk is full\n"));
    assert_eq!(folder.read("left"), b"other\n");

    let script = format!("'{BIN}' compress GAME.iso; '{BIN}' extract --ignore-limits GAME.cso -d small");
    on_small_disk(&folder, &script).code(2).stderr(contains("error: GAME.cso: the disk is full\n"));
    assert!(folder.read("left").is_empty());
}

/// Runs cisor as a user without privileges under a limit of the shell.
fn under_limit(folder: &Folder, limit: &str, args: &str) -> std::process::Output {
    let script = format!("ulimit {limit} && exec '{BIN}' {args}");
    let drop = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    let drop = if is_root() { &drop[..] } else { &[] };
    let (program, args) =
        if is_root() { ("setpriv", ["bash", "-c", &script]) } else { ("bash", ["-c", &script, "cisor"]) };
    folder.command(program, drop.iter().copied().chain(args)).output().unwrap()
}

#[test]
fn no_descriptor_no_thread_no_memory_is_one_line_and_exit_code_2() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with_compressed_game();
    std::fs::set_permissions(folder.root(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let before = folder.names();
    let descriptors = (4..10).map(|count| format!("-n {count}"));
    let threads = (1..7).map(|count| format!("-u {count}"));
    // The steps cover several threads running out of memory at the same moment, and libraries running out
    // of memory.
    let memory = (20..60).map(|count| format!("-v {}", count * 600));
    let memory = memory.chain((4..16).map(|count| format!("-v {}", count * 12_000)));
    let mut failures = 0;
    for limit in descriptors.chain(threads).chain(memory) {
        // Below a certain limit the system cannot even load the program.
        if !under_limit(&folder, &limit, "--version").status.success() {
            continue;
        }
        for args in [
            "compress --to zso GAME.iso",
            "compress -j 8 --for ppsspp GAME.iso -o OUT.cso",
            "extract GAME.cso -o OUT.iso",
            "verify -j 8 GAME.cso",
        ] {
            let run = under_limit(&folder, &limit, args);
            let stderr = String::from_utf8_lossy(&run.stderr);
            // Occasionally glibc itself aborts at once. Released programs do not use glibc.
            if stderr.contains("Fatal glibc error") {
                folder.names().iter().filter(|name| name.ends_with(".part")).for_each(|name| {
                    std::fs::remove_file(folder.path(name)).unwrap();
                });
                continue;
            }
            let what = format!("ulimit {limit}; {args}: {:?}\n{stderr}", run.status);
            match run.status.code() {
                Some(0) => ["GAME.zso", "OUT.iso", "OUT.cso"]
                    .iter()
                    .for_each(|name| drop(std::fs::remove_file(folder.path(name)))),
                Some(2) => {
                    failures += 1;
                    assert_eq!(stderr.lines().count(), 1, "{what}");
                    assert!(stderr.starts_with("error: ") && !stderr.contains("another run"), "{what}");
                }
                _ => panic!("{what}"),
            }
            assert_eq!(folder.names(), before, "{what}");
        }
    }
    assert!(failures > 10, "only {failures} runs met a limit");
}

/// Names that are too long for the disk, of the file and of the one beside it, are refused before the work.
#[test]
fn names_that_are_too_long_are_refused_before_the_work() {
    let folder = Folder::with_game();
    let long = |len: usize, extension: &str| format!("{}.{extension}", "x".repeat(len - extension.len() - 1));
    let refused = |name: &str| format!("the disk cannot hold a file named {name}: it is too long");
    let target = long(256, "cso");
    let run = folder.cisor(["compress", "GAME.iso", "-o", &target]).assert().code(3);
    run.stderr(contains(refused(&target)));
    // GAME.sha256 is longer than GAME.cso.
    let target = long(254, "cso");
    let run = folder.cisor(["compress", "--sidecar", "GAME.iso", "-o", &target]).assert().code(3);
    run.stderr(contains(refused(&format!("{}sha256", target.strip_suffix("cso").unwrap()))));
    assert_eq!(folder.names(), ["GAME.iso"]);
    folder.cisor(["compress", "--sidecar", "GAME.iso", "-o", &long(252, "cso")]).assert().success();
    assert_eq!(folder.names().len(), 3);
}
