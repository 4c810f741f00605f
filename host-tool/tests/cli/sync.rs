//! Filling cards: what goes where, what a second run does, and what is never deleted.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::support::zip::{self, Packed};
use crate::support::{Folder, ps2_disc, psp_disc, raw_sectors, small_disc, unknown_disc};

const MANIFEST: &str = "card/cisor-sync.txt";

/// A shelf with discs for two consoles, and an empty card.
fn shelf() -> Folder {
    let folder = Folder::new();
    for name in ["shelf/psp", "shelf/ps2", "card"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("shelf/psp/One (Europe).iso", &small_disc());
    folder.write("shelf/psp/Two.iso", &psp_disc());
    folder.write("shelf/ps2/Three.iso", &ps2_disc());
    folder.write("shelf/data.iso", &unknown_disc());
    folder.write("shelf/cover.jpg", b"a picture");
    folder
}

/// Runs `sync`; the exit code, the objects of files and the summary.
fn sync(folder: &Folder, device: &str, more: &[&str]) -> (i32, Vec<Value>, Value) {
    let args: Vec<_> =
        ["sync", "shelf", "card", "--for", device].into_iter().chain(more.iter().copied()).collect();
    let (code, mut objects) = folder.json(&args);
    let summary = objects.pop().unwrap();
    assert!(objects.iter().all(|object| object["verb"] == "sync"), "{objects:?}");
    (code, objects, summary["summary"].clone())
}

/// Every file on the card, with slashes, in order.
fn on_card(folder: &Folder) -> Vec<String> {
    fn walk(path: &std::path::Path, below: &str, all: &mut Vec<String>) {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), all);
            } else {
                all.push(name);
            }
        }
    }
    let mut all = Vec::new();
    walk(&folder.path("card"), "", &mut all);
    all.sort();
    all
}

#[test]
fn card_gets_the_games_of_its_console_and_a_second_run_has_nothing_to_do() {
    let folder = shelf();
    let (code, objects, summary) = sync(&folder, "psp", &[]);
    assert_eq!((code, &summary["written"], &summary["skipped"]), (0, &json!(2), &json!(2)), "{objects:?}");
    let files = ["ISO/One (Europe).cso", "ISO/Two.cso", "cisor-sync.txt"];
    assert_eq!(on_card(&folder), files);
    assert!(objects.iter().filter(|object| object["skipped"] == "other_console").count() == 2);
    folder.cisor(["compare", "shelf/psp/Two.iso", "card/ISO/Two.cso"]).assert().success();

    let before = folder.read(MANIFEST);
    let (code, objects, summary) = sync(&folder, "psp", &[]);
    assert_eq!((code, &summary["already_done"], &summary["written"]), (0, &json!(2), &json!(0)));
    assert!(objects.iter().filter(|object| object["sync"] == "kept").count() == 2);
    assert!(folder.read(MANIFEST) == before);
    // Read on the card, they are found to be what was written.
    let (code, objects, _) = sync(&folder, "psp", &["--check"]);
    assert_eq!(code, 0);
    assert!(objects.iter().filter(|object| object["sync"] == "checked").count() == 2);
    let mut changed = folder.read("card/ISO/Two.cso");
    let last = changed.len() - 1;
    changed[last] ^= 1;
    folder.write("card/ISO/Two.cso", &changed);
    let (code, objects, _) = sync(&folder, "psp", &["--check"]);
    let wrong = objects.iter().find(|object| object["exit"] == 1).unwrap();
    assert_eq!((code, &wrong["error"]["kind"]), (1, &json!("card_changed")));
    assert!(folder.read("card/ISO/Two.cso") == changed, "it may be somebody's work");
}

#[test]
fn archive_to_card_and_back_gives_equal_discs() {
    let folder = shelf();
    folder.cisor(["compress", "-q", "--rm", "--best", "--to", "cso", "shelf/psp/Two.iso"]).assert().success();
    folder.write("shelf/psp/Packed.zip", &zip::zip(&[Packed::deflated("disc.iso", &small_disc())]));
    folder.write("shelf/ps2/Raw.bin", &raw_sectors(&ps2_disc()));
    folder.write(
        "shelf/ps2/Raw.cue",
        b"FILE \"Raw.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n",
    );
    for (device, names) in [
        ("psp", &["ISO/One (Europe)", "ISO/Packed", "ISO/Two"][..]),
        ("opl", &["CD/SLES_123.45.Raw", "CD/SLES_123.45.Three"]),
        ("ark", &["ISO/One (Europe)", "ISO/Packed", "ISO/Two"]),
        ("ppsspp", &["One (Europe)", "Packed", "Two"]),
    ] {
        std::fs::remove_dir_all(folder.path("card")).unwrap();
        std::fs::create_dir_all(folder.path("card")).unwrap();
        std::fs::create_dir_all(folder.path(format!("pc-{device}"))).unwrap();
        let (code, objects, _) = sync(&folder, device, &[]);
        assert_eq!(code, 0, "{device}: {objects:?}");
        let pc = format!("pc-{device}");
        folder.cisor(["extract", "-q", "-r", "-d", &pc, "card"]).assert().success();
        for name in names {
            let disc = if device == "opl" {
                ps2_disc()
            } else if name.contains("Two") {
                psp_disc()
            } else {
                small_disc()
            };
            assert!(folder.read(format!("{pc}/{name}.iso")) == disc, "{device}: {name}");
        }
        assert_eq!(on_card(&folder).len(), names.len() + 1, "{device}: {:?}", on_card(&folder));
    }
}

#[test]
fn file_that_is_right_is_copied_and_another_is_packed_again() {
    let folder = shelf();
    let pack = |args: &[&str]| {
        folder.cisor(["compress", "-q", "--rm"]).args(args).assert().success();
    };
    pack(&["--for", "psp", "-9", "shelf/psp/One (Europe).iso"]);
    // Not by stock zlib, so it fails the lint.
    pack(&["--to", "cso", "--best", "shelf/psp/Two.iso"]);
    let right = folder.read("shelf/psp/One (Europe).cso");
    let (_, objects, _) = sync(&folder, "psp", &["-n"]);
    let planned = |name: &str| {
        let is = |object: &&Value| object["input"].as_str().unwrap().ends_with(name);
        objects.iter().find(is).unwrap().clone()
    };
    assert_eq!(planned("(Europe).cso")["planned"]["action"], "copy");
    assert_eq!(planned("(Europe).cso")["planned"]["estimate"]["size"], right.len());
    assert_eq!(on_card(&folder), [""; 0], "a dry run writes nothing");

    let (code, objects, _) = sync(&folder, "psp", &[]);
    let how = |name: &str| {
        let is = |object: &&Value| object["input"].as_str().unwrap().ends_with(name);
        objects.iter().find(is).unwrap()["sync"].clone()
    };
    assert_eq!((code, how("(Europe).cso"), how("Two.cso")), (0, json!("copied"), json!("packed")));
    assert!(folder.read("card/ISO/One (Europe).cso") == right);
    let verify = folder.cisor(["verify", "card/ISO/Two.cso"]).assert().success();
    verify.stdout(contains("safe for the PSP's firmware").and(contains("not safe").not()));

    // A damaged file is not passed on.
    let mut damaged = crate::support::Ciso(right);
    damaged.damage(damaged.packed_block(20));
    folder.write("shelf/psp/Bad.cso", &damaged.0);
    let (code, _, summary) = sync(&folder, "psp", &[]);
    assert_eq!((code, &summary["damaged"]), (1, &json!(1)));
    assert!(!folder.path("card/ISO/Bad.cso").exists());
}

#[test]
fn only_what_sync_has_put_there_is_deleted() {
    let folder = shelf();
    std::fs::create_dir(folder.path("card/ISO")).unwrap();
    folder.write("card/ISO/Mine.iso", &small_disc());
    folder.write("card/ISO/readme.txt", b"mine");
    folder
        .cisor(["compress", "-q", "--for", "psp", "-d", "card/ISO", "shelf/psp/Two.iso"])
        .assert()
        .success();
    folder.write("shelf/psp/Four.iso", &small_disc());
    folder.write("shelf/psp/Five.iso", &psp_disc());
    let (code, _, summary) = sync(&folder, "psp", &["--delete"]);
    // The one that is there already is right, but somebody else's.
    assert_eq!((code, &summary["written"], &summary["already_done"]), (0, &json!(3), &json!(1)));
    let all = on_card(&folder);

    for name in ["Two", "Four", "Five"] {
        folder.remove(format!("shelf/psp/{name}.iso"));
    }
    let mut changed = folder.read("card/ISO/Five.cso");
    changed[100] ^= 1;
    folder.write("card/ISO/Five.cso", &changed);
    // Without --delete and in a dry run everything stays.
    assert_eq!(sync(&folder, "psp", &[]).0, 0);
    let (code, objects, summary) = sync(&folder, "psp", &["--delete", "-n"]);
    assert_eq!((code, &summary["planned"]), (0, &json!(2)), "{objects:?}");
    assert_eq!(on_card(&folder), all);

    let (code, objects, summary) = sync(&folder, "psp", &["--delete"]);
    assert_eq!((code, &summary["deleted"]), (1, &json!(1)), "{objects:?}");
    let left: Vec<_> = all.iter().filter(|name| *name != "ISO/Four.cso").cloned().collect();
    assert_eq!(on_card(&folder), left);
    assert!(objects.iter().any(|object| object["error"]["kind"] == "card_changed"));
}

#[test]
fn nothing_is_deleted_when_the_shelf_cannot_be_trusted() {
    let folder = shelf();
    sync(&folder, "psp", &[]);
    let all = on_card(&folder);
    // The disk of the shelf is not mounted.
    std::fs::rename(folder.path("shelf"), folder.path("away")).unwrap();
    std::fs::create_dir(folder.path("shelf")).unwrap();
    assert_eq!(sync(&folder, "psp", &["--delete"]).0, 2);
    assert_eq!(on_card(&folder), all);
    std::fs::remove_dir(folder.path("shelf")).unwrap();
    folder.cisor(["sync", "shelf", "card", "--for", "psp", "--delete"]).assert().code(2);
    assert_eq!(on_card(&folder), all);
    std::fs::rename(folder.path("away"), folder.path("shelf")).unwrap();
    // A title that became unreadable keeps its file.
    folder.write("shelf/psp/Two.iso", b"");
    assert_eq!(sync(&folder, "psp", &["--delete"]).0, 2);
    assert_eq!(on_card(&folder), all);
    // Neither does a pattern that fits nothing empty the card.
    let run =
        folder.cisor(["sync", "shelf", "card", "--for", "psp", "--delete", "--only", "*.x"]).assert().code(2);
    run.stderr(contains("none of its 4 images is like what --only says"));
    assert_eq!(on_card(&folder), all);
}

#[test]
fn titles_are_chosen_by_pattern_and_list() {
    let folder = shelf();
    let (code, _, summary) = sync(&folder, "psp", &["--only", "*(EUROPE)*"]);
    assert_eq!((code, &summary["written"]), (0, &json!(1)));
    assert_eq!(on_card(&folder)[0], "ISO/One (Europe).cso");
    folder.write("list", b"psp/Two.iso\n");
    let (code, _, summary) = sync(&folder, "psp", &["--files-from", "list", "--delete"]);
    assert_eq!((code, &summary["written"], &summary["deleted"]), (0, &json!(1), &json!(1)));
    assert_eq!(on_card(&folder)[0], "ISO/Two.cso");
    // One that is named and does not fit the device is a mistake.
    folder.write("list", b"shelf/psp/Two.iso\nshelf/ps2/Three.iso\n");
    let (code, _, summary) = sync(&folder, "psp", &["--files-from", "list"]);
    assert_eq!((code, &summary["refused"], &summary["already_done"]), (3, &json!(1), &json!(1)));
}

#[test]
fn changed_source_replaces_its_file_and_nobody_elses() {
    let folder = shelf();
    sync(&folder, "psp", &[]);
    folder.write("shelf/psp/Two.iso", &small_disc());
    let (code, _, summary) = sync(&folder, "psp", &[]);
    assert_eq!((code, &summary["written"], &summary["already_done"]), (0, &json!(1), &json!(1)));
    folder.cisor(["compare", "shelf/psp/Two.iso", "card/ISO/Two.cso"]).assert().success();
    // Only its time has changed: it is compared, and remembered again.
    folder.write("shelf/psp/Two.iso", &small_disc());
    let (_, objects, summary) = sync(&folder, "psp", &[]);
    assert_eq!(summary["already_done"], 2, "{objects:?}");
    assert!(objects.iter().any(|object| object["sync"] == "checked"));
    let (_, objects, _) = sync(&folder, "psp", &[]);
    assert!(objects.iter().all(|object| object["sync"] != "checked"));
    // Another program's file in its place stays, unless it may be replaced.
    folder.write("card/ISO/Two.cso", b"mine");
    folder.write("shelf/psp/Two.iso", &psp_disc());
    let (code, _, summary) = sync(&folder, "psp", &["--delete"]);
    assert_eq!((code, &summary["refused"]), (3, &json!(1)));
    assert!(folder.read("card/ISO/Two.cso") == b"mine");
    assert_eq!(sync(&folder, "psp", &["-f"]).0, 0);
    folder.cisor(["compare", "shelf/psp/Two.iso", "card/ISO/Two.cso"]).assert().success();
}

#[test]
fn other_settings_make_other_files() {
    let folder = shelf();
    sync(&folder, "ark", &["--only", "Two*"]);
    let (code, _, summary) = sync(&folder, "ark", &["--only", "Two*", "-b", "8K"]);
    assert_eq!((code, &summary["written"]), (0, &json!(1)));
    let (_, info) = folder.json(&["info", "card/ISO/Two.cso"]);
    assert_eq!(info[0]["block_size"], 8192);
    let (code, _, summary) = sync(&folder, "ark", &["--only", "Two*", "--to", "zso", "--delete"]);
    assert_eq!((code, &summary["written"], &summary["deleted"]), (0, &json!(1), &json!(1)));
    assert_eq!(on_card(&folder), ["ISO/Two.zso", "cisor-sync.txt"]);
    let run = folder.cisor(["sync", "shelf", "card", "--for", "psp", "-b", "8K"]).assert().code(3);
    run.stderr(contains("read only 2048-byte blocks"));
}

#[test]
fn names_are_those_that_fat_can_hold() {
    if crate::support::is_windows() {
        return;
    }
    let folder = Folder::new();
    for name in ["shelf/a", "shelf/b", "card"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("shelf/a/What: A \"Game\"?.iso", &small_disc());
    folder.write("shelf/a/aux.iso", &small_disc());
    folder.write("shelf/b/What- A \"Game\"?.iso", &psp_disc());
    let (code, _, summary) = sync(&folder, "psp", &[]);
    assert_eq!((code, &summary["written"], &summary["refused"]), (3, &json!(2), &json!(1)));
    assert_eq!(on_card(&folder), ["ISO/What- A 'Game'_.cso", "ISO/_aux.cso", "cisor-sync.txt"]);
}

#[test]
fn manifest_that_cannot_be_trusted_stops_the_run() {
    let folder = shelf();
    sync(&folder, "psp", &[]);
    let bytes = folder.read(MANIFEST);
    let all = on_card(&folder);
    let mut damaged = bytes.clone();
    damaged[40] ^= 1;
    folder.write(MANIFEST, &damaged);
    let run = folder.cisor(["sync", "shelf", "card", "--for", "psp", "--delete"]).assert().code(3);
    run.stderr(contains("the list of what was put on this card is damaged. Move it away"));
    folder.write(MANIFEST, b"cisor-sync 2\n");
    let run = folder.cisor(["sync", "shelf", "card", "--for", "psp"]).assert().code(3);
    run.stderr(contains("by a newer version"));
    // Without it, the files are compared, and stay.
    folder.remove(MANIFEST);
    folder.remove("shelf/psp/Two.iso");
    let (code, _, summary) = sync(&folder, "psp", &["--delete"]);
    assert_eq!((code, &summary["already_done"], &summary["deleted"]), (0, &json!(1), &Value::Null));
    assert_eq!(on_card(&folder), all);
}

#[test]
fn card_must_be_there_and_the_device_named() {
    let folder = shelf();
    folder
        .cisor(["sync", "shelf", "none", "--for", "psp"])
        .assert()
        .code(2)
        .stderr(contains("does not exist"));
    folder.cisor(["sync", "shelf", "card"]).assert().code(2).stderr(contains("--for"));
    folder.cisor(["sync", "shelf", "card", "--for", "any"]).assert().code(2);
    assert_eq!(on_card(&folder), [""; 0]);
    // The card may be in the shelf: what is on it is not wanted.
    std::fs::rename(folder.path("card"), folder.path("shelf/card")).unwrap();
    for written in [2, 0] {
        let run = folder.json(&["sync", "shelf", "shelf/card", "--for", "psp"]);
        assert_eq!(run.1.last().unwrap()["summary"]["written"], written);
    }
    // A list that is empty is no reason to empty the card.
    folder.write("list", b"\n");
    let args = ["sync", "shelf", "shelf/card", "--for", "psp", "--delete", "--files-from", "list"];
    folder.cisor(args).assert().success().stderr(contains("nothing is deleted"));
    assert!(folder.path("shelf/card/ISO/Two.cso").exists());
    folder.cisor(["sync", "shelf/psp/Two.iso", "shelf/card", "--for", "psp", "--delete"]).assert().code(2);
}
