//! `cisor library` and `verify --since`: what is remembered, and what is read again.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use serde_json::{Value, json};

use crate::support::{Ciso, Folder, is_windows, ps2_disc, psp_disc, raw_sectors, small_disc};

const DB: [&str; 2] = ["--db", "library.db"];

/// The PSP disc as ISO and CSO, the small one as a CSO with a damaged block, and a PS2 disc as ZSO.
fn shelf() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("shelf/ps2")).unwrap();
    folder.write("shelf/Towers.iso", &psp_disc());
    folder.cisor(["compress", "-q", "shelf/Towers.iso"]).assert().success();
    folder.write("shelf/small.iso", &small_disc());
    folder.cisor(["compress", "-q", "--rm", "shelf/small.iso"]).assert().success();
    let mut damaged = Ciso(folder.read("shelf/small.cso"));
    damaged.damage(damaged.packed_block(30));
    folder.write("shelf/small.cso", &damaged.0);
    folder.write("shelf/ps2/racer.iso", &ps2_disc());
    folder.cisor(["compress", "-q", "--rm", "shelf/ps2/racer.iso"]).assert().success();
    folder.write("shelf/cover.jpg", b"a picture");
    folder
}

fn with_db<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &DB].concat()
}

/// Scans; returns the exit code, the objects of the files, and that of the scan.
fn scan(folder: &Folder, more: &[&str]) -> (i32, Vec<Value>, Value) {
    let (code, mut objects) = folder.json(&with_db(&[&["library", "scan", "shelf"], more].concat()));
    let summary = objects.pop().unwrap();
    assert_eq!(
        (&summary["verb"], &summary["event"]),
        (&json!("library scan"), &json!("summary")),
        "{summary}"
    );
    (code, objects, summary)
}

/// The file that an object is about, with slashes.
fn input(object: &Value) -> Option<String> {
    Some(object["input"].as_str()?.replace('\\', "/"))
}

/// The names of the listed files.
fn list(folder: &Folder, more: &[&str]) -> Vec<String> {
    let (code, objects) = folder.json(&with_db(&[&["library", "list"], more].concat()));
    assert_eq!(code, 0, "{objects:?}");
    let name = |object: &Value| input(object).unwrap().rsplit('/').next().unwrap().to_owned();
    objects.iter().map(name).collect()
}

fn assert_counts(summary: &Value, expected: &[(&str, u64)]) {
    for (field, count) in expected {
        assert_eq!(summary[*field], *count, "{field}: {summary}");
    }
}

#[test]
fn only_what_is_new_or_has_changed_is_read_again() {
    let folder = shelf();
    let (code, objects, summary) = scan(&folder, &[]);
    assert_eq!((code, objects.len()), (0, 4));
    assert!(objects.iter().all(|object| object["reason"] == "new"), "{objects:?}");
    assert_counts(&summary, &[("images", 4), ("new", 4), ("unchanged", 0), ("left_alone", 1)]);
    let (code, objects, summary) = scan(&folder, &[]);
    assert_eq!((code, objects.len()), (0, 0));
    assert_counts(&summary, &[("images", 4), ("new", 0), ("unchanged", 4), ("missing", 0)]);

    // One has changed, one has another name, one is gone, and one is new.
    folder.write("shelf/Towers.iso", &small_disc());
    std::fs::rename(folder.path("shelf/small.cso"), folder.path("shelf/renamed.cso")).unwrap();
    let gone = folder.read("shelf/ps2/racer.zso");
    folder.remove("shelf/ps2/racer.zso");
    folder.write("shelf/new.iso", &ps2_disc());
    let run = folder.cisor(with_db(&["library", "scan", "shelf"])).assert().success();
    run.stdout("4 images: 1 new, 1 changed, 1 moved, 1 unchanged, 1 missing\n")
        .stderr(contains("shelf/Towers.iso: changed, ISO, UCES-00001, \"Small Game\""))
        .stderr(contains("racer.zso: it is missing"));
    assert_eq!(list(&folder, &["--missing"]), ["racer.zso"]);
    assert_eq!(
        list(&folder, &["--sort", "path"]),
        ["Towers.cso", "Towers.iso", "new.iso", "racer.zso", "renamed.cso"]
    );
    // A missing file is not forgotten, and is not missed twice.
    let (_, _, summary) = scan(&folder, &[]);
    assert_counts(&summary, &[("missing", 0), ("unchanged", 4)]);
    folder.write("shelf/ps2/racer.zso", &gone);
    let (_, _, summary) = scan(&folder, &[]);
    assert_counts(&summary, &[("changed", 1), ("unchanged", 4)]);
    assert!(list(&folder, &["--missing"]).is_empty());
}

#[test]
fn disk_that_is_not_mounted_makes_nothing_missing() {
    let folder = shelf();
    scan(&folder, &[]);
    std::fs::rename(folder.path("shelf"), folder.path("elsewhere")).unwrap();
    folder.cisor(with_db(&["library", "scan", "shelf"])).assert().code(2);
    std::fs::create_dir(folder.path("shelf")).unwrap();
    let run = folder.cisor(with_db(&["library", "scan", "shelf"])).assert().code(2);
    run.stderr(contains("there are no disc images in this folder"));
    assert!(list(&folder, &["--missing"]).is_empty());
}

#[test]
fn verification_finds_damage_and_duplicates_across_formats() {
    let folder = shelf();
    scan(&folder, &[]);
    assert_eq!(list(&folder, &["--unverified"]).len(), 4);
    folder
        .cisor(with_db(&["library", "list", "--duplicates"]))
        .assert()
        .success()
        .stderr(contains("4 images were never verified, and so not compared"));
    let (code, objects, summary) = scan(&folder, &["--verify"]);
    assert_eq!((code, objects.len()), (1, 4));
    assert_counts(&summary, &[("unchanged", 4), ("unverified", 4)]);
    let towers = objects.iter().find(|object| input(object).unwrap() == "shelf/Towers.cso").unwrap();
    assert_eq!((&towers["reason"], &towers["blocks"]["by"]), (&json!("unverified"), &json!("decoding")));
    let (_, verified) = folder.json(&["verify", "shelf/Towers.cso"]);
    assert_eq!(towers["hashes"], verified[0]["hashes"]);
    assert_eq!(list(&folder, &["--damaged"]), ["small.cso"]);
    assert_eq!(list(&folder, &["--duplicates"]), ["Towers.cso", "Towers.iso"]);
    assert!(list(&folder, &["--unverified"]).is_empty());
    // Nothing is verified twice.
    let (code, objects, _) = scan(&folder, &["--verify"]);
    assert_eq!((code, objects.len()), (0, 0));
    // The description of a changed file does not keep the old verification.
    folder.write("shelf/Towers.iso", &small_disc());
    scan(&folder, &[]);
    assert_eq!(list(&folder, &["--unverified"]), ["Towers.iso"]);
    assert!(list(&folder, &["--duplicates"]).is_empty());
}

#[test]
fn list_is_filtered_sorted_and_printed_as_asked() {
    let folder = shelf();
    scan(&folder, &["--verify"]);
    assert_eq!(list(&folder, &["--format", "zso"]), ["racer.zso"]);
    assert_eq!(list(&folder, &["--format", "ISO", "--format", "zso"]), ["Towers.iso", "racer.zso"]);
    assert_eq!(list(&folder, &["--console", "ps2"]), ["racer.zso"]);
    assert_eq!(list(&folder, &["--sort", "size", "--reverse"]).first().unwrap(), "Towers.iso");
    assert_eq!(list(&folder, &["shelf/ps2"]), ["racer.zso"]);
    // Readers of PS2 discs do not count for those of the PSP.
    assert!(list(&folder, &["--wrong-for", "opl"]).is_empty());
    let (_, wrong) = folder.json(&with_db(&["library", "list", "--wrong-for", "neutrino"]));
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0]["refused_because"].as_str().unwrap().contains("no compressed images"), "{wrong:?}");
    let text = folder.cisor(with_db(&["library", "list", "--damaged"])).assert().success();
    text.stdout(
        contains("small.cso: CSO, ")
            .and(contains("DAMAGED: 1 block is damaged"))
            .and(contains("\n1 image\n")),
    );

    let csv = folder.cisor(with_db(&["library", "list", "--csv"])).output();
    let rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.stdout.as_slice())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    assert_eq!((rows.len(), rows[0][0].as_str()), (5, "path"));
    let title = rows[0].iter().position(|name| name == "title").unwrap();
    assert_eq!(rows[1][title], "Zwölf Türme");

    let exported = folder.json(&with_db(&["library", "export"])).1;
    assert_eq!(exported.len(), 4);
    let object = &exported[0];
    assert_eq!(
        (&object["verb"], &object["status"], &object["disc"]["console"]),
        (&json!("library export"), &json!("ok"), &json!("PSP"))
    );
    assert_eq!(object["hashes"]["sha256"].as_str().map(str::len), Some(64));
    for field in ["modified", "scanned", "verified"] {
        assert!(object[field].as_str().is_some_and(|time| time.ends_with('Z')), "{field}: {object}");
    }
    folder.cisor(with_db(&["library", "export", "--to", "csv", "-o", "all.csv"])).assert().success();
    let written = String::from_utf8(folder.read("all.csv")).unwrap();
    assert_eq!((written.lines().count(), written.starts_with("path,path_raw,status,")), (5, true));
    let again = folder.cisor(with_db(&["library", "export", "-o", "all.csv"])).assert().code(3);
    again.stderr(contains("all.csv exists already"));
}

#[test]
fn report_is_written_once_and_names_problems() {
    let folder = shelf();
    scan(&folder, &["--verify"]);
    folder.cisor(with_db(&["library", "report", "-o", "r.html"])).assert().success();
    let page = String::from_utf8(folder.read("r.html")).unwrap();
    for text in ["Damaged: 1", "Duplicates: 2", "1 block is damaged", "Zwölf Türme", "<h2 id=\"saved\">"] {
        assert!(page.contains(text), "{text}");
    }
    folder
        .cisor(with_db(&["library", "report", "-o", "r.html"]))
        .assert()
        .code(3)
        .stderr(contains("exists already"));
    folder.cisor(with_db(&["library", "report", "-f", "-o", "r.html"])).assert().success();
}

#[test]
fn report_and_export_never_replace_the_library() {
    let folder = shelf();
    scan(&folder, &[]);
    let library = folder.read("library.db");
    for verb in ["report", "export"] {
        let args = with_db(&["library", verb, "-f", "-o", "library.db"]);
        folder.cisor(args).assert().code(3).stderr(contains("library.db is the input itself"));
        assert!(folder.read("library.db") == library, "{verb}");
        let args = with_db(&["library", verb, "-f", "-o", "shelf/small.cso"]);
        folder.cisor(args).assert().code(3).stderr(contains("small.cso is the input itself"));
        if !is_windows() {
            let args = with_db(&["library", verb, "-f", "-o", "/dev/null"]);
            folder.cisor(args).assert().code(2).stderr(contains("/dev/null"));
        }
    }
}

#[test]
fn change_of_a_file_that_a_sheet_names_is_noticed() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("shelf")).unwrap();
    folder.write("shelf/a.bin", &raw_sectors(&ps2_disc()));
    folder.write("shelf/a.cue", b"FILE \"a.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
    let (code, objects, _) = scan(&folder, &[]);
    assert_eq!((code, objects.len()), (0, 1), "{objects:?}");
    assert_counts(&scan(&folder, &[]).2, &[("images", 1), ("unchanged", 1)]);
    folder.write("shelf/a.bin", &raw_sectors(&small_disc()));
    let (_, objects, _) = scan(&folder, &[]);
    assert_eq!((objects.len(), &objects[0]["reason"]), (1, &json!("changed")));
    assert_eq!(list(&folder, &["--format", "cue"]), ["a.cue"]);
}

#[test]
fn library_that_cannot_be_used_has_one_line_and_stays() {
    let folder = shelf();
    let refused = |code: i32, kind: &str, text: &'static str| {
        for args in [&["library", "scan", "shelf"][..], &["library", "list"], &["verify", "--since", "1d"]] {
            let before = folder.read("library.db");
            let (found, objects) = folder.json(&with_db(args));
            assert_eq!((found, objects.len()), (code, 1), "{args:?} {objects:?}");
            assert_eq!(objects[0]["error"]["kind"], kind, "{args:?}");
            folder.cisor(with_db(args)).assert().code(code).stderr(contains(text));
            assert!(folder.read("library.db") == before);
        }
    };
    folder.write("library.db", &psp_disc());
    refused(3, "library_foreign", "not a library of disc images. Name another file with --db");
    folder.remove("library.db");
    folder.cisor(with_db(&["library", "list"])).assert().code(2).stderr(contains("cannot open the library"));
    assert!(!folder.path("library.db").exists());
    scan(&folder, &[]);
    let good = folder.read("library.db");

    // `user_version`, by the description of SQLite's file format.
    let mut newer = good.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    folder.write("library.db", &newer);
    refused(3, "library_newer", "the library has version 99");

    // Every page but the first.
    let mut damaged = good.clone();
    damaged[4096..].fill(0x5A);
    folder.write("library.db", &damaged);
    refused(1, "library_damaged", "cisor library scan --rebuild");
    let run = folder.cisor(with_db(&["library", "scan", "--rebuild", "shelf"])).assert().success();
    run.stderr(contains("the damaged library is now library.db.damaged-1"));
    assert!(folder.read("library.db.damaged-1") == damaged);
    assert_eq!(list(&folder, &[]).len(), 4);
    folder
        .cisor(with_db(&["library", "scan", "--rebuild", "shelf"]))
        .assert()
        .success()
        .stderr(contains("the library is intact"));
}

#[test]
fn libraries_of_two_machines_are_joined() {
    let folder = shelf();
    for (number, db) in [("1/2", "shelf/one.db"), ("2/2", "shelf/two.db")] {
        folder.json(&["library", "scan", "--verify", "--shard", number, "shelf", "--db", db]);
    }
    // The second machine has the shelf elsewhere.
    std::fs::create_dir(folder.path("copied")).unwrap();
    std::fs::rename(folder.path("shelf/two.db"), folder.path("copied/two.db")).unwrap();
    let merge =
        ["library", "merge", "--db", "shelf/all.db", "--at", "shelf", "shelf/one.db", "copied/two.db"];
    let (code, objects) = folder.json(&merge);
    assert_eq!(code, 0);
    assert_counts(&objects[0], &[("added", 4), ("updated", 0), ("unchanged", 0)]);
    let (_, objects) = folder.json(&["library", "scan", "--verify", "shelf", "--db", "shelf/all.db"]);
    assert_counts(objects.last().unwrap(), &[("unchanged", 4), ("unverified", 0), ("missing", 0)]);
    let (_, objects) = folder.json(&merge);
    assert_counts(&objects[0], &[("added", 0), ("unchanged", 4)]);
    let none = folder.cisor(["library", "merge", "--db", "shelf/all.db", "none.db"]).assert().code(2);
    none.stderr(contains("none.db: cannot open the library"));
}

#[test]
fn forgotten_images_are_only_forgotten() {
    let folder = shelf();
    scan(&folder, &[]);
    folder
        .cisor(with_db(&["library", "forget", "shelf/ps2"]))
        .assert()
        .success()
        .stdout(contains("1 image forgotten"));
    assert_eq!(list(&folder, &[]).len(), 3);
    assert!(folder.path("shelf/ps2/racer.zso").exists());
    folder.remove("shelf/Towers.cso");
    scan(&folder, &[]);
    let run = folder.cisor(with_db(&["library", "forget", "--missing"])).assert().success();
    run.stdout(contains("1 image forgotten"));
    assert_eq!(list(&folder, &[]), ["Towers.iso", "racer.zso", "small.cso"]);
    folder.cisor(with_db(&["library", "forget"])).assert().code(2);
}

#[test]
fn what_was_not_verified_for_long_is_verified_and_remembered() {
    let folder = shelf();
    let due = |more: &[&str]| {
        let (code, mut objects) = folder.json(&with_db(&[&["verify"], more].concat()));
        let summary = objects.pop().unwrap()["summary"].take();
        (code, objects.len(), summary)
    };
    // There is no time for any, and that is no reason to forget one.
    let (code, files, summary) = due(&["-r", "shelf", "--since", "30d", "--for-time", "0s"]);
    assert_eq!((code, files), (4, 0));
    assert_counts(&summary, &[("files", 4), ("left", 4), ("not_begun", 0)]);
    let (code, files, summary) = due(&["-r", "shelf", "--since", "30d", "--for-time", "9h"]);
    assert_eq!((code, files), (1, 4));
    assert_counts(&summary, &[("ok", 3), ("damaged", 1), ("left", 0), ("recent", 0)]);
    assert_eq!(list(&folder, &["--damaged"]), ["small.cso"]);
    assert!(list(&folder, &["--unverified"]).is_empty());
    // What is damaged stays due: no run may say that all is well.
    let (code, files, summary) = due(&["-r", "shelf", "--since", "30d"]);
    assert_eq!((code, files), (1, 1));
    assert_counts(&summary, &[("files", 4), ("recent", 3), ("damaged", 1)]);
    folder.remove("shelf/small.cso");
    folder.write("shelf/small.iso", &small_disc());
    folder.cisor(["compress", "-q", "--rm", "shelf/small.iso"]).assert().success();
    let (code, files, summary) = due(&["-r", "shelf", "--since", "30d"]);
    assert_eq!((code, files), (0, 1));
    assert_counts(&summary, &[("files", 4), ("recent", 3), ("ok", 1)]);
    // Without names, it is what the library knows.
    folder.write("shelf/Towers.iso", &small_disc());
    folder.write("shelf/unknown.iso", &small_disc());
    let (code, objects) = folder.json(&with_db(&["verify", "--since", "30d"]));
    assert_eq!(code, 0, "{objects:?}");
    let verified: Vec<_> = objects.iter().filter_map(input).collect();
    assert!(verified.len() == 1 && verified[0].ends_with("Towers.iso"), "{verified:?}");
    let (_, files, _) = due(&["-r", "shelf", "--since", "0s"]);
    assert_eq!(files, 5);
}

#[test]
fn oldest_are_verified_first() {
    let folder = shelf();
    folder.json(&with_db(&["library", "scan", "shelf/Towers.iso", "--verify"]));
    let (_, objects) = folder.json(&with_db(&["verify", "-r", "shelf", "--for-time", "9h"]));
    let inputs: Vec<_> = objects.iter().filter_map(input).collect();
    assert_eq!(inputs.len(), 4);
    assert_eq!(inputs.last().unwrap(), "shelf/Towers.iso", "never verified ones come first");
}

#[test]
fn each_user_has_a_library() {
    if is_windows() {
        return;
    }
    let folder = shelf();
    let run = |args: &[&str]| folder.cisor(args).env("XDG_DATA_HOME", folder.path("data"));
    run(&["library", "list"])
        .assert()
        .code(2)
        .stderr(contains("data/cisor/library.db: cannot open the library"));
    assert!(!folder.path("data").exists());
    run(&["library", "scan", "-q", "shelf"]).assert().success().stderr(is_empty());
    assert!(folder.path("data/cisor/library.db").exists());
    run(&["library", "list", "--damaged"]).assert().success().stdout(contains("0 images"));
    folder.cisor(["library", "scan", "shelf", "--db", "none/a.db"]).assert().code(2);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_unicode_are_remembered() {
    use std::os::unix::ffi::OsStrExt;
    if is_windows() {
        return;
    }
    let folder = Folder::new();
    std::fs::create_dir(folder.path("shelf")).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"shelf/od\xFFd.iso");
    folder.write(name, &small_disc());
    scan(&folder, &[]);
    assert_counts(&scan(&folder, &[]).2, &[("unchanged", 1)]);
    let (_, objects) = folder.json(&with_db(&["library", "list"]));
    assert!(objects[0]["input_raw"].as_str().unwrap().ends_with("6f64ff642e69736f"), "{objects:?}");
    folder.cisor(with_db(&["library", "forget"])).arg(name).assert().success().stdout(contains("1 image"));
}
