//! Invoked as ziso, ciso or maxcso, or through `cisor compat`.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{Ciso, Folder, executable, is_windows, ps2_disc, psp_disc};

#[test]
fn ziso_packs_and_unpacks() {
    let folder = Folder::new();
    folder.write("GAME.iso", &ps2_disc());
    folder.cisor(["compat", "ziso", "-c", "9", "-m", "GAME.iso", "GAME.zso"]).assert().success();
    let file = Ciso(folder.read("GAME.zso"));
    assert_eq!(&file.0[..4], b"ZISO");
    assert_eq!((file.block_size(), file.shift(), file.0.len() % 2048), (2048, 0, 0));
    folder.cisor(["compat", "ziso", "-c", "0", "GAME.zso", "BACK.iso"]).assert().success();
    assert!(folder.read("BACK.iso") == ps2_disc());

    folder.cisor(["compat", "ziso", "GAME.iso", "A.zso", "-c9", "-a", "4", "-t95", "-pX"]).assert().success();
    assert_eq!(Ciso(folder.read("A.zso")).shift(), 4);
    folder.cisor(["compat", "ziso", "-c1", "-b", "8192", "GAME.iso", "B.zso"]).assert().success();
    assert_eq!(Ciso(folder.read("B.zso")).block_size(), 8192);
}

#[test]
fn ciso_packs_and_unpacks() {
    let folder = Folder::with_game();
    folder.cisor(["compat", "ciso", "9", "GAME.iso", "GAME.cso"]).assert().success();
    let file = Ciso(folder.read("GAME.cso"));
    assert_eq!((&file.0[..4], file.0[0x14], file.block_size()), (&b"CISO"[..], 1, 2048));
    folder.cisor(["compat", "ciso", "0", "GAME.cso", "BACK.iso"]).assert().success();
    assert!(folder.read("BACK.iso") == psp_disc());
}

#[test]
fn maxcso_packs_and_unpacks() {
    let folder = Folder::with_game();
    folder.cisor(["compat", "maxcso", "GAME.iso"]).assert().success();
    assert_eq!(Ciso(folder.read("GAME.cso")).block_size(), 2048);
    folder.cisor(["compat", "maxcso", "--decompress", "GAME.cso", "-o", "BACK.iso"]).assert().success();
    assert!(folder.read("BACK.iso") == psp_disc());

    let formats = ["--format=cso2", "--format=zso", "--format=dax"];
    for format in formats {
        std::fs::create_dir_all(folder.path("out")).unwrap();
        let args = ["compat", "maxcso", "--fast", format, "--output-path=out", "GAME.iso"];
        folder.cisor(args).assert().success();
    }
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["GAME.cso", "GAME.dax", "GAME.zso"]);

    let run = folder
        .cisor(["compat", "maxcso", "--block=16384", "--threads=2", "GAME.iso", "-o", "L.cso"])
        .assert();
    run.success();
    assert_eq!(Ciso(folder.read("L.cso")).block_size(), 16384);
}

#[test]
fn maxcso_prints_crc_and_size() {
    let folder = Folder::with_compressed_game();
    let (_, objects) = folder.json(&["verify", "GAME.iso"]);
    let crc = objects[0]["hashes"]["crc32"].as_str().unwrap().to_owned();
    let run = folder.cisor(["compat", "maxcso", "--crc", "GAME.cso", "GAME.iso"]).assert().success();
    run.stdout(format!("GAME.cso: CRC32: {crc}\nGAME.iso: CRC32: {crc}\n"));
    let before = folder.names();
    let run = folder.cisor(["compat", "maxcso", "--measure", "GAME.iso"]).assert().success();
    let written = folder.read("GAME.cso").len();
    let text = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let measured: usize = text.split("-> ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(measured.abs_diff(written) < written / 20, "{text}");
    assert_eq!(folder.names(), before);
}

#[test]
fn program_names_stand_for_the_tools() {
    let folder = Folder::with_game();
    for (name, args) in [
        ("ziso", &["-c", "9", "GAME.iso", "1"][..]),
        ("ziso.py", &["-c", "9", "GAME.iso", "2"]),
        ("ciso", &["9", "GAME.iso", "3"]),
        ("maxcso.exe", &["GAME.iso", "-o", "4"]),
    ] {
        // Windows only starts files with this extension.
        let name =
            if is_windows() { name.replace(".py", "").replace(".exe", "") + ".exe" } else { name.into() };
        std::fs::copy(executable(), folder.path(&name)).unwrap();
        folder.run_copy(&name, args).assert().success();
        folder.remove(name);
    }
    let magic = |name: &str| folder.read(name)[..4].to_vec();
    assert_eq!([magic("1"), magic("2"), magic("3"), magic("4")], [b"ZISO", b"ZISO", b"CISO", b"CISO"]);
}

#[test]
fn existing_files_are_replaced_with_a_warning_but_only_when_all_is_well() {
    let folder = Folder::with_compressed_game();
    for args in [
        &["ziso", "-c9", "GAME.iso", "OUT"][..],
        &["ciso", "9", "GAME.iso", "OUT"],
        &["maxcso", "GAME.iso", "-o", "OUT"],
        &["maxcso", "--decompress", "GAME.cso", "-o", "OUT"],
    ] {
        folder.write("OUT", b"old");
        let run = folder.cisor(["compat"]).args(args).assert().success();
        run.stderr(contains("OUT exists; it is replaced when the new file is proven"));
        assert_ne!(folder.read("OUT"), b"old");
    }
    let mut file = Ciso(folder.read("GAME.cso"));
    file.damage(file.packed_block(20));
    folder.write("BAD.cso", &file.0);
    folder.write("OUT", b"old");
    folder.cisor(["compat", "ciso", "0", "BAD.cso", "OUT"]).assert().code(1);
    assert_eq!(folder.read("OUT"), b"old");
}

#[test]
fn input_is_never_overwritten() {
    let folder = Folder::with_compressed_game();
    let before = (folder.read("GAME.iso"), folder.read("GAME.cso"));
    for args in [
        &["ziso", "-c9", "GAME.iso", "GAME.iso"][..],
        &["ciso", "9", "GAME.iso", "./GAME.iso"],
        &["ciso", "0", "GAME.cso", "GAME.cso"],
        &["maxcso", "GAME.iso", "-o", "GAME.iso"],
        &["maxcso", "GAME.iso", "GAME.cso", "-o", "GAME.cso", "-o", "GAME.iso"],
    ] {
        let run = folder.cisor(["compat"]).args(args).assert().code(3);
        run.stderr(contains("is the input itself").or(contains("is another input of this run")));
    }
    assert!((folder.read("GAME.iso"), folder.read("GAME.cso")) == before);
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
}

#[test]
fn rests_of_images_are_not_dropped() {
    // ziso.py only packs whole blocks and loses the rest; ciso.py stops with an error.
    let folder = Folder::with_game();
    folder.cisor(["compat", "ziso", "-c9", "-b", "8192", "GAME.iso", "GAME.zso"]).assert().success();
    folder.cisor(["compat", "ziso", "-c0", "GAME.zso", "BACK.iso"]).assert().success();
    assert!(folder.read("BACK.iso") == psp_disc());
    folder.write("odd.iso", &[1; 5000]);
    folder
        .cisor(["compat", "ziso", "-c9", "odd.iso", "odd.zso"])
        .assert()
        .code(3)
        .stderr(contains("5000 bytes"));
}

#[test]
fn files_for_the_psp_are_safe_for_its_firmware() {
    let folder = Folder::with_game();
    folder.cisor(["compat", "ciso", "9", "GAME.iso", "1.cso"]).assert().success();
    folder.cisor(["compat", "maxcso", "GAME.iso", "-o", "2.cso"]).assert().success();
    folder
        .cisor(["compat", "maxcso", "--use-zopfli", "--use-libdeflate", "GAME.iso", "-o", "3.cso"])
        .assert()
        .success();
    let (_, objects) = folder.json(&["info", "--blocks", "1.cso", "2.cso", "3.cso"]);
    for object in objects {
        assert_eq!(object["lint"]["failed"], 0, "{object}");
    }
}

#[test]
fn wrong_arguments_show_the_usage_and_exit_2() {
    let folder = Folder::with_game();
    for (args, text) in [
        (&["ziso", "-c", "99", "a", "b"][..], "from 0 to 12"),
        (&["ziso", "-c", "9", "a"], "two file names"),
        (&["ziso", "-x"], "unknown option -x"),
        (&["ciso"], "a level and two file names"),
        (&["ciso", "best", "a", "b"], "from 0 to 9"),
        (&["maxcso"], "no input files"),
        (&["maxcso", "--frobnicate", "a"], "unknown option --frobnicate"),
        (&["maxcso", "GAME.iso", "--crc", "-o", "x"], "--crc writes no output"),
        (&["maxcso", "--format=dax", "--only-lz4", "GAME.iso"], "no method is left"),
    ] {
        let run = folder.cisor(["compat"]).args(args).assert().code(2);
        run.stderr(contains(text).and(contains("Usage: ")));
    }
    for tool in ["ziso", "ciso", "maxcso"] {
        folder.cisor(["compat", tool, "-h"]).assert().success().stdout(contains(format!("Usage: {tool} ")));
    }
    assert_eq!(folder.names(), ["GAME.iso"]);
}
