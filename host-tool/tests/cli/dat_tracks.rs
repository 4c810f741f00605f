//! CDs compared with DATs, which list a file for each track.

use predicates::str::contains;
use serde_json::json;

use super::dat::{by_input, dat, game};
use super::sources::chdman;
use crate::support::zip::{Packed, zip};
use crate::support::{Folder, noise, ps2_disc, raw_sectors};

#[test]
fn tracks_of_a_cd_match_file_by_file() {
    let folder = Folder::new();
    let (data, music): (Vec<u8>, Vec<u8>) = (raw_sectors(&ps2_disc()), vec![7; 2352 * 300]);
    let sheet = "FILE \"G (Track 1).bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n\
                 FILE \"G (Track 2).bin\" BINARY\n  TRACK 02 AUDIO\n    INDEX 01 00:00:00\n";
    folder.write("G (Track 1).bin", &data);
    folder.write("G (Track 2).bin", &music);
    folder.write("my own.cue", sheet.as_bytes());
    let files: [(&str, &[u8]); 3] =
        [("G.cue", b"another sheet"), ("G (Track 1).bin", &data), ("G (Track 2).bin", &music)];
    folder.write("x.dat", dat(&[game("G", "SLES-12345", &files)]).as_bytes());
    let (code, objects) = folder.json(&["dat", "check", ".", "--dat", "x.dat"]);
    assert_eq!(code, 0);
    for name in ["G (Track 1).bin", "G (Track 2).bin"] {
        assert_eq!(by_input(&objects, name)["dat"]["verdict"], "match", "{name}");
    }
    assert_eq!(by_input(&objects, "my own.cue")["dat"]["verdict"], "unknown");
    assert_eq!(objects.last().unwrap()["complete"], 1);
    let verify = || folder.json(&["verify", "my own.cue", "--dat", "x.dat"]);
    let (code, objects) = verify();
    assert_eq!((code, &objects[0]["dat"]["verdict"]), (0, &json!("match")), "{objects:?}");
    // One track less, and the game is incomplete; one byte of it, and the disc is wrong.
    let mut changed = music.clone();
    changed[5] ^= 1;
    folder.write("G (Track 2).bin", &changed);
    let (code, objects) = verify();
    assert_eq!((code, &objects[0]["error"]["kind"]), (1, &json!("dat_wrong")), "{objects:?}");
    folder.write("G (Track 2).bin", &music);
    std::fs::remove_file(folder.path("my own.cue")).unwrap();
    folder.remove("G (Track 2).bin");
    let check = folder.cisor(["dat", "check", ".", "--dat", "x.dat", "--missing"]).assert().success();
    check.stdout(contains("  incomplete  \"G\": 1 of 2 files\n"));
}

/// A sheet for `disc.bin`, which holds a disc and music.
fn sheet_of_two_tracks(disc: &[u8]) -> String {
    let start = disc.len() / 2048;
    format!(
        "FILE \"disc.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    INDEX 01 \
         {:02}:{:02}:{:02}\n",
        start / 75 / 60,
        start / 75 % 60,
        start % 75
    )
}

#[test]
fn tracks_in_one_file_match_one_by_one() {
    let folder = Folder::new();
    let (data, music): (Vec<u8>, Vec<u8>) = (raw_sectors(&ps2_disc()), noise(2352 * 301));
    let files: [(&str, &[u8]); 3] =
        [("G.cue", b"another sheet"), ("G (Track 1).bin", &data), ("G (Track 2).bin", &music)];
    folder.write("x.dat", dat(&[game("G", "SLES-12345", &files)]).as_bytes());
    folder.write("disc.bin", &[&data[..], &music].concat());
    folder.write("disc.cue", sheet_of_two_tracks(&ps2_disc()).as_bytes());
    chdman(&folder, &["createcd", "-i", "disc.cue", "-o", "disc.chd"]);
    for name in ["disc.cue", "disc.chd"] {
        let (code, objects) = folder.json(&["verify", name, "--dat", "x.dat"]);
        assert_eq!((code, &objects[0]["dat"]["verdict"]), (0, &json!("match")), "{objects:?}");
        assert_eq!(objects[0]["dat"]["note"], json!(null), "{objects:?}");
    }
    let (code, objects) = folder.json(&["dat", "check", "disc.chd", "--dat", "x.dat"]);
    assert_eq!((code, &objects[0]["dat"]["game"]), (0, &json!("G")), "{objects:?}");
    assert_eq!(objects.last().unwrap()["complete"], 1);
    // One byte of the music, and it is another disc.
    let mut changed = music;
    changed[5] ^= 1;
    folder.write("disc.bin", &[&data[..], &changed].concat());
    chdman(&folder, &["createcd", "-i", "disc.cue", "-o", "disc.chd", "-f"]);
    for args in [["verify", "disc.cue"], ["verify", "disc.chd"]] {
        let (code, objects) = folder.json(&[args[0], args[1], "--dat", "x.dat"]);
        assert_eq!((code, &objects[0]["error"]["kind"]), (1, &json!("dat_wrong")), "{objects:?}");
    }
    let (code, objects) = folder.json(&["dat", "check", "disc.chd", "--dat", "x.dat"]);
    assert_eq!((code, &objects[0]["error"]["kind"]), (1, &json!("dat_wrong")), "{objects:?}");
}

#[test]
fn tracks_in_an_archive_match_one_by_one() {
    let folder = Folder::new();
    let (data, music): (Vec<u8>, Vec<u8>) = (raw_sectors(&ps2_disc()), noise(2352 * 301));
    let dump = [&data[..], &music].concat();
    let sheet = sheet_of_two_tracks(&ps2_disc());
    let split = "FILE \"one.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n\
                 FILE \"two.bin\" BINARY\n  TRACK 02 AUDIO\n    INDEX 01 00:00:00\n";
    folder.write("disc.bin", &dump);
    folder.write("disc.cue", sheet.as_bytes());
    chdman(&folder, &["createcd", "-i", "disc.cue", "-o", "disc.chd"]);
    let chd = folder.read("disc.chd");
    let mut changed = dump.clone();
    *changed.last_mut().unwrap() ^= 1;
    for name in ["disc.bin", "disc.cue", "disc.chd"] {
        folder.remove(name);
    }
    let files: [(&str, &[u8]); 2] = [("G (Track 1).bin", &data), ("G (Track 2).bin", &music)];
    folder.write(
        "x.dat",
        dat(&[game("G", "SLES-12345", &files), game("B", "", &[("B.bin", &dump)])]).as_bytes(),
    );
    // In one file, in two, without a sheet, and as a CHD.
    let one: &[(&str, &[u8])] = &[("disc.bin", &dump), ("disc.cue", sheet.as_bytes())];
    let two: &[(&str, &[u8])] = &[("two.bin", &music), ("one.bin", &data), ("disc.cue", split.as_bytes())];
    let alone: &[(&str, &[u8])] = &[("disc.bin", &dump)];
    let wrong: &[(&str, &[u8])] = &[("disc.bin", &changed), ("disc.cue", sheet.as_bytes())];
    for (files, verdict, game) in [
        (one, "match", json!("G")),
        (two, "match", json!("G")),
        (alone, "match", json!("B")),
        (&[("disc.chd", &chd[..])], "match", json!("G")),
        (wrong, "wrong", json!("G")),
    ] {
        for packed in [Packed::stored, Packed::deflated] {
            let is_packed_chd = files[0].0 == "disc.chd" && packed("", b"").method != 0;
            if is_packed_chd {
                continue;
            }
            let entries: Vec<_> = files.iter().map(|(name, bytes)| packed(name, bytes)).collect();
            folder.write("disc.zip", &zip(&entries));
            for args in [&["verify", "disc.zip"][..], &["dat", "check", "disc.zip"]] {
                let (_, objects) = folder.json(&[args, &["--dat", "x.dat"]].concat());
                let dat = &objects[0]["dat"];
                assert_eq!((&dat["verdict"], &dat["game"]), (&json!(verdict), &game), "{args:?} {objects:?}");
            }
        }
    }
}

#[test]
fn what_is_not_compared_is_said() {
    let folder = Folder::new();
    folder.write("x.dat", dat(&[game("disc", "SLES-12345", &[("disc.iso", b"other")])]).as_bytes());
    folder.write("disc.bin", &raw_sectors(&ps2_disc()));
    folder.write("disc.cue", b"FILE \"disc.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
    chdman(&folder, &["createcd", "-i", "disc.cue", "-o", "disc.chd"]);
    // As if chdman had been given subcode.
    let mut chd = folder.read("disc.chd");
    let none = b"SUBTYPE:NONE";
    let at = chd.windows(none.len()).position(|bytes| bytes == none).unwrap();
    chd[at..at + none.len()].copy_from_slice(b"SUBTYPE:RW  ");
    folder.write("disc.chd", &chd);
    let check = folder.cisor(["dat", "check", "disc.chd", "--dat", "x.dat"]).assert().success();
    check.stdout(contains("disc.chd: not covered: a CD with subcode in a CHD is not compared\n"));
}

#[test]
fn a_track_that_a_sheet_names_keeps_its_name() {
    let folder = Folder::new();
    let data = raw_sectors(&ps2_disc());
    folder.write("disc.bin", &data);
    folder.write("disc.cue", b"FILE \"disc.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
    folder.write("x.dat", dat(&[game("G", "", &[("G.bin", &data)])]).as_bytes());
    let run = folder.cisor(["dat", "rename", ".", "--dat", "x.dat", "--yes"]).assert().code(3);
    run.stderr(contains("disc.bin: it was not renamed: a CUE sheet names it as it is"));
    assert!(folder.path("disc.bin").exists());
    for name in ["./disc.bin", "DISC.BIN"] {
        let sheet = format!("FILE \"{name}\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
        folder.write("disc.cue", sheet.as_bytes());
        folder.cisor(["dat", "rename", ".", "--dat", "x.dat", "--yes"]).assert();
        assert!(folder.path("disc.bin").exists(), "{name}");
    }
}

/// Without them, nothing would be compared with the digest, and the dump would not come back.
#[test]
fn what_lies_beside_an_image_is_renamed_with_it() {
    let folder = Folder::new();
    folder.write("g.bin", &raw_sectors(&ps2_disc()));
    folder.write("g.cue", b"FILE \"g.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
    folder.cisor(["compress", "--for", "opl", "--sidecar", "--keep-raw", "g.cue"]).assert().success();
    folder.write("x.dat", dat(&[game("Real Name", "", &[("Real Name.iso", &ps2_disc())])]).as_bytes());
    let rename = ["dat", "rename", "g.zso", "--dat", "x.dat", "--yes"];
    // Not if something of that name is there, or if they belong to another form of the disc, too.
    folder.write("Real Name.raw", b"mine");
    folder.cisor(rename).assert().code(3).stderr(contains("Real Name.raw exists already"));
    folder.remove("Real Name.raw");
    folder.write("g.iso", &ps2_disc());
    folder.cisor(rename).assert().code(3).stderr(contains("g.sha256 belongs to g.iso, too"));
    folder.remove("g.iso");
    assert_eq!(folder.names(), ["g.bin", "g.cue", "g.raw", "g.sha256", "g.zso", "x.dat"]);

    folder.cisor(rename).assert().success();
    let names = ["Real Name.raw", "Real Name.sha256", "Real Name.zso", "g.bin", "g.cue", "x.dat"];
    assert_eq!(folder.names(), names);
    let digest = String::from_utf8(folder.read("Real Name.sha256")).unwrap();
    assert!(digest.ends_with("  Real Name.iso\n"), "{digest}");
    folder
        .cisor(["verify", "Real Name.zso"])
        .assert()
        .success()
        .stdout(contains("sidecar  Real Name.sha256: "));
    std::fs::create_dir(folder.path("back")).unwrap();
    folder.cisor(["extract", "--raw", "-d", "back", "Real Name.zso"]).assert().success();
    assert!(folder.read("back/g.bin") == folder.read("g.bin"));
}
