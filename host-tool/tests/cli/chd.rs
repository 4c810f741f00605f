//! CHDs that are written, judged by chdman. Debian's chdman has no `extractdvd`; `extractraw` writes the same bytes.

use std::process::Command;

use disc_info::test_disc;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use super::sources::chdman;
use crate::support::{Folder, SECTOR, noise, ps2_disc, psp_disc, raw_sectors, text, unknown_disc};

/// Has chdman verify a CHD, and extract it to the bytes of an image. Its exit code says nothing: 0.289 returns 0 on a
/// mismatch.
fn is_right(folder: &Folder, chd: &str, image: &str) {
    let output =
        Command::new("chdman").args(["verify", "-i", chd]).current_dir(folder.root()).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for sha1 in ["Raw SHA1 verification successful", "Overall SHA1 verification successful"] {
        assert!(said.contains(sha1), "{said}");
    }
    chdman(folder, &["extractraw", "-f", "-i", chd, "-o", "extracted"]);
    assert!(folder.read("extracted") == folder.read(image), "{chd}");
}

/// Text, tables, noise, zeros, and most of it twice, with an odd number of sectors.
fn repetitive() -> Vec<u8> {
    let mut disc = psp_disc();
    let again = disc[SECTOR * 40..SECTOR * 200].to_vec();
    disc.extend_from_slice(&again);
    if (disc.len() / SECTOR).is_multiple_of(2) {
        disc.extend_from_slice(&text(SECTOR));
    }
    disc
}

/// A PS2 game with the descriptor of UDF that DVDs have.
fn ps2_dvd() -> Vec<u8> {
    let system = b"BOOT2 = cdrom0:\\SLES_123.45;1\r\nVER = 1.00\r\nVMODE = PAL\r\n";
    let files = [("UDF", &b"\0NSR02"[..]), ("SYSTEM.CNF", system), ("SLES_123.45", &text(100_000))];
    test_disc::disc("PS2 GAME", &files)
}

fn hunk_size(folder: &Folder, name: &str) -> u64 {
    let (code, json) = folder.json(&["info", name]);
    assert_eq!((code, &json[0]["source"]["kind"]), (0, &"chd".into()));
    json[0]["source"]["hunk_size"].as_u64().unwrap()
}

#[test]
fn chdman_takes_every_hunk_size() {
    let folder = Folder::new();
    folder.write("GAME.iso", &repetitive());
    for size in ["2048", "4096", "8192", "16384", "32768"] {
        let hunk: usize = size.parse().unwrap();
        assert!(hunk == SECTOR || !repetitive().len().is_multiple_of(hunk));
        folder.cisor(["compress", "-f", "--to", "chd", "-b", size, "GAME.iso"]).assert().success();
        is_right(&folder, "GAME.chd", "GAME.iso");
        folder
            .cisor(["verify", "GAME.chd"])
            .assert()
            .success()
            .stdout(contains("has the SHA-1 in the CHD's header"));
        folder.cisor(["extract", "-f", "-o", "back.iso", "GAME.chd"]).assert().success();
        assert!(folder.read("back.iso") == folder.read("GAME.iso"), "{size}");
        assert_eq!(hunk_size(&folder, "GAME.chd"), hunk as u64);
        assert!(folder.read("GAME.chd").len() < folder.read("GAME.iso").len());
    }
}

#[test]
fn file_is_what_chdman_would_write_for_the_disc() {
    let folder = Folder::new();
    folder.write("GAME.iso", &psp_disc());
    folder.cisor(["compress", "--to", "chd", "GAME.iso"]).assert().success().stderr(contains("hunks").not());
    let (_, json) = folder.json(&["info", "GAME.chd"]);
    let source = &json[0]["source"];
    assert_eq!(source["codecs"], serde_json::json!(["lzma", "zlib", "huff", "flac"]));
    assert_eq!((&source["hunk_size"], &source["dvd_tag"]), (&2048.into(), &true.into()));
    assert_eq!(json[0]["warnings"], serde_json::json!([]));
    // The entry of metadata with its length, as chdman createdvd writes it.
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/image-source/tests/golden/dvd-2048.chd");
    let (ours, theirs) = (folder.read("GAME.chd"), std::fs::read(golden).unwrap());
    assert_eq!(ours[..32], theirs[..32]);
    assert_eq!(ours[48..64], theirs[48..64], "where the metadata is, hunk and unit sizes");
    assert_eq!(ours[124..141], theirs[124..141], "the tag");
}

#[test]
fn discs_of_zeros_of_noise_and_of_one_sector() {
    let folder = Folder::new();
    let mixed = [noise(5 * SECTOR), vec![0; 9 * SECTOR], noise(5 * SECTOR), text(3 * SECTOR)].concat();
    for disc in [vec![0; 300 * SECTOR], noise(300 * SECTOR), noise(SECTOR), vec![0; SECTOR], mixed] {
        folder.write("GAME.iso", &disc);
        for size in ["2048", "32768"] {
            folder.cisor(["compress", "-f", "--to", "chd", "-b", size, "GAME.iso"]).assert().success();
            is_right(&folder, "GAME.chd", "GAME.iso");
            folder.cisor(["compare", "GAME.chd", "GAME.iso"]).assert().success();
        }
    }
    folder.write("GAME.iso", &[]);
    folder.cisor(["compress", "-f", "--to", "chd", "GAME.iso"]).assert().code(2).stderr(contains("empty"));
}

#[test]
fn console_decides_on_the_hunk_size() {
    let folder = Folder::new();
    for (disc, size) in [(psp_disc(), 2048), (ps2_dvd(), 4096), (unknown_disc(), 2048)] {
        folder.write("GAME.iso", &disc);
        folder.cisor(["compress", "-f", "--to", "chd", "GAME.iso"]).assert().success();
        assert_eq!(hunk_size(&folder, "GAME.chd"), size);
        is_right(&folder, "GAME.chd", "GAME.iso");
    }
}

#[test]
fn number_of_threads_changes_no_byte() {
    let folder = Folder::new();
    folder.write("GAME.iso", &[repetitive(), text(3 << 20), noise(1 << 20)].concat());
    let mut first = None;
    for threads in ["1", "2", "3", "16"] {
        folder.cisor(["compress", "-f", "--to", "chd", "-j", threads, "GAME.iso"]).assert().success();
        let file = folder.read("GAME.chd");
        assert!(*first.get_or_insert_with(|| file.clone()) == file, "{threads}");
    }
    is_right(&folder, "GAME.chd", "GAME.iso");
}

#[test]
fn any_source_becomes_a_chd() {
    let folder = Folder::new();
    folder.write("GAME.iso", &psp_disc());
    folder.cisor(["compress", "--for", "psp", "GAME.iso"]).assert().success();
    folder.cisor(["compress", "--to", "chd", "-o", "of-cso.chd", "GAME.cso"]).assert().success();
    is_right(&folder, "of-cso.chd", "GAME.iso");
    chdman(
        &folder,
        &["createraw", "-i", "GAME.iso", "-o", "raw.chd", "-us", "2048", "-hs", "8192", "-c", "zlib"],
    );
    // The name asks for the format.
    folder.cisor(["compress", "-o", "of-chd.chd", "raw.chd"]).assert().success();
    is_right(&folder, "of-chd.chd", "GAME.iso");
    assert!(folder.read("of-cso.chd") == folder.read("of-chd.chd"));
    folder.cisor(["compress", "--to", "chd", "--in-place", "raw.chd"]).assert().success();
    assert!(folder.read("raw.chd") == folder.read("of-chd.chd"));
    folder.cisor(["compress", "--to", "chd", "--in-place", "GAME.cso"]).assert().code(3);
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/image-source/tests/golden/dvd-child.chd");
    std::fs::copy(golden, folder.path("child.chd")).unwrap();
    folder
        .cisor(["compress", "--to", "chd", "-o", "new.chd", "child.chd"])
        .assert()
        .code(3)
        .stderr(contains("parent"));
    assert!(!folder.path("new.chd").exists());
}

#[test]
fn cd_is_refused_with_what_makes_its_chd() {
    let folder = Folder::new();
    folder.write("GAME.iso", &ps2_disc());
    folder.write("GAME.bin", &raw_sectors(&ps2_disc()));
    folder.write("GAME.cue", b"FILE \"GAME.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
    chdman(&folder, &["createcd", "-i", "GAME.cue", "-o", "CD.chd"]);
    for (name, why) in [
        ("GAME.cue", "its data track alone would not be the disc"),
        ("GAME.bin", "its data track alone would not be the disc"),
        ("CD.chd", "its data track alone would not be the disc"),
        ("GAME.iso", "the image of a CD"),
    ] {
        let run = folder.cisor(["compress", "--to", "chd", "-o", "new.chd", name]).assert().code(3);
        run.stderr(contains(why).and(contains("chdman createcd -i GAME.")));
        if name != "GAME.iso" {
            let run = folder.cisor(["compress", "--to", "chd", "--ignore-limits", "-o", "new.chd", name]);
            run.assert().code(3);
            folder.cisor(["compress", "--to", "chd", "--keep-raw", "-o", "new.chd", name]).assert().code(3);
        }
        assert!(!folder.path("new.chd").exists(), "{name}");
    }
    folder
        .cisor(["compress", "--to", "chd", "--ignore-limits", "-o", "new.chd", "GAME.iso"])
        .assert()
        .success();
    is_right(&folder, "new.chd", "GAME.iso");
}

#[test]
fn options_that_a_chd_has_not_are_refused_or_told() {
    let folder = Folder::with_game();
    for (args, why) in [
        (&["--for", "ppsspp"][..], "it writes CSO"),
        (&["--optimize", "load"], "for fast loading"),
        (&["--align", "2048"], "--align 2048 is not possible for CHD"),
        (&["-b", "64K"], "CHD with blocks of 65536 bytes is not written"),
        (&["-b", "1024"], "at least one sector"),
        (&["-b", "6144"], "powers of two"),
    ] {
        let args = [&["compress", "--to", "chd"], args, &["GAME.iso"]].concat();
        folder.cisor(&args).assert().code(3).stderr(contains(why));
    }
    assert_eq!(folder.names(), ["GAME.iso"]);
    let run = folder.cisor(["compress", "--to", "chd", "-9", "GAME.iso"]).assert().success();
    run.stderr(contains("CHD has no levels"));
}

#[test]
fn what_is_there_is_recognised() {
    let folder = Folder::with_game();
    let again = |more: &[&str]| {
        let args = [&["compress", "--to", "chd", "--skip-existing=verified"], more, &["GAME.iso"]].concat();
        folder.cisor(&args).assert()
    };
    again(&["--sidecar"]).success();
    assert_eq!(folder.names(), ["GAME.chd", "GAME.iso", "GAME.sha256"]);
    again(&[]).success().stderr(contains("already done"));
    again(&["-b", "8192"]).code(3).stderr(contains("exists"));
    folder.cisor(["compress", "--to", "chd", "--skip-existing", "GAME.iso"]).assert().success();
    // Whatever else holds the disc is no CHD with the tag of a DVD.
    chdman(&folder, &["createraw", "-f", "-i", "GAME.iso", "-o", "GAME.chd", "-us", "2048", "-hs", "2048"]);
    again(&[]).code(3);
    folder.cisor(["compress", "--to", "chd", "-f", "--rm", "GAME.iso"]).assert().success();
    assert_eq!(folder.names(), ["GAME.chd", "GAME.sha256"]);
}

#[test]
fn dry_run_estimates_the_size() {
    let folder = Folder::new();
    folder.write("GAME.iso", &repetitive());
    let (code, json) = folder.json(&["compress", "--to", "chd", "-n", "GAME.iso"]);
    assert_eq!((code, folder.names()), (0, vec!["GAME.iso".to_owned()]));
    let planned = &json[0]["planned"];
    assert_eq!((&planned["format"], &planned["block_size"]), (&"chd".into(), &2048.into()));
    let estimate = planned["estimate"]["size"].as_u64().unwrap();
    let (code, json) = folder.json(&["compress", "--to", "chd", "GAME.iso"]);
    assert_eq!((code, &json[0]["format"], &json[0]["blocks"]), (0, &"chd".into(), &serde_json::Value::Null));
    let size = folder.read("GAME.chd").len() as u64;
    assert_eq!(json[0]["stored_size"], size);
    assert!(estimate.abs_diff(size) < size / 100, "{estimate} for {size}");
}

#[test]
fn folder_becomes_a_folder_of_chds() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("shelf/sub")).unwrap();
    std::fs::create_dir(folder.path("out")).unwrap();
    folder.write("shelf/A.iso", &psp_disc());
    folder.write("shelf/sub/B.iso", &ps2_dvd());
    folder.cisor(["compress", "-r", "-d", "out", "--to", "chd", "shelf"]).assert().success();
    is_right(&folder, "out/A.chd", "shelf/A.iso");
    is_right(&folder, "out/sub/B.chd", "shelf/sub/B.iso");
}

#[test]
fn a_chd_on_which_a_library_panics_is_refused_in_one_line() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/image-source/tests/golden/dvd-zlib.chd");
    let mut bytes = std::fs::read(golden).unwrap();
    let map = usize::try_from(u64::from_be_bytes(bytes[40..48].try_into().unwrap())).unwrap();
    // A code of 16 symbols begins with a run of 18.
    bytes[map + 16..][..2].copy_from_slice(&[0x10, 0xF0]);
    let folder = Folder::new();
    folder.write("GAME.chd", &bytes);
    for verb in ["info", "verify", "compress", "extract"] {
        let run = folder.cisor([verb, "GAME.chd"]).output();
        let text = String::from_utf8(run.stderr).unwrap();
        assert_eq!((run.status.code(), text.lines().count()), (Some(1), 1), "{verb}: {text}");
        assert!(text.starts_with("error: GAME.chd: "), "{verb}: {text}");
    }
    assert_eq!(folder.names(), ["GAME.chd"]);
}
