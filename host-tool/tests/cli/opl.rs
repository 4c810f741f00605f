//! Folders, names and warnings for Open PS2 Loader.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{Folder, SECTOR, noise, ps2_disc, psp_disc, unknown_disc, zip};

/// A disc whose file system says that it has fewer sectors by this many.
fn smaller_by(mut disc: Vec<u8>, sectors: u32) -> Vec<u8> {
    let at = 16 * SECTOR + 80;
    let size = u32::from_le_bytes(disc[at..at + 4].try_into().unwrap()) - sectors;
    disc[at..at + 4].copy_from_slice(&size.to_le_bytes());
    disc[at + 4..at + 8].copy_from_slice(&size.to_be_bytes());
    disc
}

/// The PS2 disc with a descriptor of UDF, as DVDs have it.
fn dvd() -> Vec<u8> {
    let mut disc = ps2_disc();
    // In the place of the descriptors' end, which nothing here reads.
    let at = 17 * SECTOR;
    disc[at..at + 6].copy_from_slice(b"\0NSR02");
    disc
}

#[test]
fn games_go_where_the_loader_looks_for_them() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("usb")).unwrap();
    folder.write("Game (Europe).iso", &ps2_disc());
    folder.write("SLES_123.45.Other.iso", &dvd());
    for (input, place) in [
        ("Game (Europe).iso", "usb/CD/SLES_123.45.Game (Europe).zso"),
        ("SLES_123.45.Other.iso", "usb/DVD/SLES_123.45.Other.zso"),
    ] {
        folder.cisor(["compress", "--for", "opl", "--name", "opl", "-d", "usb", input]).assert().success();
        folder.cisor(["compare", input, place]).assert().success();
    }
    // Beside the source, as an ISO, and into a folder that is there already.
    let place = "usb/CD/SLES_123.45.Game (Europe).zso";
    folder.cisor(["extract", "--name", "opl", place, "-d", "."]).assert().success();
    assert!(folder.read("CD/SLES_123.45.Game (Europe).iso") == ps2_disc());
    folder.cisor(["extract", "--name", "opl", "-d", ".", "usb/DVD/SLES_123.45.Other.zso"]).assert().success();
    assert!(folder.read("DVD/SLES_123.45.Other.iso") == dvd());
    // What is there stays.
    let again = folder.cisor(["extract", "--name", "opl", place, "-d", "."]).assert().success();
    again.stderr(contains("already done"));
}

#[test]
fn discs_without_an_id_are_not_named() {
    let folder = Folder::new();
    folder.write("psp.iso", &psp_disc());
    folder.write("data.iso", &unknown_disc());
    let before = folder.names();
    for input in ["psp.iso", "data.iso"] {
        let run = folder.cisor(["compress", "--name", "opl", "--for", "any", input]).assert().code(3);
        run.stderr(contains("there is no id of a PS2 game on this disc"));
    }
    assert_eq!(folder.names(), before);
    let (_, json) = folder.json(&["compress", "--name", "opl", "--for", "any", "psp.iso"]);
    assert_eq!(json[0]["error"]["kind"], "no_game_id");
}

#[test]
fn folder_must_exist_and_a_name_given_with_o_is_not_mixed_with_it() {
    let folder = Folder::new();
    folder.write("GAME.iso", &ps2_disc());
    let run = folder.cisor(["compress", "--name", "opl", "-d", "none", "GAME.iso"]).assert().code(2);
    run.stderr(contains("the target folder none does not exist"));
    folder.cisor(["compress", "--name", "opl", "-o", "a.zso", "GAME.iso"]).assert().code(2);
    assert_eq!(folder.names(), ["GAME.iso"]);
}

#[test]
fn names_that_the_loader_does_not_list_are_noticed() {
    let folder = Folder::new();
    let long = "x".repeat(65);
    folder.write(format!("{long}.iso"), &ps2_disc());
    folder.write("GAME.iso", &ps2_disc());
    for (args, is_long) in [
        (vec!["compress", "--for", "opl", &format!("{long}.iso")], true),
        (vec!["compress", "--for", "opl", "--name", "opl", &format!("{long}.iso")], true),
        (vec!["compress", "--for", "pcsx2", "--to", "cso", &format!("{long}.iso")], false),
        (vec!["compress", "--for", "opl", "GAME.iso"], false),
    ] {
        let run = folder.cisor(&args).assert().success();
        let text = contains("does not list it by this name: the title has 65 bytes, and 64 are the most");
        if is_long {
            run.stderr(text)
        } else {
            run.stderr(text.not())
        };
    }
}

#[test]
fn disc_that_is_larger_than_it_says_is_noticed_for_the_loader_alone() {
    let folder = Folder::new();
    let text = "Open PS2 Loader refuses to read past the former";
    // A CD of which two seconds may be missing, and a DVD.
    let long = [dvd(), noise(200 * SECTOR)].concat();
    folder.write("dvd.iso", &long);
    folder.write("padded.iso", &smaller_by(dvd(), 10));
    folder.write("game.iso", &dvd());
    for (input, warns) in [("dvd.iso", true), ("padded.iso", false), ("game.iso", false)] {
        for args in [&["info", input][..], &["compress", "-f", "--for", "opl", "-o", "out.zso", input]] {
            let run = folder.cisor(args).assert().success();
            if warns {
                run.stderr(contains(text))
            } else {
                run.stderr(contains(text).not())
            };
        }
    }
    let other = folder.cisor(["compress", "--for", "pcsx2", "-o", "out.cso", "dvd.iso"]).assert().success();
    other.stderr(contains(text).not());
    folder.write("psp.iso", &[psp_disc(), noise(200 * SECTOR)].concat());
    folder.cisor(["info", "psp.iso"]).assert().success().stderr(contains(text).not());
}

#[test]
fn disc_in_an_archive_is_named_after_the_archive() {
    let folder = Folder::new();
    folder.write("Title.zip", &zip::zip(&[zip::Packed::deflated("disc.iso", &ps2_disc())]));
    folder.cisor(["compress", "--name", "opl", "Title.zip"]).assert().success();
    assert!(folder.path("CD/SLES_123.45.Title.zso").exists());
}
