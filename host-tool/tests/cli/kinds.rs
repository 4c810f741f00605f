//! Files that are not PSP or PS2 games: each is named with what to do about it, and no reader is said to read it.

use disc_info::test_disc::{disc, sfo};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};

use super::sources::chdman;
use crate::support::{Folder, noise, ps2_disc, raw_sectors, zip};

/// A file of noise with these bytes at `offset`; a negative one counts from the end.
fn with(offset: i64, bytes: &[u8]) -> Vec<u8> {
    let mut file = noise(80_000);
    let end = i64::try_from(file.len()).unwrap();
    let at = usize::try_from(if offset < 0 { end + offset } else { offset }).unwrap();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

/// Checks that every verb refuses the file by its name, and that nothing is said about readers.
fn is_named(file: &[u8], name: &str, advice: &str) {
    let folder = Folder::new();
    folder.write("GAME.iso", file);
    for verb in ["info", "verify", "compress", "extract"] {
        let run = folder.cisor([verb, "GAME.iso"]).assert().code(3);
        run.stdout("").stderr(contains(name).and(contains(advice)));
        assert_eq!(folder.names(), ["GAME.iso"], "{name}");
    }
}

#[test]
fn gamecube_and_wii_discs_are_named() {
    for file in [
        with(0x1C, b"\xC2\x33\x9F\x3D"),
        with(0x18, b"\x5D\x1C\x9E\xA3"),
        with(0, b"WBFS"),
        with(0, b"RVZ\x01"),
        with(0, b"WIA\x01"),
        with(0, b"\x01\xC0\x0B\xB1"),
    ] {
        is_named(&file, "this is a GameCube or Wii disc", "Dolphin");
    }
}

#[test]
fn ps3_disc_is_named() {
    is_named(&with(0x800, b"PlayStation3\0"), "this is a PS3 disc", "PSP and PS2");
}

#[test]
fn xbox_disc_is_named() {
    is_named(&with(0x1_0000, b"MICROSOFT*XBOX*MEDIA"), "this is an Xbox disc", "extract-xiso");
}

#[test]
fn whole_xbox_disc_is_named_by_its_game_partition() {
    // Three generations of discs; a sparse file, so that it takes no space.
    for partition in [0x1830_0000_u64, 0x0FD9_0000, 0x0208_0000] {
        let folder = Folder::new();
        let path = folder.path("GAME.iso");
        let mut file = std::fs::File::create(&path).unwrap();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(partition + 0x1_0000)).unwrap();
        std::io::Write::write_all(&mut file, b"MICROSOFT*XBOX*MEDIA").unwrap();
        file.set_len(partition + 0x2_0000).unwrap();
        folder.cisor(["info", "GAME.iso"]).assert().code(3).stderr(contains("this is an Xbox disc"));
    }
}

#[test]
fn eboot_pbp_is_named() {
    is_named(&with(0, b"\0PBP"), "this is a program for the PSP (PBP)", "PSP/GAME");
}

#[test]
fn ecm_is_named() {
    is_named(&with(0, b"ECM\0"), "this is an ECM file", "unecm");
}

#[test]
fn nrg_is_named() {
    is_named(&with(-12, b"NER5"), "this is a Nero image", "BIN/CUE");
    is_named(&with(-8, b"NERO"), "this is a Nero image", "BIN/CUE");
}

#[test]
fn cdi_is_named() {
    for version in [4, 5, 6] {
        is_named(&with(-8, &[version, 0, 0, 0x80]), "this is a DiscJuggler image", "BIN/CUE");
    }
}

#[test]
fn ccd_is_named() {
    is_named(b"[CloneCD]\r\nVersion=3\r\n", "the descriptor of a CloneCD image", "IMG file beside it");
}

#[test]
fn mds_is_named() {
    is_named(
        &with(0, b"MEDIA DESCRIPTOR\x01\x03"),
        "the descriptor of an Alcohol image",
        "MDF file beside it",
    );
}

#[test]
fn isz_is_named() {
    is_named(&with(0, b"IsZ!"), "this is an ISZ image", "ISO");
}

#[test]
fn rar_is_named() {
    is_named(&with(0, b"Rar!\x1A\x07\x00"), "this is a RAR archive", "Unpack it first");
    is_named(&with(0, b"Rar!\x1A\x07\x01\x00"), "this is a RAR archive", "Unpack it first");
}

#[test]
fn gzip_and_its_like_are_named() {
    for start in [&b"\x1F\x8B\x08\0"[..], b"\xFD7zXZ\0", b"BZh91AY&SY", b"\x28\xB5\x2F\xFD"] {
        is_named(&with(0, start), "this is a packed file", "Unpack it first");
    }
}

#[test]
fn web_page_is_named() {
    for page in [&b"<!DOCTYPE html><p>404"[..], b"<!doctype html><p>404", b"<html><body>404"] {
        is_named(page, "this is a web page", "download it again");
    }
}

#[test]
fn empty_file_is_named() {
    let folder = Folder::new();
    folder.write("GAME.iso", b"");
    for verb in ["info", "verify", "compress", "extract"] {
        let run = folder.cisor([verb, "GAME.iso"]).assert().failure();
        run.stdout(contains("yes: ").not()).stderr(contains("empty"));
        assert_eq!(folder.names(), ["GAME.iso"]);
    }
}

/// chdman fails on discs of few hunks: its maps are then wrong.
const FILLING: usize = 400_000;

/// Writes a disc in every form that it may come in: plain, raw, with a sheet, in a ZIP, as a CHD of a DVD and of a CD.
pub(crate) fn in_every_source(disc: &[u8]) -> (Folder, [&'static str; 6]) {
    let folder = Folder::new();
    folder.write("GAME.iso", disc);
    folder.write("GAME.bin", &raw_sectors(disc));
    let sheet = "FILE \"GAME.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n";
    folder.write("GAME.cue", sheet.as_bytes());
    folder.write("GAME.zip", &zip::zip(&[zip::Packed::stored("GAME.iso", disc)]));
    chdman(&folder, &["createraw", "-i", "GAME.iso", "-o", "dvd.chd", "-us", "2048", "-hs", "2048"]);
    chdman(&folder, &["createcd", "-i", "GAME.cue", "-o", "cd.chd"]);
    (folder, ["GAME.iso", "GAME.bin", "GAME.cue", "GAME.zip", "dvd.chd", "cd.chd"])
}

pub(crate) fn ps1_game() -> Vec<u8> {
    disc("PS1", &[("SYSTEM.CNF", b"BOOT = cdrom:\\SLUS_000.01;1\r\n"), ("DATA", &noise(FILLING))])
}

/// A film or an album, by the place of its description.
pub(crate) fn film(place: &str) -> Vec<u8> {
    let param = sfo(&[("DISC_ID", "UMDV00001"), ("TITLE", "A Film")]);
    disc("FILM", &[("UMD_DATA.BIN", b"UMDV-00001|"), (place, &param), ("DATA", &noise(FILLING))])
}

#[test]
fn ps1_disc_is_named_in_every_source() {
    let (folder, names) = in_every_source(&ps1_game());
    for name in names {
        let info = folder.cisor(["info", name]).assert().success();
        info.stdout(is_match("disc +PS1\n").unwrap().and(contains("yes: ").not()));
        let (_, json) = folder.json(&["info", name]);
        assert_eq!(json[0]["disc"]["other"], "PS1", "{name}");
    }
}

#[test]
fn ps1_disc_without_system_cnf_is_named() {
    let folder = Folder::new();
    folder.write("GAME.iso", &disc("PS1", &[("PSX.EXE", b"PS-X EXE"), ("DATA", &noise(9000))]));
    let info = folder.cisor(["info", "GAME.iso"]).assert().success();
    info.stdout(is_match("disc +PS1\n").unwrap().and(contains("yes: ").not()));
}

#[test]
fn umd_video_and_umd_music_are_named_in_every_source() {
    for (place, kind) in [("UMD_VIDEO/PARAM.SFO", "UMD Video"), ("UMD_AUDIO/PARAM.SFO", "UMD Music")] {
        let (folder, names) = in_every_source(&film(place));
        for name in names {
            let info = folder.cisor(["info", name]).assert().success();
            info.stdout(is_match(format!("disc +{kind} UMDV-00001 \"A Film\"\n")).unwrap());
            let (_, json) = folder.json(&["info", name]);
            assert_eq!(json[0]["disc"]["other"], kind, "{name}");
        }
    }
}

#[test]
fn mdf_without_its_mds_is_read_for_what_it_holds() {
    // An MDF has no header: it is a plain image, or a dump of raw sectors with or without subcode.
    let game = ps2_disc();
    let raw = raw_sectors(&game);
    let with_subcode: Vec<u8> = raw.chunks(2352).flat_map(|sector| [sector, &[0x55; 96]].concat()).collect();
    for content in [&game, &raw, &with_subcode] {
        let folder = Folder::new();
        folder.write("GAME.mdf", content);
        folder.write("GAME.iso", &game);
        let info = folder.cisor(["info", "GAME.mdf"]).assert().success();
        info.stdout(is_match("disc +PS2 SLES-12345\n").unwrap());
        folder.cisor(["compress", "--for", "opl", "-o", "GAME.zso", "GAME.mdf"]).assert().success();
        folder.cisor(["compare", "GAME.zso", "GAME.iso"]).assert().success();
    }
}
