//! From images to compressed files, to other compressed files, and back.

use predicates::str::contains;

use crate::support::{Ciso, Folder, SECTOR, ps2_disc, psp_disc, unknown_disc};

#[test]
fn every_format_and_block_size_round_trips() {
    let folder = Folder::with_game();
    let image = folder.read("GAME.iso");
    for (format, extension, sizes) in [
        ("cso", "cso", &["2048", "8K", "256K"][..]),
        ("cso2", "cso", &["2048", "16K"]),
        ("zso", "zso", &["2048", "4096", "32K"]),
        ("dax", "dax", &["8192"]),
        ("jso", "jso", &["2048"]),
    ] {
        for size in sizes {
            let file = format!("OUT.{extension}");
            let compress = ["compress", "-q", "--to", format, "-b", size, "-1", "GAME.iso", "-o", &file];
            folder.cisor(compress).assert().success();
            folder.cisor(["extract", &file, "-o", "BACK.iso"]).assert().success();
            assert!(folder.read("BACK.iso") == image, "{format} with blocks of {size}");
            folder.remove(&file);
            folder.remove("BACK.iso");
        }
    }
}

#[test]
fn what_is_to_load_fast_is_said_so_and_round_trips() {
    let folder = Folder::with_game();
    let image = folder.read("GAME.iso");
    for format in ["cso", "cso2", "zso", "jso"] {
        let mut stored = Vec::new();
        for optimize in ["size", "load"] {
            let run = folder.cisor([
                "compress",
                "--json",
                "--to",
                format,
                "--optimize",
                optimize,
                "GAME.iso",
                "-f",
                "-o",
                "OUT",
            ]);
            let record: serde_json::Value =
                serde_json::from_slice(&run.assert().success().get_output().stdout).unwrap();
            assert_eq!(record["optimize"], optimize);
            stored.push(record["blocks"]["stored"].as_u64());
            folder.cisor(["verify", "OUT"]).assert().success();
            folder.cisor(["extract", "-f", "OUT", "-o", "BACK.iso"]).assert().success();
            assert!(folder.read("BACK.iso") == image, "{format} for {optimize}");
        }
        assert!(stored[0] <= stored[1], "{format}: {stored:?}");
    }
    folder.cisor(["compress", "--to", "dax", "--optimize", "load", "GAME.iso"]).assert().code(3);
    folder
        .cisor(["compress", "-v", "--optimize", "load", "GAME.iso"])
        .assert()
        .success()
        .stderr(contains("for the shortest loading time"));
}

#[test]
fn every_profile_round_trips_and_keeps_its_rules() {
    let folder = Folder::with_game();
    let image = folder.read("GAME.iso");
    for (profile, block_size, magic) in [
        ("psp", 2048, b"CISO"),
        ("adrenaline", 2048, b"CISO"),
        ("ark", 2048, b"CISO"),
        ("ppsspp", 16384, b"CISO"),
        ("pcsx2", 16384, b"CISO"),
        ("opl", 2048, b"ZISO"),
        ("cisor", 2048, b"CISO"),
        ("any", 2048, b"CISO"),
    ] {
        // Half of them are for the other console.
        let args = ["compress", "-f", "--ignore-limits", "--for", profile, "GAME.iso", "-o", "OUT"];
        folder.cisor(args).assert().success();
        let file = Ciso(folder.read("OUT"));
        assert_eq!(&file.0[..4], magic, "{profile}");
        assert_eq!(file.u32_at(4), 24, "{profile}: header size");
        assert_eq!(file.image_size(), image.len() as u64, "{profile}");
        assert_eq!(file.block_size(), block_size, "{profile}");
        assert_eq!(&file.0[0x14..0x18], [1, 0, 0, 0], "{profile}: version, shift, unused");
        assert_eq!(file.position(0), 0x18 + 4 * (file.blocks() + 1), "{profile}: data behind the index");
        assert!(!file.is_plain(file.blocks()), "{profile}: the last entry has no flag");
        for block in 0..file.blocks() {
            let len = file.position(block + 1).checked_sub(file.position(block));
            assert!(len.is_some_and(|len| len > 0 && len <= block_size as usize), "{profile}: block {block}");
        }
        if profile == "opl" {
            assert_eq!(file.0.len() % 2048, 0, "file padded");
            assert!(file.position(file.blocks()) <= file.0.len());
        } else {
            assert_eq!(file.position(file.blocks()), file.0.len(), "{profile}: nothing behind the data");
        }
        folder.cisor(["extract", "OUT", "-o", "BACK.iso"]).assert().success();
        assert!(folder.read("BACK.iso") == image, "{profile}");
        folder.remove("OUT");
        folder.remove("BACK.iso");
    }
}

#[test]
fn disc_decides_for_whom_it_is_written() {
    let folder = Folder::new();
    folder.write("psp.iso", &psp_disc());
    folder.write("ps2.iso", &ps2_disc());
    folder.write("other.iso", &unknown_disc());
    folder.write("none.iso", &[7; 4 * SECTOR]);
    folder.cisor(["compress", "psp.iso", "ps2.iso"]).assert().success();
    let unknown = folder.cisor(["compress", "other.iso", "none.iso"]).assert().success();
    unknown
        .stderr(contains(
            "other.iso: This does not look like a PSP or PS2 disc; packing it for the PSP anyway",
        ))
        .stderr(contains(
            "none.iso: This does not look like a PSP or PS2 disc; packing it for the PSP anyway",
        ));
    let names =
        ["none.cso", "none.iso", "other.cso", "other.iso", "ps2.iso", "ps2.zso", "psp.cso", "psp.iso"];
    assert_eq!(folder.names(), names);
}

#[test]
fn compressed_files_can_be_compressed_again() {
    let folder = Folder::with_game();
    let image = folder.read("GAME.iso");
    folder.cisor(["compress", "GAME.iso"]).assert().success();
    folder.cisor(["compress", "--to", "zso", "GAME.cso"]).assert().success();
    folder.cisor(["compress", "--to", "cso2", "GAME.zso", "-o", "TWO.cso"]).assert().success();
    folder.cisor(["compress", "--to", "jso", "TWO.cso"]).assert().success();
    folder.cisor(["compress", "--to", "dax", "TWO.jso"]).assert().success();
    folder.cisor(["extract", "TWO.dax"]).assert().success();
    assert!(folder.read("TWO.iso") == image);
}

#[test]
fn same_bytes_come_out_of_any_number_of_threads() {
    let folder = Folder::with_game();
    for threads in ["1", "3", "16"] {
        let file = format!("{threads}.cso");
        folder.cisor(["compress", "-j", threads, "GAME.iso", "-o", &file]).assert().success();
        folder.cisor(["extract", "-j", threads, &file]).assert().success();
        assert!(folder.read(format!("{threads}.iso")) == folder.read("GAME.iso"));
    }
    assert!(folder.read("1.cso") == folder.read("3.cso"));
    assert!(folder.read("1.cso") == folder.read("16.cso"));
}

#[test]
fn higher_levels_make_smaller_files() {
    let folder = Folder::new();
    folder.write("GAME.iso", &psp_disc()[..200 * SECTOR]);
    let mut last = usize::MAX;
    for level in ["-1", "-6", "-9", "--best"] {
        folder.cisor(["compress", "-f", "--to", "cso", level, "GAME.iso"]).assert().success();
        let len = folder.read("GAME.cso").len();
        assert!(len < last, "{level}: {len} bytes, {last} before");
        last = len;
    }
}

#[test]
fn names_of_targets_follow_from_the_inputs() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("out")).unwrap();
    let image = psp_disc()[..64 * SECTOR].to_vec();
    for name in ["GAME.ISO", "Game v1.02", "ゲーム.iso"] {
        folder.write(name, &image);
    }
    folder.cisor(["compress", "-d", "out", "GAME.ISO", "Game v1.02", "ゲーム.iso"]).assert().success();
    for name in ["GAME.cso", "Game v1.02.cso", "ゲーム.cso"] {
        assert!(folder.path("out").join(name).is_file(), "{name}");
    }
    // From another folder; the output goes next to the input.
    folder.cisor(["extract", "out/ゲーム.cso"]).assert().success();
    assert!(folder.read("out/ゲーム.iso") == image);
}

#[test]
fn name_of_the_output_asks_for_a_format() {
    let folder = Folder::with_game();
    folder.cisor(["compress", "GAME.iso", "-o", "A.zso"]).assert().success();
    assert_eq!(&folder.read("A.zso")[..4], b"ZISO");
    // Safe for the PSP, as without -o: the name of the default format changes nothing.
    let (_, objects) = folder.json(&["compress", "GAME.iso", "-o", "A.cso"]);
    assert_eq!(objects[0]["profile"], "psp");
    let odd = folder.cisor(["compress", "--to", "zso", "GAME.iso", "-o", "B.cso"]).assert().success();
    odd.stderr(contains("B.cso will be a ZSO image, whatever its name says"));
}

#[test]
fn alignment_and_threshold_reach_the_file() {
    let folder = Folder::with_game();
    let plain = |args: &[&str]| {
        folder.cisor(["compress", "-f", "GAME.iso", "-o", "OUT.cso"]).args(args).assert().success();
        let file = Ciso(folder.read("OUT.cso"));
        let plain = (0..file.blocks()).filter(|&block| file.is_plain(block)).count();
        (plain, file)
    };
    let (_, file) = plain(&["--to", "cso", "--align", "64"]);
    assert_eq!(file.shift(), 6);
    assert!((0..file.blocks()).all(|block| file.position(block) % 64 == 0));
    let (at_100, _) = plain(&["--threshold", "100"]);
    let (at_30, _) = plain(&["--threshold", "30"]);
    assert!(at_30 > at_100, "{at_30} {at_100}");
}

#[test]
fn combinations_that_a_reader_cannot_use_are_refused_with_reason_and_fix() {
    let folder = Folder::with_game();
    folder.write("PS2.iso", &ps2_disc());
    for (args, reason) in [
        (&["--for", "opl", "-b", "8192"][..], "2048"),
        (&["--for", "psp", "-b", "16K"], "2048"),
        (&["--for", "ark", "-b", "16K"], "8192"),
        (&["--for", "opl", "--to", "cso"], "zso"),
        (&["--for", "ppsspp", "--to", "zso"], "cso"),
        (&["--to", "dax", "-b", "2048"], "8192"),
        (&["--to", "cso", "-b", "3000"], "power"),
        (&["--for", "cisor", "-b", "16K"], "add --ignore-limits"),
        (&["--for", "cisor", "-b", "16K", "-f"], "add --ignore-limits"),
        (&["--for", "pcsx2", "-b", "64K"], "add --ignore-limits"),
    ] {
        let disc = if matches!(args[1], "opl" | "pcsx2") { "PS2.iso" } else { "GAME.iso" };
        let run = folder.cisor(["compress", disc]).args(args).assert().code(3);
        let text = String::from_utf8_lossy(&run.get_output().stderr).to_ascii_lowercase();
        assert!(text.contains(reason), "{args:?}: {text}");
        assert_eq!(text.lines().count(), 1, "one line: {text}");
        assert_eq!(folder.names(), ["GAME.iso", "PS2.iso"], "{args:?}");
    }
    let insisted = ["compress", "--for", "cisor", "-b", "16K", "--ignore-limits", "GAME.iso"];
    folder.cisor(insisted).assert().success().stderr(contains("warning"));
    // It does not replace an existing file.
    folder.write("GAME.cso", b"another file");
    folder.cisor(insisted).assert().code(3).stderr(contains("GAME.cso exists already"));
    assert_eq!(folder.read("GAME.cso"), b"another file");
}
