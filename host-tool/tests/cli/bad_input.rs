//! Impossible inputs and targets: one clear line and exit code each, and nothing is touched.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{Ciso, Folder, SECTOR};

/// Runs `compress`, `extract`, `verify` and `info` on a file and expects one line and this exit code from
/// each verb, and no new file.
fn all_verbs(folder: &Folder, name: &str, code: i32, text: &str) {
    let before = folder.names();
    for verb in ["compress", "extract", "verify", "info"] {
        let run = folder.cisor([verb, name]).assert().code(code);
        let lines = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(lines.contains(text), "{verb}: {lines}");
        assert!(lines.starts_with(&format!("error: {name}: ")), "{verb}: {lines}");
        assert_eq!(lines.lines().count(), 1, "{verb}: {lines}");
        // For `verify`, damage is a result.
        let result = if verb == "verify" && code == 1 { format!("{name}: damaged\n") } else { String::new() };
        assert_eq!(String::from_utf8_lossy(&run.get_output().stdout), result, "{verb}");
        assert_eq!(folder.names(), before, "{verb}");
    }
}

#[test]
fn missing_file() {
    all_verbs(&Folder::new(), "none.cso", 2, "cannot open it: ");
}

#[test]
fn folder_as_input() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("discs.cso")).unwrap();
    all_verbs(&folder, "discs.cso", 2, "it is a folder, not a file. Name the images in it, or use -r");
}

#[test]
fn empty_file() {
    let folder = Folder::new();
    folder.write("empty.cso", b"");
    all_verbs(&folder, "empty.cso", 2, "the file is empty");
}

#[test]
fn formats_of_other_programs_are_refused_by_name() {
    let folder = Folder::new();
    let mut gamecube = vec![0; 0x8000];
    gamecube[..8].copy_from_slice(b"CISO\0\0\x20\0");
    folder.write("gc.ciso", &gamecube);
    all_verbs(&folder, "gc.ciso", 3, "a GameCube or Wii CISO, not a PSP or PS2 image. ");
    let mut chd = vec![0; 4096];
    chd[..16].copy_from_slice(b"MComprHD\0\0\0\x7C\0\0\0\x05");
    folder.write("disc.chd", &chd);
    all_verbs(&folder, "disc.chd", 1, "the CHD is damaged: its size is none of a disc");
}

#[test]
fn header_fields_out_of_range() {
    let folder = Folder::with_compressed_game();
    let sound = folder.read("GAME.cso");
    let broken = |at: usize, bytes: &[u8]| {
        let mut file = sound.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        folder.write("BAD.cso", &file);
    };
    for (at, bytes, code, text) in [
        (0x08, &[0; 8][..], 1, "has no bytes"),
        (0x08, &[0xFF; 8], 1, "blocks"),
        (0x08, &[0, 0, 0, 0x40, 0, 0, 0, 0], 1, "index goes to byte"),
        (0x10, &[0; 4], 1, "block size 0"),
        (0x10, &3000u32.to_le_bytes(), 1, "block size 3000"),
        (0x10, &(1u32 << 30).to_le_bytes(), 1, "block size 1073741824"),
        (0x14, &[9], 3, "version 9 is not known"),
        (0x15, &[40], 1, "index shift 40"),
    ] {
        broken(at, bytes);
        all_verbs(&folder, "BAD.cso", code, text);
    }
}

#[test]
fn file_that_ends_inside_its_header_or_index() {
    let folder = Folder::with_compressed_game();
    let sound = folder.read("GAME.cso");
    for len in [4, 23, 24, 1000] {
        folder.write("CUT.cso", &sound[..len]);
        all_verbs(&folder, "CUT.cso", 1, "get another copy");
    }
}

#[test]
fn file_cut_off_at_any_place_is_noticed() {
    let folder = Folder::new();
    folder.write("small.iso", &crate::support::psp_disc()[..24 * SECTOR]);
    folder.cisor(["compress", "-q", "small.iso"]).assert().success();
    let sound = folder.read("small.cso");
    for len in (4..sound.len()).step_by(sound.len() / 40) {
        folder.write("cut.cso", &sound[..len]);
        folder.cisor(["verify", "cut.cso"]).assert().code(1);
    }
    folder.write("cut.cso", &sound[..sound.len() - 1]);
    folder.cisor(["verify", "cut.cso"]).assert().code(1);
}

#[test]
fn index_that_cannot_be_right() {
    let folder = Folder::with_compressed_game();
    let sound = Ciso(folder.read("GAME.cso"));
    let len = u32::try_from(sound.0.len()).unwrap();
    for (block, entry, text) in [
        (50, sound.u32_at(0x18 + 4 * 49) - 1, "the index gives it no bytes"),
        (50, len + 1_000_000, "the file is cut off"),
        (0, 8, "inside the header"),
        (50, len - 10, "too many bytes"),
    ] {
        let mut file = Ciso(sound.0.clone());
        file.set_entry(block, entry);
        folder.write("BAD.cso", &file.0);
        for verb in ["extract", "verify"] {
            let run = folder.cisor([verb, "BAD.cso"]).assert().code(1);
            run.stderr(contains(text))
                .stderr(contains("expected ").or(contains("bytes, and the block needs ")));
        }
        assert_eq!(folder.names(), ["BAD.cso", "GAME.cso", "GAME.iso"], "{text}");
    }
}

#[test]
fn block_longer_than_its_buffer() {
    let folder = Folder::new();
    folder.write("a.iso", &[0; 8 * SECTOR]);
    folder.cisor(["compress", "-q", "--for", "any", "a.iso"]).assert().success();
    let mut file = Ciso(folder.read("a.cso"));
    // A stored deflate block of 2049 bytes, one more than fits, at a new position after the others.
    let start = file.0.len();
    file.0.extend_from_slice(&[1, 0x01, 0x08, 0xFE, 0xF7]);
    file.0.extend_from_slice(&[7; 2049]);
    let end = file.0.len();
    let last = file.blocks() - 1;
    file.set_entry(last, u32::try_from(start).unwrap());
    file.set_entry(last + 1, u32::try_from(end).unwrap());
    folder.write("long.cso", &file.0);
    folder
        .cisor(["verify", "long.cso"])
        .assert()
        .code(1)
        .stderr(contains("the packed data holds too much: expected 2048 bytes, got more"));
}

#[test]
fn image_that_does_not_consist_of_sectors_is_refused() {
    let folder = Folder::new();
    folder.write("odd.iso", &vec![1; 10 * SECTOR + 1000]);
    let run = folder.cisor(["compress", "odd.iso"]).assert().code(3);
    run.stderr(contains(
        "odd.iso: the image has 21480 bytes, which is not a whole number of 2048-byte sectors",
    ));
    assert_eq!(folder.names(), ["odd.iso"]);
    // Its digests can be computed nevertheless.
    folder.cisor(["verify", "odd.iso"]).assert().success();
}

#[test]
fn image_that_is_shorter_than_its_file_system_warns() {
    let folder = Folder::new();
    let disc = crate::support::psp_disc();
    folder.write("cut.iso", &disc[..disc.len() - 10 * SECTOR]);
    let run = folder.cisor(["compress", "cut.iso"]).assert().success();
    run.stderr(contains("it may be cut off"));
}

#[test]
fn plain_image_needs_no_extraction() {
    let folder = Folder::with_game();
    let run = folder.cisor(["extract", "GAME.iso", "-o", "OUT.iso"]).assert().code(3);
    run.stderr("error: GAME.iso: it is a plain image already\n");
    assert_eq!(folder.names(), ["GAME.iso"]);
}

#[test]
fn target_folder_that_is_missing_or_no_folder() {
    let folder = Folder::with_compressed_game();
    for args in [["-d", "none"], ["-o", "none/GAME.zso"]] {
        let run = folder.cisor(["compress", "--to", "zso", "GAME.iso"]).args(args).assert().code(2);
        run.stderr("error: GAME.iso: the target folder none does not exist. Create it first.\n");
    }
    let file = folder.cisor(["extract", "GAME.cso", "-d", "GAME.iso"]).assert().code(2);
    file.stderr("error: GAME.cso: GAME.iso is not a folder\n");
    std::fs::create_dir(folder.path("out")).unwrap();
    let run = folder.cisor(["extract", "GAME.cso", "-o", "out"]).assert().code(2);
    run.stderr("error: GAME.cso: out is a folder. Use -d to write into a folder.\n");
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso", "out"]);
}

#[test]
fn content_decides_whatever_the_name_says() {
    let folder = Folder::with_compressed_game();
    std::fs::rename(folder.path("GAME.cso"), folder.path("GAME.zso")).unwrap();
    let run = folder.cisor(["verify", "GAME.zso"]).assert().success();
    run.stderr("warning: GAME.zso: by its content this is a CSO image, whatever its name says\n");
    std::fs::copy(folder.path("GAME.iso"), folder.path("ISO.cso")).unwrap();
    let plain = folder.cisor(["info", "ISO.cso"]).assert().success();
    plain.stderr(contains("by its content this is a plain image"));
}
