//! Started with paths alone, as when they are dropped on the program's icon, or with `drop`.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};

use crate::support::{Ciso, Folder, executable, is_windows, ps2_disc, psp_disc, small_disc, unknown_disc};

/// A shortcut of Windows: its header as documented, without anything after it.
fn shortcut() -> Vec<u8> {
    let mut bytes = vec![0; 0x4C];
    bytes[..20].copy_from_slice(b"\x4C\0\0\0\x01\x14\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46");
    bytes
}

#[test]
fn each_file_gets_the_obvious() {
    let folder = Folder::new();
    folder.write("psp.iso", &psp_disc());
    folder.write("ps2.iso", &ps2_disc());
    folder.write("small.iso", &small_disc());
    folder.cisor(["compress", "-q", "--rm", "--to", "zso", "small.iso"]).assert().success();
    let run = folder.cisor(["psp.iso", "ps2.iso", "small.zso"]).assert().success();
    run.stdout(
        contains("small.zso: ok, ").and(contains("disc       PSP UCES-00001")).and(contains("SHA-256")),
    )
    .stderr(contains("psp.iso -> psp.cso: CSO").and(contains("ps2.iso -> ps2.zso: ZSO")))
    .stderr(contains("\n3 files: all done.\n"));
    assert_eq!(folder.names(), ["ps2.iso", "ps2.zso", "psp.cso", "psp.iso", "small.zso"]);
}

#[test]
fn folders_are_searched() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("discs/deep")).unwrap();
    folder.write("discs/a.iso", &small_disc());
    folder.write("discs/deep/b.iso", &ps2_disc());
    folder.write("discs/notes.txt", b"no disc");
    folder.write("other.iso", &psp_disc());
    let run = folder.cisor(["discs", "other.iso"]).assert().success();
    run.stderr(contains("3 files: all done."));
    for name in ["discs/a.cso", "discs/deep/b.zso", "other.cso"] {
        assert!(folder.path(name).is_file(), "{name}");
    }
    // Again: the packed file is verified, which shows that its image is already packed.
    let run = folder.cisor(["discs"]).assert().success();
    run.stdout(contains("a.cso: ok"))
        .stderr(contains("discs/a.iso: already done, discs/a.cso holds this disc"))
        .stderr(contains("4 files: all done."));
}

#[test]
fn copy_called_extract_extracts() {
    let folder = Folder::with_compressed_game();
    let image = folder.read("GAME.iso");
    folder.remove("GAME.iso");
    let name = if is_windows() { "cisor-extract.exe" } else { "cisor-extract" };
    std::fs::copy(executable(), folder.path(name)).unwrap();
    folder.run_copy(name, ["GAME.cso"]).assert().success().stderr(contains("1 file: done."));
    assert!(folder.read("GAME.iso") == image);
    let run = folder.run_copy(name, ["GAME.iso"]).assert().code(3);
    run.stderr(contains("GAME.iso: it is a plain image already"));
}

#[test]
fn drop_takes_what_is_to_be_done() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("discs")).unwrap();
    folder.write("discs/GAME.iso", &psp_disc());
    folder.cisor(["drop", "--for", "ppsspp", "discs"]).assert().success();
    assert_eq!(Ciso(folder.read("discs/GAME.cso")).block_size(), 16384);
    // In a folder, only the files that the action is for: the compressed file is left alone.
    folder.remove("discs/GAME.iso");
    folder.cisor(["drop", "--for", "psp", "discs"]).assert().code(2).stderr(contains("no disc images"));
    folder.cisor(["drop", "--verify", "discs"]).assert().success().stdout(contains("GAME.cso: ok"));
    folder.cisor(["drop", "--extract", "discs"]).assert().success();
    assert!(folder.read("discs/GAME.iso") == psp_disc());
    folder.cisor(["drop", "--extract", "--verify", "discs"]).assert().code(2).stderr(contains("--help"));
}

#[test]
fn advice_of_a_refusal_works_for_drop_too() {
    let folder = Folder::new();
    folder.write("GAME.iso", &psp_disc());
    folder
        .cisor(["drop", "--for", "opl", "GAME.iso"])
        .assert()
        .code(3)
        .stderr(contains("add --ignore-limits"));
    folder.cisor(["drop", "--for", "opl", "--ignore-limits", "GAME.iso"]).assert().success();
}

#[test]
fn what_is_no_disc_has_a_clear_line_each_and_nothing_is_lost() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("photos")).unwrap();
    folder.write("photos/cat.jpg", b"no disc");
    folder.write("empty.iso", b"");
    folder.write("GAME.lnk", &shortcut());
    folder.write("archive.zip", &[b'P'; 4096]);
    folder.write("letter.txt", b"no disc");
    folder.write("data.iso", &unknown_disc());
    folder.write("GAME.iso", &small_disc());
    let names =
        ["photos", "empty.iso", "GAME.lnk", "archive.zip", "letter.txt", "data.iso", "none.iso", "GAME.iso"];
    let before = folder.names();
    let run = folder.cisor(names).assert().code(2);
    run.stdout(is_empty())
        .stderr(contains("error: photos: there are no disc images in this folder\n"))
        .stderr(contains("error: empty.iso: the file is empty. Copy or dump it again.\n"))
        .stderr(contains(
            "error: GAME.lnk: it is a shortcut, not the file that it leads to. Take the file itself.\n",
        ))
        .stderr(contains("error: archive.zip: it is not recognised as a disc of the PSP or the PS2. "))
        .stderr(contains("error: letter.txt: the image has 7 bytes, which is not a whole number of "))
        .stderr(contains("error: data.iso: it is not recognised as a disc of the PSP or the PS2. "))
        .stderr(contains("error: none.iso: cannot open it: "))
        .stderr(contains("\n8 files: 1 done, 7 not done:\n"));
    let mut after = before;
    after.insert(1, "GAME.cso".into());
    after.sort();
    assert_eq!(folder.names(), after);
}

#[test]
fn shortcuts_are_refused_by_all_verbs() {
    let folder = Folder::new();
    folder.write("GAME.lnk", &shortcut());
    for verb in ["compress", "extract", "verify", "info"] {
        folder.cisor([verb, "GAME.lnk"]).assert().code(3).stderr(contains("it is a shortcut"));
    }
}

#[test]
fn commands_and_mistyped_ones_stay_what_they_are() {
    let folder = Folder::with_game();
    std::fs::create_dir(folder.path("info")).unwrap();
    folder.cisor(["info", "GAME.iso"]).assert().success().stdout(contains("plain image"));
    folder.cisor(["inof", "GAME.iso"]).assert().code(2).stderr(contains("unrecognized subcommand 'inof'"));
    folder.cisor(["GAME.iso", "--to", "zso"]).assert().code(2).stderr(contains("--help"));
    assert_eq!(folder.names(), ["GAME.iso", "info"]);
}
