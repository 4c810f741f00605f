//! Dumps that have no CUE sheet of their own: CHDs of CDs, and lone dumps. chdman is the judge of the former.

use std::path::Path;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use super::raw::game;
use super::sources::chdman;
use crate::support::{Folder, ps2_disc, psp_disc, raw_sectors};

/// Packs `GAME.chd` with its sidecar, restores the dump, and compares it with what chdman extracts.
fn comes_back_as_chdman_extracts_it(folder: &Folder) {
    for name in ["chdman", "back"] {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    chdman(folder, &["extractcd", "-i", "GAME.chd", "-o", "chdman/GAME.cue", "-ob", "chdman/GAME.bin"]);
    folder.cisor(["compress", "--for", "opl", "--keep-raw", "GAME.chd"]).assert().success();
    folder.cisor(["extract", "--raw", "-d", "back", "GAME.zso"]).assert().success();
    // chdman names the BIN with its folder.
    let sheet = String::from_utf8(folder.read("chdman/GAME.cue")).unwrap().replace("chdman/", "");
    assert_eq!(String::from_utf8(folder.read("back/GAME.cue")).unwrap(), sheet);
    assert!(folder.read("back/GAME.bin") == folder.read("chdman/GAME.bin"));
}

#[test]
fn chd_of_a_cd_comes_back_as_chdman_extracts_it() {
    for (layout, mode) in [("one", 1), ("many", 2)] {
        let (folder, _) = game(layout, mode);
        chdman(&folder, &["createcd", "-i", "GAME.cue", "-o", "GAME.chd"]);
        comes_back_as_chdman_extracts_it(&folder);
        // For a dump in one file, that is the dump.
        assert!(layout == "many" || folder.read("back/GAME.bin") == folder.read("GAME.bin"));
    }
}

#[test]
fn chd_with_gaps_outside_of_the_files_comes_back_as_chdman_extracts_it() {
    let (folder, _) = game("one", 1);
    let sheet = String::from_utf8(folder.read("GAME.cue")).unwrap();
    let sheet = sheet.replace("  TRACK 03 AUDIO\r\n", "  TRACK 03 AUDIO\r\n    PREGAP 00:03:07\r\n");
    folder.write("GAME.cue", format!("{sheet}    POSTGAP 00:02:00\r\n").as_bytes());
    chdman(&folder, &["createcd", "-i", "GAME.cue", "-o", "GAME.chd", "-c", "none"]);
    comes_back_as_chdman_extracts_it(&folder);
    assert!(String::from_utf8(folder.read("back/GAME.cue")).unwrap().contains("PREGAP 00:03:07"));
}

#[test]
fn chd_of_2048_bytes_a_sector_comes_back_as_chdman_extracts_it() {
    let folder = Folder::new();
    folder.write("GAME.iso", &ps2_disc());
    chdman(&folder, &["createcd", "-i", "GAME.iso", "-o", "GAME.chd"]);
    comes_back_as_chdman_extracts_it(&folder);
    assert!(folder.read("back/GAME.bin") == ps2_disc());
}

#[test]
fn chd_of_a_dvd_has_nothing_to_keep() {
    let folder = Folder::new();
    folder.write("GAME.iso", &psp_disc());
    chdman(&folder, &["createraw", "-i", "GAME.iso", "-o", "GAME.chd", "-us", "2048", "-hs", "2048"]);
    let run = folder.cisor(["compress", "--keep-raw", "--for", "psp", "GAME.chd"]).assert().code(3);
    run.stderr(contains("nor the CHD of a CD").and(contains("Leave out --keep-raw")));
    assert_eq!(folder.names(), ["GAME.chd", "GAME.iso"]);
}

#[test]
fn lone_dump_comes_back_with_a_sheet_made_from_its_sectors() {
    let disc = ps2_disc();
    let data = disc.len() / 2048;
    let audio = vec![0x35; 90 * 2352];
    let track_2 = format!("  TRACK 02 AUDIO\n    INDEX 01 00:{:02}:{:02}\n", data / 75, data % 75);
    for (dump, tracks) in
        [(raw_sectors(&disc), String::new()), ([raw_sectors(&disc), audio].concat(), track_2)]
    {
        let folder = Folder::new();
        folder.write("A (1).bin", &dump);
        let run = folder.cisor(["compress", "--for", "opl", "--keep-raw", "A (1).bin"]).assert().success();
        run.stderr(contains("there is no CUE sheet: A (1).cue is made from the sectors"));
        folder.remove("A (1).bin");
        folder.cisor(["extract", "--raw", "A (1).zso"]).assert().success();
        assert!(folder.read("A (1).bin") == dump);
        let sheet = String::from_utf8(folder.read("A (1).cue")).unwrap();
        let (remark, rest) = sheet.split_once('\n').unwrap();
        assert!(remark.starts_with("REM made by Cisor"), "{remark}");
        let first = "FILE \"A (1).bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n";
        assert_eq!(rest, format!("{first}{tracks}"));
        // The sheet is one that Cisor reads.
        folder.cisor(["verify", "A (1).cue"]).assert().success();
    }
}

#[test]
fn sheet_beside_a_dump_is_named_and_not_replaced_by_another_one() {
    let (folder, _) = game("many", 1);
    let track = "GAME (Track 1).bin";
    let run = folder.cisor(["compress", "--for", "opl", "--keep-raw", track]).assert().success();
    run.stderr(contains("GAME.cue names this file: take the sheet"));
    std::fs::create_dir(folder.path("back")).unwrap();
    folder.cisor(["extract", "--raw", "-d", "back", "GAME (Track 1).zso"]).assert().success();
    assert!(folder.read(Path::new("back").join(track)) == folder.read(track));
    assert!(!folder.path("back/GAME (Track 1).cue").exists());
}
