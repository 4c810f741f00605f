//! `cisor dat` and `verify --dat`: collections compared with lists of known good dumps.

use std::fmt::Write as _;
use std::path::Path;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::support::{Ciso, Folder, is_windows, ps2_disc, psp_disc, small_disc, unknown_disc};

fn sha1(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// A game with its serial and files.
pub(super) fn game(name: &str, serial: &str, files: &[(&str, &[u8])]) -> String {
    let mut text = format!("<game name=\"{}\"><serial>{serial}</serial>", escape(name));
    for (file, bytes) in files {
        let _ = write!(
            text,
            "<rom name=\"{}\" size=\"{}\" sha1=\"{}\"/>",
            escape(file),
            bytes.len(),
            sha1(bytes)
        );
    }
    text + "</game>"
}

pub(super) fn dat(games: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\"?><datafile><header><name>Sony</name></header>{}</datafile>",
        games.concat()
    )
}

/// The PSP disc as CSO, the small one as ZSO with a wrong name, the PS2 disc with a changed byte, and a disc
/// that no DAT has.
fn collection() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("tree")).unwrap();
    folder.write("tree/Towers (Europe).iso", &psp_disc());
    folder.cisor(["compress", "-q", "--rm", "tree/Towers (Europe).iso"]).assert().success();
    folder.write("tree/small.iso", &small_disc());
    folder
        .cisor(["compress", "-q", "--rm", "--for", "any", "--to", "zso", "tree/small.iso"])
        .assert()
        .success();
    let mut changed = ps2_disc();
    *changed.last_mut().unwrap() ^= 1;
    folder.write("tree/whatever.iso", &changed);
    folder.write("tree/home made.iso", &unknown_disc());
    folder.write("tree/notes.txt", b"notes");
    let games = [
        game("Towers (Europe)", "ULUS-10041", &[("Towers (Europe).iso", &psp_disc())]),
        game("Small: Game? (USA)", "UCES-00001", &[("Small: Game? (USA).iso", &small_disc())]),
        game("Racer (Europe)", "SLES-12345", &[("Racer (Europe).iso", &ps2_disc())]),
        game("Absent (Japan)", "SLPS-99999", &[("Absent (Japan).iso", b"not there")]),
    ];
    folder.write("sony.dat", dat(&games).as_bytes());
    folder
}

pub(super) fn by_input<'o>(objects: &'o [Value], name: &str) -> &'o Value {
    let is = |object: &&Value| object["input"].as_str().is_some_and(|input| input.ends_with(name));
    objects.iter().find(is).unwrap_or_else(|| panic!("{name} in {objects:?}"))
}

#[test]
fn check_tells_matches_wrong_ones_unknown_ones_and_what_is_missing() {
    let folder = collection();
    let check = folder.cisor(["dat", "check", "tree", "--dat", "sony.dat", "--missing"]).assert().code(1);
    check
        .stdout(contains("tree/Towers (Europe).cso: match, \"Towers (Europe)\"\n"))
        .stdout(contains("tree/small.zso: match, \"Small: Game? (USA)\", misnamed\n"))
        .stdout(contains("tree/home made.iso: unknown\n"))
        .stdout(
            is_match("tree/whatever.iso: wrong, this disc id is \"Racer \\(Europe\\)\" in the DAT, but with another SHA-1: expected [0-9a-f]{40}, got [0-9a-f]{40}\n")
                .unwrap(),
        )
        .stdout(contains("\n4 images: 2 match (1 misnamed), 1 wrong, 1 unknown\n"))
        .stdout(contains("4 games in the DAT: 2 complete, 0 incomplete, 2 missing\n"))
        .stdout(contains("  missing     \"Absent (Japan)\"\n").and(contains("  missing     \"Racer (Europe)\"\n")));
}

#[test]
fn check_as_json_has_an_object_for_each_file_and_a_summary() {
    let folder = collection();
    let (code, objects) = folder.json(&["dat", "check", "tree", "--dat", "sony.dat", "--missing"]);
    assert_eq!((code, objects.len()), (1, 5));
    let towers = by_input(&objects, "Towers (Europe).cso");
    assert_eq!(
        (&towers["verb"], &towers["status"], &towers["exit"]),
        (&json!("dat check"), &json!("ok"), &json!(0))
    );
    let expected = json!({
        "verdict": "match", "game": "Towers (Europe)", "file": "Towers (Europe).iso", "dat": "Sony", "by": "sha1",
        "misnamed": false, "size": psp_disc().len(), "hashes": {"sha1": sha1(&psp_disc())}
    });
    assert_eq!(towers["dat"], expected, "only the digest that is needed");
    let wrong = by_input(&objects, "whatever.iso");
    assert_eq!((&wrong["status"], &wrong["error"]["kind"]), (&json!("mismatch"), &json!("dat_wrong")));
    assert_eq!((&wrong["dat"]["verdict"], &wrong["dat"]["by"]), (&json!("wrong"), &json!("serial")));
    assert_eq!(wrong["error"]["expected"], json!(sha1(&ps2_disc())));
    let unknown = by_input(&objects, "home made.iso");
    assert_eq!((&unknown["dat"]["verdict"], &unknown["dat"]["hashes"]), (&json!("unknown"), &json!({})));
    let summary = objects.last().unwrap();
    for (field, value) in [
        ("schema", json!(1)),
        ("verb", json!("dat check")),
        ("event", json!("summary")),
        ("images", json!(4)),
        ("matched", json!(2)),
        ("misnamed", json!(1)),
        ("wrong", json!(1)),
        ("unknown", json!(1)),
        ("left_alone", json!(1)),
        ("dats", json!(["Sony"])),
        ("games", json!(4)),
        ("complete", json!(2)),
        ("missing", json!(2)),
    ] {
        assert_eq!(summary[field], value, "{field}");
    }
    assert_eq!(
        summary["lacking"][1],
        json!({"game": "Absent (Japan)", "dat": "Sony", "files": ["Absent (Japan).iso"]})
    );
    let documented =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/json.md")).unwrap();
    let fields = summary.as_object().unwrap().keys().cloned();
    let fields = fields.chain(towers["dat"].as_object().unwrap().keys().map(|field| format!("dat.{field}")));
    for field in fields {
        assert!(documented.contains(&format!("`{field}`")), "{field} is not in docs/json.md");
    }
}

#[test]
fn damage_is_found_on_the_way() {
    let folder = collection();
    let mut damaged = Ciso(folder.read("tree/Towers (Europe).cso"));
    let block = damaged.packed_block(20);
    damaged.damage(block);
    folder.write("tree/Towers (Europe).cso", &damaged.0);
    folder.write("tree/empty.iso", b"");
    let (code, objects) = folder.json(&["dat", "check", "tree", "--dat", "sony.dat"]);
    assert_eq!(code, 1);
    assert_eq!(by_input(&objects, "Towers (Europe).cso")["status"], "damaged");
    assert_eq!(by_input(&objects, "empty.iso")["error"]["kind"], "empty");
    let summary = objects.last().unwrap();
    assert_eq!(
        (&summary["damaged"], &summary["failed"], &summary["missing"]),
        (&json!(1), &json!(1), &json!(3))
    );
}

#[test]
fn verify_says_what_the_dat_has() {
    let folder = collection();
    let verify =
        folder.cisor(["verify", "tree/Towers (Europe).cso", "tree/home made.iso", "--dat", "sony.dat"]);
    verify
        .assert()
        .success()
        .stdout(contains("  DAT      match, \"Towers (Europe)\"\n").and(contains("  DAT      unknown\n")));
    let wrong = folder.cisor(["verify", "tree/whatever.iso", "--dat", "sony.dat"]).assert().code(1);
    wrong.stdout(
        contains("decodes, but is not what the DAT has").and(contains("  DAT      wrong, this disc id is")),
    );
    let (code, objects) = folder.json(&["verify", "tree/small.zso", "--dat", "sony.dat"]);
    assert_eq!(code, 0);
    assert_eq!(objects[0]["dat"]["game"], "Small: Game? (USA)");
    let (_, objects) = folder.json(&["verify", "tree/small.zso"]);
    assert!(objects[0].get("dat").is_none(), "nothing was compared");
}

#[test]
fn verify_takes_only_the_digests_that_are_needed() {
    let folder = collection();
    let verified = |args: &[&str]| {
        let (_, objects) = folder.json(&[&["verify"], args].concat());
        let kinds: Vec<String> = objects[0]["hashes"].as_object().unwrap().keys().cloned().collect();
        (kinds.join(" "), objects[0].clone())
    };
    assert_eq!(verified(&["tree/small.zso"]).0, "crc32 md5 sha1 sha256");
    let with_dat = ["tree/small.zso", "--dat", "sony.dat"];
    let (kinds, object) = verified(&with_dat);
    assert_eq!((kinds.as_str(), &object["hashes"]["sha1"]), ("sha1", &json!(sha1(&small_disc()))));
    assert_eq!(verified(&["tree/home made.iso", "--dat", "sony.dat"]).0, "sha1", "no entry has its size");
    folder.cisor([&["verify"], &with_dat[..]].concat()).assert().stdout(contains("MD5").not());
    // A DAT may have only a CRC-32, and a header an MD5.
    let crc = crc32fast::hash(&small_disc());
    let rom = format!("<rom name='S.iso' size='{}' crc='{crc:08X}'/>", small_disc().len());
    folder.write("crc.dat", dat(&[format!("<game name='S'>{rom}</game>")]).as_bytes());
    let (kinds, object) = verified(&["tree/small.zso", "--dat", "crc.dat"]);
    assert_eq!((kinds.as_str(), &object["dat"]["by"]), ("crc32 sha1", &json!("crc32")));
    let jso = ["compress", "-q", "--to", "jso", "tree/small.zso", "-o", "small.jso"];
    folder.cisor(jso).assert().success();
    assert_eq!(verified(&["small.jso", "--dat", "sony.dat"]).0, "md5 sha1");
    // For the digest beside it, and for the library, which compares discs by SHA-256.
    for state in ["written", "match"] {
        let (kinds, object) = verified(&[&["--sidecar"], &with_dat[..]].concat());
        assert_eq!((kinds.as_str(), &object["sidecar"]["state"]), ("sha1 sha256", &json!(state)));
    }
    let (kinds, object) = verified(&[&["--db", "library.db"], &with_dat[..]].concat());
    assert_eq!((kinds.as_str(), &object["dat"]["verdict"]), ("crc32 md5 sha1 sha256", &json!("match")));
}

#[test]
fn a_file_of_a_known_name_and_another_size_is_wrong_without_being_decoded() {
    let folder = collection();
    folder.write("tree/racer (EUROPE).iso", &[1; 4096]);
    let (_, objects) = folder.json(&["dat", "check", "tree", "--dat", "sony.dat"]);
    let racer = by_input(&objects, "racer (EUROPE).iso");
    assert_eq!((&racer["dat"]["verdict"], &racer["dat"]["by"]), (&json!("wrong"), &json!("name")));
    assert_eq!((&racer["error"]["got"], &racer["dat"]["hashes"]), (&json!("4096"), &json!({})));
}

#[test]
fn rename_shows_first_and_then_does_it() {
    let folder = collection();
    let before = names_in_tree(&folder);
    let args = ["dat", "rename", "tree", "--dat", "sony.dat"];
    let dry = folder.cisor(args).assert().code(1);
    dry.stdout(contains("tree/small.zso: would become Small- Game_ (USA).zso\n"))
        .stdout(contains("1 file would be renamed. Add --yes to do it.\n"));
    assert_eq!(names_in_tree(&folder), before);
    let content = folder.read("tree/small.zso");
    let (_, objects) = folder.json(&[&args[..], &["--yes"]].concat());
    let small = by_input(&objects, "small.zso");
    assert!(small["output"].as_str().unwrap().ends_with("Small- Game_ (USA).zso"), "{small}");
    assert_eq!(folder.read("tree/Small- Game_ (USA).zso"), content);
    assert!(!folder.path("tree/small.zso").exists());
    // The new name counts as the right one.
    folder.cisor(args).assert().stdout(contains("Nothing to rename."));
}

/// The names in the folder `tree`.
fn names_in_tree(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path("tree")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn rename_never_overwrites_and_changes_case() {
    let folder = Folder::new();
    folder.write("a.iso", &small_disc());
    folder.write("b.iso", &small_disc());
    folder.write("towers.iso", &psp_disc());
    let games = [
        game("Small", "", &[("Small.iso", &small_disc())]),
        game("Towers", "", &[("Towers.iso", &psp_disc())]),
    ];
    folder.write("x.dat", dat(&games).as_bytes());
    let dry = folder.cisor(["dat", "rename", ".", "--dat", "x.dat"]).assert().code(3);
    dry.stderr(is_match("b.iso: it was not renamed: .*Small.iso exists already").unwrap());
    let args = ["dat", "rename", ".", "--dat", "x.dat", "--yes"];
    let (code, objects) = folder.json(&args);
    assert_eq!(code, 3);
    assert_eq!(by_input(&objects, "b.iso")["error"]["kind"], "not_renamed");
    assert!(folder.path("b.iso").exists() && folder.path("Small.iso").exists());
    assert_eq!(folder.names(), ["Small.iso", "Towers.iso", "b.iso", "x.dat"]);
}

#[test]
fn name_that_is_too_long_for_disks_is_cut() {
    let folder = Folder::new();
    folder.write("a.iso", &small_disc());
    let long = "Ä".repeat(200);
    folder.write("x.dat", dat(&[game(&long, "", &[(&format!("{long}.iso"), &small_disc())])]).as_bytes());
    folder.cisor(["dat", "rename", ".", "--dat", "x.dat", "--yes"]).assert().success();
    let name = format!("{}.iso", "Ä".repeat(125));
    assert_eq!(folder.names(), ["x.dat", &name]);
    folder.cisor(["dat", "rename", ".", "--dat", "x.dat"]).assert().stdout(contains("Nothing to rename."));
}

#[test]
fn fixdat_lists_what_is_missing_and_is_a_dat_itself() {
    let folder = collection();
    folder.cisor(["dat", "fixdat", "tree", "--dat", "sony.dat", "-o", "fix.dat"]).assert().code(1);
    let text = String::from_utf8(folder.read("fix.dat")).unwrap();
    assert!(
        text.contains("Absent (Japan).iso")
            && text.contains("Racer (Europe).iso")
            && !text.contains("Towers")
    );
    folder.write("Racer.iso", &ps2_disc());
    folder
        .cisor(["dat", "check", "Racer.iso", "--dat", "fix.dat"])
        .assert()
        .success()
        .stdout(contains("1 match"));
    let again =
        folder.cisor(["dat", "fixdat", "tree", "--dat", "sony.dat", "-o", "fix.dat"]).assert().code(3);
    again.stderr(contains("fix.dat exists already"));
    folder.cisor(["dat", "fixdat", "tree", "--dat", "sony.dat", "-o", "fix.dat", "-f"]).assert().code(1);
    // What was read is no place for it.
    let image = folder.read("tree/small.zso");
    let args = ["dat", "fixdat", "tree", "--dat", "sony.dat", "-f", "-o", "tree/small.zso"];
    folder.cisor(args).assert().code(3).stderr(contains("tree/small.zso is the input itself"));
    std::fs::create_dir(folder.path("dats")).unwrap();
    folder.write("dats/sony.dat", &folder.read("sony.dat"));
    let args = ["dat", "fixdat", "tree", "--dat", "dats", "-f", "-o", "dats/sony.dat"];
    folder.cisor(args).assert().code(3).stderr(contains("sony.dat is the input itself"));
    assert!(
        folder.read("tree/small.zso") == image && folder.read("dats/sony.dat") == folder.read("sony.dat")
    );
    assert_eq!(folder.read("fix.dat"), text.as_bytes());
}

#[test]
fn dats_that_cannot_be_used_stop_the_run() {
    let folder = collection();
    let good = String::from_utf8(folder.read("sony.dat")).unwrap();
    let bomb = "<!DOCTYPE d [<!ENTITY a 'aa'>]><datafile/>".to_owned();
    for (text, reason) in [
        (good[..good.len() / 2].to_owned(), "it ends in the middle"),
        (good.replace("</serial>", "</serious>"), "its XML is broken at byte"),
        (bomb, "it declares XML entities"),
        (
            format!("<datafile><game name='{}'/></datafile>", "x".repeat(300_000)),
            "a tag has more than 65536 bytes",
        ),
        ("hello".into(), "it is not a DAT in Logiqx XML"),
    ] {
        folder.write("bad.dat", text.as_bytes());
        let run =
            folder.cisor(["dat", "check", "tree", "--dat", "sony.dat", "--dat", "bad.dat"]).assert().code(2);
        run.stderr(contains(format!("bad.dat: {reason}"))).stdout("");
        folder.cisor(["verify", "tree/small.zso", "--dat", "bad.dat"]).assert().code(2).stdout("");
    }
    folder.cisor(["dat", "check", "tree", "--dat", "none.dat"]).assert().code(2).stderr(contains("none.dat"));
}

#[test]
fn folders_of_dats_are_read_and_other_files_skipped() {
    let folder = collection();
    std::fs::create_dir(folder.path("dats")).unwrap();
    let check = || folder.cisor(["dat", "check", "tree", "--dat", "dats"]).assert();
    check().code(2).stderr(contains("dats: there is no DAT in it"));
    folder.write("dats/page.xml", b"<html/>");
    folder.write("dats/read me.txt", b"hello");
    std::fs::copy(folder.path("sony.dat"), folder.path("dats/sony.dat")).unwrap();
    check().code(1).stdout(contains("4 images: 2 match"));
}

#[test]
fn names_of_dats_do_not_control_the_terminal() {
    let folder = Folder::new();
    folder.write("a.iso", &small_disc());
    folder.write(
        "x.dat",
        dat(&[game("Evil\u{202E}&#x9b;31m", "", &[("a.iso", &small_disc())])])
            .replace("&amp;#", "&#")
            .as_bytes(),
    );
    let run = folder.cisor(["dat", "check", "a.iso", "--dat", "x.dat"]).assert().success();
    run.stdout(contains("match, \"Evil\u{FFFD}\u{FFFD}31m\""));
}

#[cfg(unix)]
#[test]
fn folders_that_cannot_be_read_are_one_line_each_and_loops_end() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    if is_windows() {
        return;
    }
    let folder = collection();
    symlink("..", folder.path("tree/up")).unwrap();
    symlink("loop.iso", folder.path("tree/loop.iso")).unwrap();
    std::fs::create_dir(folder.path("tree/closed")).unwrap();
    std::fs::set_permissions(folder.path("tree/closed"), PermissionsExt::from_mode(0o0)).unwrap();
    std::fs::set_permissions(folder.root(), PermissionsExt::from_mode(0o755)).unwrap();
    let (program, args) = crate::support::unprivileged(&["dat", "check", "tree", "--dat", "sony.dat"]);
    let output = folder.run(program, args).output();
    std::fs::set_permissions(folder.path("tree/closed"), PermissionsExt::from_mode(0o755)).unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.contains("tree/closed")).count(), 1, "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.contains("loop.iso")).count(), 1, "{stderr}");
    assert!(stdout.contains("5 images: 2 match (1 misnamed), 1 wrong, 1 unknown, 1 not read"), "{stdout}");
}

#[test]
fn dats_in_zips_are_read() {
    let folder = collection();
    // Stored, as any program can write it: one member.
    let text = folder.read("sony.dat");
    folder.write("sony.zip", &stored_zip("Sony.dat", &text));
    folder.cisor(["dat", "check", "tree", "--dat", "sony.zip"]).assert().code(1).stdout(contains("2 match"));
}

fn stored_zip(name: &str, text: &[u8]) -> Vec<u8> {
    let crc = crc32fast::hash(text).to_le_bytes();
    let len = u32::try_from(text.len()).unwrap().to_le_bytes();
    let name_len = u16::try_from(name.len()).unwrap().to_le_bytes();
    let mut common = vec![0x14, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    common.extend([crc, len, len].concat());
    common.extend(name_len);
    common.extend([0, 0]);
    let mut zip = [b"PK\x03\x04".as_slice(), &common, name.as_bytes(), text].concat();
    let directory_at = u32::try_from(zip.len()).unwrap().to_le_bytes();
    let entry = [b"PK\x01\x02\x14\0".as_slice(), &common, &[0; 14], name.as_bytes()].concat();
    zip.extend(&entry);
    let entry_len = u32::try_from(entry.len()).unwrap().to_le_bytes();
    zip.extend([b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(), &entry_len, &directory_at, &[0, 0]].concat());
    zip
}

/// tests/dat_judge.py makes a tree of 300 files with every kind of fault, and computes the verdicts by itself.
#[cfg(unix)]
#[test]
fn an_independent_judge_agrees_on_300_files() {
    if is_windows() {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/dat_judge.py");
    let folder = Folder::new();
    let args = [script.as_os_str(), crate::support::BIN.as_ref(), folder.root().as_os_str()];
    let output = folder.run("python3", args).output();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("284 images, 0 differences"), "{said}");
}
