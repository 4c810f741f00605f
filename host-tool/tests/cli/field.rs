//! Problems reported from the field, by report number.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};

use crate::support::zip::{Packed, zip};
use crate::support::{Ciso, Folder, SECTOR, noise, ps2_disc, psp_disc, raw_sectors, small_disc};

/// 12: blocks of a size that firmwares do not accept are packed, whatever the lint would say about their
/// streams.
#[test]
fn maxcso_packs_large_blocks() {
    let folder = Folder::with_game();
    for block in ["65536", "262144"] {
        let out = format!("{block}.cso");
        let block = format!("--block={block}");
        folder.cisor(["compat", "maxcso", &block, "GAME.iso", "-o", &out]).assert().success();
        assert!(folder.read(&out).len() < psp_disc().len() / 2, "{out}");
    }
    let large = ["compress", "--for", "pcsx2", "-b", "256K", "--ignore-limits", "GAME.iso", "-o", "P.cso"];
    folder.cisor(large).assert().success();
    assert_eq!(Ciso(folder.read("P.cso")).block_size(), 256 << 10);
}

/// 12: a file that is larger than the image is always reported.
#[test]
fn file_that_is_larger_than_the_disc_comes_with_a_warning() {
    let folder = Folder::new();
    folder.write("NOISE.iso", &noise(40 * SECTOR));
    for args in [&["compress", "--to", "cso"][..], &["compat", "maxcso"]] {
        let run = folder.cisor(args).arg("NOISE.iso").assert().success();
        run.stderr(contains("warning: NOISE.iso: the file is larger than the disc: 82,"));
        folder.remove("NOISE.cso");
    }
}

/// 13: the script that custom firmwares' maintainers recommend has options.
#[test]
fn ciso_py_takes_its_options() {
    let folder = Folder::with_game();
    let args = ["compat", "ciso", "-c", "9", "-m", "-t", "95", "-a", "3", "-p", "X", "GAME.iso", "GAME.cso"];
    folder.cisor(args).assert().success();
    let file = Ciso(folder.read("GAME.cso"));
    assert_eq!((&file.0[..4], file.block_size(), file.shift()), (&b"CISO"[..], 2048, 3));
    folder.cisor(["compat", "ciso", "-c", "0", "GAME.cso", "BACK.iso"]).assert().success();
    assert!(folder.read("BACK.iso") == psp_disc());
    folder.cisor(["compat", "ciso", "-c", "10", "GAME.iso", "X.cso"]).assert().code(2);
}

/// 13: Danixu's ziso is recognised by its -i.
#[test]
fn danixus_ziso_takes_its_options() {
    let folder = Folder::new();
    folder.write("GAME.iso", &ps2_disc());
    folder.cisor(["compat", "ziso", "-i", "GAME.iso", "-c", "12", "-l", "-h"]).assert().success();
    let file = Ciso(folder.read("GAME.zso"));
    assert_eq!((&file.0[..4], file.0.len() % 2048), (&b"ZISO"[..], 0));
    // A packed file is unpacked, and nothing is replaced without -r.
    folder.write("OUT.iso", b"precious");
    let args = ["compat", "ziso", "--input=GAME.zso", "-o", "OUT.iso"];
    folder.cisor(args).assert().code(3).stderr(contains("OUT.iso exists already"));
    folder.cisor(args).arg("-r").assert().success();
    assert!(folder.read("OUT.iso") == ps2_disc());
}

/// 13: a fourth name.
#[test]
fn iso2zso_takes_its_options_and_refuses_what_no_reader_knows() {
    let folder = Folder::new();
    folder.write("GAME.iso", &ps2_disc());
    let args = ["-b", "2", "-c", "12", "-m", "lz4", "-p", "2", "--checksum", "crc32", "--verify"];
    folder.cisor(["compat", "iso2zso"]).args(args).args(["GAME.iso", "GAME.zso"]).assert().success();
    assert_eq!(Ciso(folder.read("GAME.zso")).block_size(), 2048);
    for (method, reason) in [("zstd", "no reader knows Zstandard"), ("zlib", "--to cso2")] {
        let run = folder.cisor(["compat", "iso2zso", "-m", method, "GAME.iso", "X.zso"]).assert().code(2);
        run.stderr(contains(format!("-m {method} is refused")).and(contains(reason)));
    }
    assert!(!folder.path("X.zso").exists());
}

/// 14: -o within --output-path, the version, and methods that the format does not have.
#[test]
fn maxcso_is_taken_at_its_word() {
    let folder = Folder::with_game();
    std::fs::create_dir(folder.path("D")).unwrap();
    folder.cisor(["compat", "maxcso", "--output-path=D", "GAME.iso", "-o", "n.cso"]).assert().success();
    assert!(folder.path("D/n.cso").is_file() && !folder.path("n.cso").exists());
    folder
        .cisor(["compat", "maxcso", "-v"])
        .assert()
        .success()
        .stdout(is_match("^maxcso, by cisor [0-9.]+").unwrap());
    for (args, out) in
        [(["--format=cso1", "--only-lz4"], "a.cso"), (["--format=zso", "--only-zlib"], "a.zso")]
    {
        let run =
            folder.cisor(["compat", "maxcso"]).args(args).args(["GAME.iso", "-o", out]).assert().success();
        run.stderr(contains("every block is stored"));
        let file = Ciso(folder.read(out));
        assert!((0..file.blocks()).all(|block| file.is_plain(block)), "{out}");
        folder.cisor(["compare", "GAME.iso", out]).assert().success();
    }
}

/// 15: programs that watch a pipe see lines.
#[test]
fn plain_progress_is_lines_on_a_pipe() {
    let folder = Folder::with_game();
    let run = folder.cisor(["compress", "--progress=plain", "GAME.iso"]).assert().success();
    run.stderr(contains("packing GAME.iso: 100 %\n").and(contains("verifying GAME.cso: 100 %\n")));
    let run = folder.cisor(["verify", "--progress=plain", "GAME.iso", "GAME.cso"]).assert().success();
    run.stderr(contains("0 %: file 1 of 2, verifying GAME.iso: ").and(contains("100 %: 2 files\n")));
    let run = folder.cisor(["info", "--progress=plain", "GAME.iso", "GAME.cso"]).assert().success();
    run.stderr(contains("0 %: file 1 of 2, reading GAME.iso: ").and(contains("100 %: 2 files\n")));
    let run = folder.cisor(["verify", "--progress=never", "GAME.cso"]).assert().success();
    run.stderr(contains("%").not());
}

/// 18: verify says what it has shown, and compress prints what to compare with.
#[test]
fn verify_says_how_much_is_stored_without_a_checksum() {
    let folder = Folder::with_game();
    let run = folder.cisor(["compress", "GAME.iso"]).assert().success();
    let text = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    let (_, sha1) = text.trim_end().split_once("SHA-1 of the disc ").unwrap();
    let shown =
        "every packed block decodes; [0-9.]+ % of the file is stored without a checksum: compare the SHA-1";
    let run = folder.cisor(["verify", "GAME.cso"]).assert().success();
    run.stdout(contains(format!("SHA-1    {sha1}")).and(is_match(shown).unwrap()));

    let (_, objects) = folder.json(&["verify", "GAME.cso"]);
    let file = Ciso(folder.read("GAME.cso"));
    let stored = (0..file.blocks()).filter(|&block| file.is_plain(block));
    let stored: usize = stored.map(|block| file.position(block + 1) - file.position(block)).sum();
    assert_eq!(objects[0]["stored_bytes"], stored);
}

/// 18: a container's own checksums are among what was shown.
#[test]
fn verify_says_what_the_checksums_of_a_container_have_shown() {
    let folder = Folder::new();
    folder.write("GAME.zip", &zip(&[Packed::stored("GAME.iso", &psp_disc())]));
    folder.write("GAME.bin", &raw_sectors(&ps2_disc()));
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/image-source/tests/golden/dvd-zstd.chd");
    std::fs::copy(golden, folder.path("GAME.chd")).unwrap();
    for (file, shown) in [
        ("GAME.zip", "it decodes, and has the CRC-32 in the archive\n"),
        ("GAME.bin", "every raw data sector has the checksum (EDC) in it: compare the SHA-1 with"),
        ("GAME.chd", "it decodes, and has the SHA-1 in the CHD's header\n"),
    ] {
        let run = folder.cisor(["verify", file]).assert().success();
        run.stdout(contains(format!("  shown    {shown}")));
    }
    // Where not every sector has a checksum, nothing else is said: a sheet's sectors of 2048 bytes, one without a mode.
    folder.write("plain.bin", &ps2_disc());
    folder.write("plain.cue", b"FILE \"plain.bin\" BINARY\n  TRACK 01 MODE1/2048\n    INDEX 01 00:00:00\n");
    let mut raw = raw_sectors(&ps2_disc());
    let last = raw.len() - 2352;
    raw[last + 15..].fill(0);
    folder.write("empty.bin", &raw);
    for file in ["plain.cue", "empty.bin"] {
        let run = folder.cisor(["verify", file]).assert().success();
        run.stdout(contains("have the right one, but not all have one: compare the SHA-1 with"));
    }
}

/// 20: the lint's result in plain words, but only if a firmware may read the file.
#[test]
fn firmware_safety_is_said_where_it_matters() {
    let folder = Folder::with_game();
    let says = |args: &[&str]| {
        let run = folder.cisor(args).output();
        [run.stdout, run.stderr].map(|text| String::from_utf8(text).unwrap()).concat()
    };
    assert!(says(&["compress", "GAME.iso", "-o", "a.cso"]).contains("; safe for the PSP's firmware"));
    assert!(says(&["verify", "a.cso"]).contains("PSP      safe for the PSP's firmware"));
    let info = says(&["info", "a.cso"]);
    assert!(!info.contains("cisor info --blocks"), "{info}");
    let unsafe_one = ["compress", "--to", "cso", "--best", "GAME.iso", "-o", "b.cso"];
    assert!(says(&unsafe_one).contains("not safe for the PSP's firmware: "));
    assert!(says(&["verify", "b.cso"]).contains("PSP      not safe for the PSP's firmware: "));
    assert!(says(&["info", "b.cso"]).contains("are not firmware-safe"));
    for profile in ["ppsspp", "pcsx2"] {
        let text = says(&["compress", "-f", "--ignore-limits", "--for", profile, "GAME.iso", "-o", "c.cso"]);
        assert!(!text.contains("firmware") && !text.contains("lint"), "{text}");
    }
    assert!(!says(&["verify", "c.cso"]).contains("firmware"));
}

/// 22: a mixed folder.
#[test]
fn files_that_are_left_alone_are_counted() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("discs")).unwrap();
    folder.write("discs/a.iso", &small_disc());
    for name in ["a.rar", "b.RAR", "c.bin", "readme"] {
        folder.write(format!("discs/{name}"), b"x");
    }
    let run = folder.cisor(["discs"]).assert().success();
    run.stderr(contains("note: discs: 4 files left alone: 2 .rar, 1 .bin, 1 without extension\n"));
}

/// 24: one folder for all, levels and --rm.
#[test]
fn drop_keeps_sub_folders_apart() {
    let folder = Folder::new();
    for name in ["discs/one", "discs/two", "out"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("discs/one/GAME.iso", &small_disc());
    folder.write("discs/two/GAME.iso", &psp_disc());
    folder.write("discs/GAME.iso", &psp_disc());
    folder.cisor(["drop", "-d", "out", "-1", "--rm", "discs"]).assert().success();
    for name in ["GAME.cso", "one/GAME.cso", "two/GAME.cso"] {
        assert!(folder.path("out").join(name).is_file(), "{name}");
        assert!(!folder.path("discs").join(name).with_extension("iso").exists(), "{name}");
    }
    let run = folder.cisor(["drop", "-d", "none", "out"]).assert();
    run.success();
    folder.write("discs/GAME.iso", &psp_disc());
    folder.cisor(["drop", "-d", "none", "discs"]).assert().code(2).stderr(contains("none does not exist"));
}

/// 23: a .cmd file that was started without anything dropped on it.
#[test]
fn script_without_files_says_so() {
    let folder = Folder::new();
    let line = r#"cmd.exe /c ""C:\Cisor\Compress for PSP.cmd" ""#;
    let run = folder.cisor(["drop", "--script", r"C:\Cisor\Compress for PSP.cmd"]);
    run.env("CISOR_COMMAND_LINE", line)
        .assert()
        .code(2)
        .stderr(contains("nothing was dropped on it. Drop disc images"));
}

/// 11: advice works as it is printed.
#[test]
fn advice_names_a_file_to_write() {
    let folder = Folder::new();
    folder.write("GAME.iso", &ps2_disc());
    folder.cisor(["compress", "-q", "GAME.iso"]).assert().success();
    let mut file = folder.read("GAME.zso");
    file.truncate(Ciso(file.clone()).position(Ciso(file.clone()).blocks()));
    if file.len().is_multiple_of(SECTOR) {
        file.push(0);
    }
    folder.write("odd.zso", &file);
    folder
        .cisor(["info", "odd.zso"])
        .assert()
        .stdout(contains("`cisor compress --for opl -o NEW.zso` fills it up"));
    let run = folder.cisor(["compress", "--for", "opl", "odd.zso"]).assert().code(3);
    run.stderr(contains(
        "odd.zso is the input itself. Name another file with -o, or another folder with -d.",
    ));
    folder.cisor(["compress", "--for", "opl", "odd.zso", "-o", "NEW.zso"]).assert().success();
}
