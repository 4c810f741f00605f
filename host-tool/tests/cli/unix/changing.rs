//! Sources that change while a verb reads them: exit code 2, kind `input_changed`, nothing put in place,
//! nothing deleted.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{BIN, Folder, noise, psp_disc};

/// What happens to a source.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// One byte becomes another.
    Byte,
    /// It grows, like a file that is still being copied.
    Grow,
    /// It is truncated.
    Shrink,
    /// Another file with the same size and time gets its name.
    Replace,
}

impl Change {
    fn make(self, path: &Path) {
        let mut file = File::options().read(true).write(true).open(path).unwrap();
        let metadata = file.metadata().unwrap();
        match self {
            Self::Byte => {
                file.seek(SeekFrom::Start(metadata.len() / 2)).unwrap();
                file.write_all(&[0xA5]).unwrap();
            }
            Self::Grow => file.set_len(metadata.len() + 2048).unwrap(),
            Self::Shrink => file.set_len(metadata.len() - 2048).unwrap(),
            Self::Replace => {
                let other = path.with_extension("other");
                let replacement = File::create(&other).unwrap();
                replacement.set_len(metadata.len()).unwrap();
                replacement.set_modified(metadata.modified().unwrap()).unwrap();
                fs::rename(other, path).unwrap();
            }
        }
    }
}

/// Number of bytes that a process has read so far.
pub(super) fn bytes_read(process: u32) -> u64 {
    let io = fs::read_to_string(format!("/proc/{process}/io")).unwrap_or_default();
    let read = io.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.and_then(|read| read.parse().ok()).unwrap_or_default()
}

/// Runs a verb, and changes `source` once a megabyte has been read. Returns the exit code and the first
/// object, or `None` if the run was over before the change.
fn changed_meanwhile(
    folder: &Folder,
    args: &[&str],
    source: &str,
    change: Change,
) -> Option<(Option<i32>, serde_json::Value)> {
    changed_once(folder, args, source, change, |process| bytes_read(process) >= 1 << 20)
}

/// As [`changed_meanwhile`], once the run is as far as that.
fn changed_once(
    folder: &Folder,
    args: &[&str],
    source: &str,
    change: Change,
    is_time: impl Fn(u32) -> bool,
) -> Option<(Option<i32>, serde_json::Value)> {
    let mut child = Command::new(BIN)
        .args(args)
        .args(["-j", "1", "--json"])
        .current_dir(folder.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !is_time(child.id()) && child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{args:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
    change.make(&folder.path(source));
    let is_late = child.try_wait().unwrap().is_some();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let object = text.lines().next().map(|line| serde_json::from_str(line).unwrap());
    (!is_late).then(|| (output.status.code(), object.unwrap_or_default()))
}

fn is_noticed_by(args: &[&str], source: &str, other: Option<&str>) {
    for change in [Change::Byte, Change::Grow, Change::Shrink, Change::Replace] {
        // On a busy machine, a run may end before the change is made.
        let tried = (0..10).find_map(|_| {
            let folder = Folder::new();
            let image = noise(48 << 20);
            for name in [Some(source), other].into_iter().flatten() {
                if name.ends_with(".iso") {
                    folder.write(name, &image);
                } else {
                    folder.write("PLAIN.iso", &image);
                    let made = ["compress", "-q", "-1", "--to", "cso", "--rm", "PLAIN.iso", "-o", name];
                    folder.cisor(made).assert().success();
                }
            }
            let rom = format!("<rom name=\"G.iso\" size=\"{}\" crc=\"00000000\"/>", image.len());
            folder.write("X.dat", format!("<datafile><game name=\"G\">{rom}</game></datafile>").as_bytes());
            let before = folder.names();
            let outcome = changed_meanwhile(&folder, args, source, change)?;
            Some((outcome, before, folder.names()))
        });
        let ((code, object), before, after) = tried.expect("a run that takes long enough");
        assert_eq!(code, Some(2), "{args:?}, {change:?}: {object}");
        assert_eq!(object["error"]["kind"], "input_changed", "{args:?}, {change:?}: {object}");
        assert_eq!(after, before, "{args:?}, {change:?}");
    }
}

#[test]
fn source_that_changes_is_noticed_by_compress() {
    is_noticed_by(&["compress", "--to", "cso", "-6", "--rm", "GAME.iso"], "GAME.iso", None);
}

/// The encoder of CHDs takes seconds for this little, so there is time for the change.
#[test]
fn source_that_changes_is_noticed_by_compress_to_a_chd() {
    let tried = (0..10).find_map(|_| {
        let folder = Folder::new();
        folder.write("GAME.iso", &noise(6 << 20));
        let args = ["compress", "--to", "chd", "--rm", "GAME.iso"];
        Some((changed_meanwhile(&folder, &args, "GAME.iso", Change::Byte)?, folder.names()))
    });
    let ((code, object), names) = tried.expect("a run that takes long enough");
    assert_eq!((code, &object["error"]["kind"]), (Some(2), &"input_changed".into()), "{object}");
    assert_eq!(names, ["GAME.iso"]);
}

#[test]
fn source_that_changes_is_noticed_by_extract() {
    is_noticed_by(&["extract", "--rm", "GAME.cso"], "GAME.cso", None);
}

#[test]
fn source_that_changes_is_noticed_by_verify() {
    is_noticed_by(&["verify", "GAME.iso"], "GAME.iso", None);
}

/// As text, nothing is said of a file that has changed: neither digests nor a verdict.
#[test]
fn verify_says_nothing_of_a_file_that_has_changed() {
    let text = (0..10).find_map(|_| {
        let folder = Folder::new();
        folder.write("GAME.iso", &noise(48 << 20));
        let mut child = Command::new(BIN)
            .args(["verify", "-j", "1", "GAME.iso"])
            .current_dir(folder.root())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while bytes_read(child.id()) < 1 << 20 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Change::Byte.make(&folder.path("GAME.iso"));
        let is_late = child.try_wait().unwrap().is_some();
        let output = child.wait_with_output().unwrap();
        (!is_late && output.status.code() == Some(2)).then_some(output.stdout)
    });
    assert_eq!(text.map(|text| String::from_utf8(text).unwrap()).as_deref(), Some(""));
}

#[test]
fn source_that_changes_is_noticed_by_dat_check() {
    is_noticed_by(&["dat", "check", "--dat", "X.dat", "GAME.iso"], "GAME.iso", None);
}

#[test]
fn source_that_changes_is_noticed_by_compare() {
    is_noticed_by(&["compare", "GAME.iso", "B.cso"], "GAME.iso", Some("B.cso"));
    is_noticed_by(&["compare", "GAME.iso", "B.cso"], "B.cso", Some("GAME.iso"));
}

#[test]
fn source_that_changes_is_noticed_by_info() {
    is_noticed_by(&["info", "--blocks", "GAME.cso"], "GAME.cso", None);
}

#[test]
fn source_that_changes_is_noticed_by_scans_and_not_remembered() {
    let scan = ["library", "scan", "--verify", "--db", "library.db", "shelf"];
    let tried = (0..10).find_map(|_| {
        let folder = Folder::new();
        fs::create_dir(folder.path("shelf")).unwrap();
        folder.write("shelf/GAME.iso", &noise(48 << 20));
        let (code, object) = changed_meanwhile(&folder, &scan, "shelf/GAME.iso", Change::Byte)?;
        Some((folder, code, object))
    });
    let (folder, code, object) = tried.expect("a run that takes long enough");
    assert_eq!((code, &object["error"]["kind"]), (Some(2), &"input_changed".into()), "{object}");
    let list = ["library", "list", "--db", "library.db"];
    assert_eq!(folder.json(&list), (0, Vec::new()));
    folder.cisor(scan).assert().success();
    assert_eq!(folder.json(&list).1.len(), 1);
}

#[test]
fn source_that_changes_is_noticed_by_sync_and_nothing_gets_to_the_card() {
    let sync = ["sync", "shelf", "card", "--for", "psp"];
    for change in [Change::Byte, Change::Grow, Change::Shrink, Change::Replace] {
        let tried = (0..10).find_map(|_| {
            let folder = Folder::new();
            ["shelf", "card"].iter().for_each(|name| fs::create_dir(folder.path(name)).unwrap());
            folder.write("shelf/GAME.iso", &[psp_disc(), noise(48 << 20)].concat());
            // What is read to plan the run may still change.
            let part = folder.path("card/ISO/.GAME.cso.part");
            let is_packing = |_| part.metadata().is_ok_and(|part| part.len() > 1 << 20);
            let (code, object) = changed_once(&folder, &sync, "shelf/GAME.iso", change, is_packing)?;
            Some((folder, code, object))
        });
        let (folder, code, object) = tried.expect("a run that takes long enough");
        assert_eq!(
            (code, &object["error"]["kind"]),
            (Some(2), &"input_changed".into()),
            "{change:?}: {object}"
        );
        let on_card = fs::read_dir(folder.path("card/ISO")).map_or(0, Iterator::count);
        assert_eq!(on_card, 0, "{change:?}");
        // The file that replaces the other one is no disc.
        if !matches!(change, Change::Replace) {
            folder.cisor(sync).assert().success();
            folder.cisor(["compare", "-q", "shelf/GAME.iso", "card/ISO/GAME.cso"]).assert().success();
        }
    }
}
