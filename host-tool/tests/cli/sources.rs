//! Containers of discs: CHDs that chdman makes during the test, and raw CD dumps.

use std::path::{Path, PathBuf};
use std::process::Command;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};

use crate::support::{Folder, SECTOR, ps2_disc, psp_disc, raw_sectors, zip};

/// Golden files of the crate that reads them: Debian's chdman lacks `createdvd` and Zstandard.
pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/image-source/tests/golden").join(name)
}

/// Runs chdman in the folder.
pub(crate) fn chdman(folder: &Folder, args: &[&str]) {
    let output = Command::new("chdman").args(args).current_dir(folder.root()).output();
    let output = output.expect("chdman, which cargo xtask setup installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A folder with a disc as `GAME.iso` and as `GAME.chd`.
fn with_chd(disc: &[u8], hunk: &str, codec: &str) -> Folder {
    let folder = Folder::new();
    folder.write("GAME.iso", disc);
    let args = ["createraw", "-i", "GAME.iso", "-o", "GAME.chd", "-us", "2048", "-hs", hunk, "-c", codec];
    chdman(&folder, &args);
    folder
}

/// The text of a CUE sheet for `GAME.bin`: one data track, and audio from a given sector on.
fn sheet(audio_from: Option<usize>) -> String {
    let mut text = "FILE \"GAME.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n".to_owned();
    if let Some(at) = audio_from {
        text += &format!("  TRACK 02 AUDIO\n    INDEX 01 00:{:02}:{:02}\n", at / 75, at % 75);
    }
    text
}

#[test]
fn chd_goes_straight_to_what_the_console_reads_and_back_to_the_image() {
    for (hunk, codec) in [
        ("2048", "zlib"),
        ("4096", "lzma"),
        ("8192", "huff"),
        ("32768", "flac"),
        ("4096", "lzma,zlib,huff,flac"),
    ] {
        let folder = with_chd(&psp_disc(), hunk, codec);
        folder.cisor(["compress", "--for", "psp", "GAME.chd"]).assert().success();
        folder.cisor(["extract", "-o", "back.iso", "GAME.cso"]).assert().success();
        assert!(folder.read("back.iso") == folder.read("GAME.iso"), "{hunk} {codec}");
        folder.cisor(["extract", "-o", "straight.iso", "GAME.chd"]).assert().success();
        assert!(folder.read("straight.iso") == folder.read("GAME.iso"), "{hunk} {codec}");
        folder.cisor(["verify", "GAME.chd"]).assert().success();
        folder.cisor(["compare", "GAME.chd", "GAME.cso"]).assert().success();
    }
}

#[test]
fn chd_by_createdvd_goes_to_what_a_psp_reads_and_back_to_the_iso() {
    let folder = Folder::new();
    let python = Command::new("python3").arg(golden("make.py")).current_dir(folder.root()).status();
    assert!(python.expect("python3").success());
    for name in
        ["dvd-2048", "dvd-8192", "dvd-lzma", "dvd-zlib", "dvd-huff", "dvd-flac", "dvd-zstd", "dvd-none"]
    {
        folder.write("GAME.chd", &std::fs::read(golden(&format!("{name}.chd"))).unwrap());
        folder.cisor(["compress", "-f", "--for", "psp", "GAME.chd"]).assert().success();
        folder.cisor(["extract", "-f", "-o", "back.iso", "GAME.cso"]).assert().success();
        assert!(folder.read("back.iso") == folder.read("image.iso"), "{name}");
    }
}

#[test]
fn chd_of_a_cd_goes_to_the_image_of_its_data_track() {
    let folder = Folder::new();
    folder.write("GAME.iso", &ps2_disc());
    // As older programs pack DVDs: sectors of 2048 bytes in units of 2448.
    chdman(&folder, &["createcd", "-i", "GAME.iso", "-o", "GAME.chd"]);
    folder.cisor(["compress", "--for", "opl", "GAME.chd"]).assert().success();
    folder.cisor(["compare", "GAME.zso", "GAME.iso"]).assert().success();
    folder.cisor(["verify", "GAME.chd"]).assert().success();
    let info = folder.cisor(["info", "GAME.chd"]).assert().success();
    info.stdout(is_match("tracks +1: MODE1/2048, [0-9,]+ sectors\n").unwrap())
        .stdout(is_match("disc +PS2 SLES-12345\n").unwrap());
}

#[test]
fn info_tells_what_a_chd_is_and_what_readers_want() {
    let folder = with_chd(&psp_disc(), "4096", "zlib,lzma");
    let info = folder.cisor(["info", "GAME.chd"]).assert().success();
    info.stdout(is_match("format +CHD\n").unwrap())
        .stdout(is_match("hunks +4,096 bytes, zlib, lzma\n").unwrap())
        .stdout(is_match("disc +PSP ULUS-10041").unwrap())
        .stdout(contains("readers").not())
        .stderr(contains("hunks of 2048 bytes").and(contains("no DVD tag")));
    let (code, json) = folder.json(&["info", "GAME.chd"]);
    assert_eq!(code, 0);
    let source = &json[0]["source"];
    assert_eq!((&source["kind"], &source["hunk_size"]), (&"chd".into(), &4096.into()));
    assert_eq!(source["codecs"].as_array().map(Vec::len), Some(2));
    assert_eq!(json[0]["stored_size"], folder.read("GAME.chd").len());
}

#[test]
fn damaged_chd_is_listed_and_never_packed() {
    let folder = with_chd(&psp_disc(), "4096", "zlib");
    let mut file = folder.read("GAME.chd");
    let middle = file.len() / 2;
    file[middle] ^= 4;
    folder.write("GAME.chd", &file);
    folder.cisor(["verify", "GAME.chd"]).assert().code(1).stderr(contains("hunk"));
    let run = folder.cisor(["compress", "--for", "psp", "GAME.chd"]).assert().code(1);
    run.stderr(contains("of the CHD"));
    assert_eq!(folder.names(), ["GAME.chd", "GAME.iso"]);
}

#[test]
fn chd_with_another_sha1_in_its_header_does_not_verify() {
    for disc in [psp_disc(), ps2_disc()] {
        let folder = Folder::new();
        folder.write("GAME.iso", &disc);
        chdman(&folder, &["createcd", "-i", "GAME.iso", "-o", "cd.chd"]);
        chdman(&folder, &["createraw", "-i", "GAME.iso", "-o", "dvd.chd", "-us", "2048", "-hs", "4096"]);
        for name in ["cd.chd", "dvd.chd"] {
            folder.cisor(["verify", name]).assert().success();
            let mut file = folder.read(name);
            file[64] ^= 1;
            folder.write(name, &file);
            folder.cisor(["verify", name]).assert().code(1).stderr(contains("SHA-1 in its header"));
        }
    }
}

#[test]
fn chds_that_cannot_be_used_are_refused_by_name() {
    let folder = Folder::new();
    folder.write("child.chd", &std::fs::read(golden("dvd-child.chd")).unwrap());
    folder.cisor(["verify", "child.chd"]).assert().code(3).stderr(contains("needs its parent"));
    let mut old = std::fs::read(golden("dvd-zlib.chd")).unwrap();
    old[15] = 4;
    folder.write("old.chd", &old);
    folder.cisor(["info", "old.chd"]).assert().code(3).stderr(contains("version 4"));
}

#[test]
fn chds_of_newer_programs_are_read() {
    let folder = Folder::new();
    for name in ["dvd-zstd.chd", "dvd-2048.chd", "cd-cdzs.chd", "raw-game.chd"] {
        folder.write(name, &std::fs::read(golden(name)).unwrap());
        folder.cisor(["verify", name]).assert().success();
    }
    let info = folder.cisor(["info", "dvd-2048.chd"]).assert().success();
    info.stdout(contains("tagged as a DVD")).stderr("");
}

#[test]
fn sheet_and_dump_give_the_image_of_the_data_track() {
    let folder = Folder::new();
    let disc = ps2_disc();
    folder.write("GAME.iso", &disc);
    folder.write("GAME.bin", &raw_sectors(&disc));
    folder.write("GAME.cue", sheet(None).as_bytes());
    folder.cisor(["compress", "--for", "opl", "GAME.cue"]).assert().success();
    folder.cisor(["compare", "GAME.zso", "GAME.iso"]).assert().success();
    folder.cisor(["compare", "GAME.bin", "GAME.cue"]).assert().success();
    folder.cisor(["extract", "-o", "back.iso", "GAME.bin"]).assert().success();
    assert!(folder.read("back.iso") == disc);
    // Whatever its name.
    folder.write("odd.iso", &raw_sectors(&disc));
    folder.cisor(["verify", "odd.iso"]).assert().success();
    let (_, json) = folder.json(&["info", "GAME.cue"]);
    assert_eq!(json[0]["source"]["kind"], "cue");
    assert_eq!(json[0]["source"]["tracks"][0]["kind"], "MODE1/2352");
    assert_eq!(json[0]["disc"]["id"], "SLES-12345");
}

/// How a block is packed.
#[derive(Clone, Copy)]
enum Packing {
    Stored,
    Deflate,
    Lz4,
}

/// A CSO or ZSO of any bytes in blocks of any size.
fn ciso(content: &[u8], block_size: usize, packing: Packing) -> Vec<u8> {
    let magic = if matches!(packing, Packing::Lz4) { b"ZISO" } else { b"CISO" };
    let blocks: Vec<Vec<u8>> = content
        .chunks(block_size)
        .map(|block| match packing {
            Packing::Stored => block.to_vec(),
            Packing::Deflate => zip::deflate(block),
            Packing::Lz4 => {
                // Literals alone.
                let more = block.len() - 15;
                let mut packed = vec![0xF0];
                packed.extend(std::iter::repeat_n(255, more / 255));
                packed.push(u8::try_from(more % 255).unwrap());
                packed.extend(block);
                packed
            }
        })
        .collect();
    let mut file = [&magic[..], &[24, 0, 0, 0]].concat();
    file.extend((content.len() as u64).to_le_bytes());
    file.extend(u32::try_from(block_size).unwrap().to_le_bytes());
    file.extend([1, 0, 0, 0]);
    let mut at = u32::try_from(24 + 4 * (blocks.len() + 1)).unwrap();
    let flag = if matches!(packing, Packing::Stored) { 1 << 31 } else { 0 };
    for block in &blocks {
        file.extend((at | flag).to_le_bytes());
        at += u32::try_from(block.len()).unwrap();
    }
    file.extend(at.to_le_bytes());
    file.extend(blocks.concat());
    file
}

/// A CSO of a raw dump.
pub(crate) fn ciso_of_raw(dump: &[u8]) -> Vec<u8> {
    ciso(dump, 2352, Packing::Deflate)
}

#[test]
fn raw_sectors_in_compressed_images_give_the_disc() {
    let disc = ps2_disc();
    let sectors = raw_sectors(&disc);
    for (block_size, packing) in [
        (2048, Packing::Stored),
        (2048, Packing::Deflate),
        (2352, Packing::Stored),
        (2352, Packing::Deflate),
        (2352, Packing::Lz4),
        (2352 * 7, Packing::Deflate),
    ] {
        let folder = Folder::new();
        folder.write("GAME.iso", &disc);
        folder.write("cd.cso", &ciso(&sectors, block_size, packing));
        folder.cisor(["compress", "--for", "opl", "-o", "GAME.zso", "cd.cso"]).assert().success();
        folder.cisor(["compare", "GAME.zso", "GAME.iso"]).assert().success();
        let info = folder.cisor(["info", "cd.cso"]).assert().success();
        info.stdout(is_match("format +raw CD sectors\n").unwrap())
            .stdout(is_match("disc +PS2 SLES-12345\n").unwrap());
    }
}

#[test]
fn damage_in_compressed_raw_sectors_is_found() {
    let folder = Folder::new();
    let sectors = raw_sectors(&ps2_disc());
    for (block_size, packing, text) in [
        (2352, Packing::Deflate, "block 20 is damaged"),
        (2048, Packing::Deflate, "block 20 is damaged"),
        // Stored bytes have no checksum, but the sectors do.
        (2352, Packing::Stored, "CD sector 20 has a wrong checksum"),
    ] {
        let mut file = ciso(&sectors, block_size, packing);
        let entry = u32::from_le_bytes(file[24 + 80..24 + 84].try_into().unwrap());
        let at = (entry & !(1 << 31)) as usize;
        if matches!(packing, Packing::Stored) {
            file[at + 100] ^= 1
        } else {
            file[at] = 0xFF
        }
        folder.write("cd.img", &file);
        for verb in ["compress", "extract", "verify"] {
            folder.cisor([verb, "cd.img"]).assert().code(1).stderr(contains(text));
            assert_eq!(folder.names(), ["cd.img"], "{verb}");
        }
    }
}

#[test]
fn audio_is_left_out_only_when_that_is_wanted() {
    let folder = Folder::new();
    let disc = ps2_disc();
    let audio = vec![0x35; 90 * 2352];
    folder.write("GAME.bin", &[raw_sectors(&disc), audio].concat());
    folder.write("GAME.cue", sheet(Some(disc.len() / SECTOR)).as_bytes());
    for input in ["GAME.cue", "GAME.bin"] {
        let run = folder.cisor(["compress", "--for", "opl", input]).assert().code(3);
        run.stderr(contains("track 2 (audio, 0:01 minutes)").and(contains("--ignore-limits")));
        folder.cisor(["extract", "-o", "GAME.iso", input]).assert().code(3);
        assert_eq!(folder.names(), ["GAME.bin", "GAME.cue"]);
    }
    let run = folder.cisor(["compress", "--ignore-limits", "--for", "opl", "GAME.cue"]).assert().success();
    run.stderr(contains("left out: track 2"));
    folder.cisor(["extract", "GAME.zso"]).assert().success();
    assert!(folder.read("GAME.iso") == disc);
}

#[test]
fn damaged_sectors_are_refused_or_listed() {
    let folder = Folder::new();
    let disc = ps2_disc();
    let mut dump = raw_sectors(&disc);
    dump[30 * 2352 + 500] ^= 1;
    folder.write("GAME.bin", &dump);
    folder.cisor(["compress", "--for", "opl", "GAME.bin"]).assert().code(1).stderr(contains("sector 30"));
    folder.cisor(["verify", "GAME.bin"]).assert().code(1).stderr(contains("sector 30"));
    assert_eq!(folder.names(), ["GAME.bin"]);
    // With --ignore-limits the bytes are read unchecked.
    folder.cisor(["extract", "--ignore-limits", "-o", "back.iso", "GAME.bin"]).assert().success();
    let back = folder.read("back.iso");
    assert_eq!(back.iter().zip(&disc).filter(|(a, b)| a != b).count(), 1);
    folder.write("cut.bin", &dump[..dump.len() - 100]);
    folder
        .cisor(["compress", "--for", "opl", "cut.bin"])
        .assert()
        .code(1)
        .stderr(contains("inside of a sector"));
}

#[test]
fn source_that_holds_more_than_the_image_is_never_deleted() {
    let folder = Folder::new();
    let disc = ps2_disc();
    folder.write("GAME.bin", &raw_sectors(&disc));
    folder.write("GAME.cue", sheet(None).as_bytes());
    let run = folder.cisor(["compress", "--rm", "--for", "opl", "GAME.cue"]).assert().failure();
    run.stderr(contains("raw CD sectors"));
    assert_eq!(folder.names(), ["GAME.bin", "GAME.cue", "GAME.zso"]);
    // A DVD's CHD does not hold anything else.
    let folder = with_chd(&psp_disc(), "4096", "zlib");
    folder.cisor(["compress", "--rm", "--for", "psp", "GAME.chd"]).assert().success();
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
}

#[test]
fn sheets_that_lead_elsewhere_are_refused() {
    let folder = Folder::new();
    for (name, text) in
        [("../GAME.bin", "not simply a file beside it"), ("NONE.bin", "which is not beside it")]
    {
        folder.write("GAME.cue", sheet(None).replace("GAME.bin", name).as_bytes());
        folder.cisor(["compress", "--for", "opl", "GAME.cue"]).assert().code(3).stderr(contains(text));
    }
    assert_eq!(folder.names(), ["GAME.cue"]);
}

#[test]
fn hash_of_retro_achievements_is_that_of_the_files_whatever_the_disc_comes_in() {
    // MD5 of "SLES_123.45" and the program's bytes; the same rule as a script's in crates/disc-info/tests.
    let folder = with_chd(&ps2_disc(), "4096", "zlib");
    folder.write("GAME.bin", &raw_sectors(&ps2_disc()));
    folder.cisor(["compress", "GAME.iso"]).assert().success();
    let hash = |args: &[&str]| folder.json(args).1[0]["retro_achievements"].as_str().unwrap().to_owned();
    let expected = hash(&["info", "GAME.iso"]);
    assert_eq!(expected.len(), 32);
    for name in ["GAME.chd", "GAME.bin", "GAME.zso"] {
        assert_eq!(hash(&["info", name]), expected, "{name}");
        assert_eq!(hash(&["verify", name]), expected, "{name}");
        folder.cisor(["info", name]).assert().success().stdout(contains(format!("RA hash    {expected}")));
        folder.cisor(["verify", name]).assert().success().stdout(contains(format!("RA hash  {expected}")));
    }
}

#[test]
fn dropped_sources_become_what_the_console_reads() {
    let folder = Folder::new();
    let disc = ps2_disc();
    std::fs::create_dir(folder.path("discs")).unwrap();
    folder.write("discs/GAME.bin", &raw_sectors(&disc));
    folder.write("discs/GAME.cue", sheet(None).as_bytes());
    folder.write("discs/PSP.iso", &psp_disc());
    chdman(
        &folder,
        &["createraw", "-i", "discs/PSP.iso", "-o", "discs/PSP.chd", "-us", "2048", "-hs", "2048"],
    );
    folder.remove("discs/PSP.iso");
    folder.cisor(["drop", "discs"]).assert().success();
    assert!(folder.path("discs/GAME.zso").exists() && folder.path("discs/PSP.cso").exists());
}

#[test]
fn folder_gives_a_sheet_and_not_the_dump_that_it_names() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("shelf")).unwrap();
    folder.write("shelf/GAME.bin", &raw_sectors(&ps2_disc()));
    folder.write("shelf/GAME.cue", sheet(None).as_bytes());
    folder.write("shelf/ALONE.bin", &raw_sectors(&psp_disc()));
    folder.write("shelf/OTHER.bin", &[7; 5000]);
    let (code, objects) = folder.json(&["compress", "-r", "--to", "zso", "shelf"]);
    let inputs: Vec<_> = objects.iter().filter_map(|object| object["input"].as_str()).collect();
    assert_eq!((code, inputs.len()), (0, 2), "{objects:?}");
    assert!(inputs[0].ends_with("ALONE.bin") && inputs[1].ends_with("GAME.cue"), "{inputs:?}");
    let summary = &objects[2]["summary"];
    assert_eq!((&summary["written"], &summary["left_alone"]), (&2.into(), &1.into()));
    let read = (psp_disc().len() + ps2_disc().len()) / SECTOR * 2352 + sheet(None).len();
    assert_eq!(summary["bytes_in"], read);
}
