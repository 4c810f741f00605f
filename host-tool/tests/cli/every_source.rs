//! The table in docs/sources.md, cell by cell, as far as no other test has it.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::kinds::{film, in_every_source, ps1_game};
use crate::sources::{chdman, ciso_of_raw, golden};
use crate::support::{Folder, ps2_disc, raw_sectors};
use crate::wrong_edc::mode2;

const RAW: usize = 2352;

/// Checks that every verb takes a source, and that the new files hold the disc.
fn every_verb_reads(folder: &Folder, name: &str, disc: &[u8], warning: &str) {
    folder.cisor(["info", name]).assert().success();
    folder.cisor(["verify", name]).assert().success();
    folder.cisor(["extract", "-o", "new.iso", name]).assert().success();
    assert!(folder.read("new.iso") == disc, "{name}: extract");
    let run = folder.cisor(["compress", "-o", "new.out", name]).assert().success();
    run.stderr(contains(warning));
    folder.cisor(["extract", "-o", "back.iso", "new.out"]).assert().success();
    assert!(folder.read("back.iso") == disc, "{name}: compress");
    for name in ["new.iso", "new.out", "back.iso"] {
        folder.remove(name);
    }
}

/// The same part of every raw sector, and what follows it.
fn parts(sectors: &[u8], part: std::ops::Range<usize>, more: &[u8]) -> Vec<u8> {
    sectors.chunks(RAW).flat_map(|sector| [&sector[part.clone()], more].concat()).collect()
}

#[test]
fn sheets_of_every_kind_of_data_track() {
    let disc = ps2_disc();
    let mode1 = raw_sectors(&disc);
    let mode2 = mode2(&mode1);
    for (kind, bin) in [
        ("MODE1/2352", mode1.clone()),
        ("MODE1/2048", disc.clone()),
        ("MODE2/2352", mode2.clone()),
        ("MODE2/2336", parts(&mode2, 16..RAW, &[])),
        ("MODE2/2048", disc.clone()),
    ] {
        let folder = Folder::new();
        folder.write("GAME.bin", &bin);
        let sheet = format!("FILE \"GAME.bin\" BINARY\n  TRACK 01 {kind}\n    INDEX 01 00:00:00\n");
        folder.write("GAME.cue", sheet.as_bytes());
        let info = folder.cisor(["info", "GAME.cue"]).assert().success();
        info.stdout(contains(kind).and(contains("PS2 SLES-12345")));
        every_verb_reads(&folder, "GAME.cue", &disc, "");
    }
}

#[test]
fn raw_dumps_of_every_sector_size_and_name() {
    let disc = ps2_disc();
    let mode1 = raw_sectors(&disc);
    let mode2 = mode2(&mode1);
    let folder = Folder::new();
    for bytes in [
        mode1.clone(),
        mode2.clone(),
        parts(&mode1, 0..RAW, &[0x55; 96]),
        parts(&mode2, 0..RAW, &[0x55; 96]),
        parts(&mode2, 16..RAW, &[]),
        ciso_of_raw(&mode1),
        ciso_of_raw(&mode2),
    ] {
        for name in ["GAME.bin", "GAME.img", "GAME.iso", "GAME.mdf"] {
            folder.write(name, &bytes);
        }
        // The first one with all verbs; the others by their content.
        every_verb_reads(&folder, "GAME.bin", &disc, "");
        for name in ["GAME.img", "GAME.iso", "GAME.mdf"] {
            folder.cisor(["verify", name]).assert().success();
            folder.cisor(["extract", "-o", "new.iso", name]).assert().success();
            assert!(folder.read("new.iso") == disc, "{name}");
            folder.remove("new.iso");
        }
    }
}

#[test]
fn mdf_of_a_plain_image_is_an_image() {
    let folder = Folder::new();
    folder.write("GAME.mdf", &ps2_disc());
    folder.cisor(["info", "GAME.mdf"]).assert().success();
    folder.cisor(["verify", "GAME.mdf"]).assert().success();
    folder.cisor(["compress", "--for", "opl", "GAME.mdf"]).assert().success();
    let iso = folder.cisor(["extract", "GAME.mdf"]).assert().failure();
    iso.stderr(contains("GAME.mdf: "));
}

#[test]
fn chds_of_cds_in_every_mode() {
    let disc = ps2_disc();
    let mode1 = raw_sectors(&disc);
    for (kind, bin) in
        [("MODE1/2352", mode1.clone()), ("MODE1/2048", disc.clone()), ("MODE2/2352", mode2(&mode1))]
    {
        let folder = Folder::new();
        folder.write("GAME.bin", &bin);
        let sheet = format!("FILE \"GAME.bin\" BINARY\n  TRACK 01 {kind}\n    INDEX 01 00:00:00\n");
        folder.write("GAME.cue", sheet.as_bytes());
        chdman(&folder, &["createcd", "-i", "GAME.cue", "-o", "GAME.chd"]);
        every_verb_reads(&folder, "GAME.chd", &disc, "");
    }
}

#[test]
fn chds_that_are_not_read_are_named_by_every_verb() {
    let folder = Folder::new();
    folder.write("child.chd", &std::fs::read(golden("dvd-child.chd")).unwrap());
    let mut chd = std::fs::read(golden("dvd-zlib.chd")).unwrap();
    for version in 1..=4 {
        chd[15] = version;
        folder.write(format!("old-{version}.chd"), &chd);
    }
    let names = folder.names();
    for name in &names {
        let text = match name.strip_prefix("old-") {
            Some(rest) => format!("version {}", &rest[..1]),
            None => "needs its parent".to_owned(),
        };
        for verb in ["info", "verify", "compress", "extract"] {
            folder.cisor([verb, name]).assert().code(3).stderr(contains(&text));
            assert_eq!(folder.names(), names, "{verb} {name}");
        }
    }
}

#[test]
fn discs_of_other_kinds_go_through_every_verb_from_every_source() {
    for (disc, warning) in
        [(ps1_game(), "does not look like a PSP or PS2 disc"), (film("UMD_VIDEO/PARAM.SFO"), "")]
    {
        let (folder, names) = in_every_source(&disc);
        for name in &names[1..] {
            every_verb_reads(&folder, name, &disc, warning);
        }
    }
}
