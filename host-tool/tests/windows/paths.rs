//! Drives, backslashes, wildcards, long names, file systems.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{Folder, psp_disc, small_disc};

/// The path of a file in the folder as Windows programs have it: Wine shows the root folder as drive Z.
fn windows_path(folder: &Folder, name: &str) -> String {
    format!("Z:{}", folder.path(name).display()).replace('/', "\\")
}

#[test]
#[ignore = "needs Wine"]
fn drives_backslashes_and_verbatim_paths_work() {
    let folder = Folder::new();
    folder.write("GAME.iso", &small_disc());
    let path = windows_path(&folder, "GAME.iso");
    let forms = [path.clone(), path.replace('\\', "/"), format!(r"\\?\{path}"), path[2..].to_owned()];
    for form in forms {
        folder.cisor(["compress", "-f", &form]).assert().success();
        assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"], "{form}");
        folder.remove("GAME.cso");
    }
    std::fs::create_dir(folder.path("out")).unwrap();
    folder.cisor(["compress", r".\GAME.iso", "-d", r"out\"]).assert().success();
    folder.cisor(["compare", r"out\GAME.cso", "GAME.iso"]).assert().success();
}

#[test]
#[ignore = "needs Wine"]
fn wildcards_are_expanded_and_brackets_are_names() {
    let folder = Folder::new();
    for name in ["a.iso", "b.ISO", "c[1].iso", "c1.iso", "ゲーム.iso"] {
        folder.write(name, &small_disc());
    }
    let run = folder.cisor(["verify", "*.iso"]).assert().success();
    for name in ["a.iso", "b.ISO", "c[1].iso", "c1.iso", "ゲーム.iso"] {
        assert!(String::from_utf8_lossy(&run.get_output().stdout).contains(&format!("{name}: ok")), "{name}");
    }
    let one = folder.cisor(["verify", "c[1].iso"]).assert().success();
    one.stdout(contains("c[1].iso: ok").and(contains("c1.iso").not()));
    let deep = windows_path(&folder, "?.iso");
    let run = folder.cisor(["verify", &deep]).assert().success();
    run.stdout(contains("a.iso: ok").and(contains("b.ISO: ok")).and(contains("c1.iso").not()));
    folder.cisor(["verify", "none*.iso"]).assert().code(2).stderr(contains("none*.iso: cannot open it"));
}

#[test]
#[ignore = "needs Wine"]
fn long_paths_work() {
    let folder = Folder::new();
    let deep = vec!["ディスクのフォルダー with a long name, 0123456789"; 8].join("/");
    std::fs::create_dir_all(folder.path(&deep)).unwrap();
    let name = format!("{deep}/GAME.iso");
    folder.write(&name, &small_disc());
    let path = windows_path(&folder, &name);
    assert!(path.chars().count() > 300);
    folder.cisor(["compress", &path]).assert().success();
    let packed = path.replace(".iso", ".cso");
    folder.cisor(["compress", &path]).assert().code(3).stderr(contains("exists already"));
    folder.cisor(["compress", "-f", &path]).assert().success();
    folder.cisor(["extract", "-f", &packed]).assert().success();
    assert!(folder.read(&name) == small_disc());
    let inside = folder.cisor(["verify", "GAME.cso"]).in_folder(folder.path(&deep));
    inside.assert().success();
}

#[test]
#[ignore = "needs Wine"]
fn names_with_all_that_windows_allows_work() {
    let folder = Folder::new();
    for name in [
        "100% & more ^ !.iso",
        "ファイナル 第一章.iso",
        "Zwölf (Türme) [EU] {1}.iso",
        "a;b,c=d+e~'f'.iso",
        "😀.iso",
    ] {
        folder.write(name, &small_disc());
        let packed = name.replace(".iso", ".cso");
        folder.cisor(["compress", name]).assert().success().stderr(contains(&packed));
        folder.cisor(["compare", name, &packed]).assert().success();
        folder.remove(name);
        folder.cisor(["extract", "--rm", &packed]).assert().success();
        assert_eq!(folder.names(), [name]);
        folder.remove(name);
    }
}

#[test]
#[ignore = "needs Wine"]
fn targets_that_differ_by_case_alone_are_one_file() {
    let folder = Folder::new();
    folder.write("game.iso", &psp_disc());
    folder
        .cisor(["compress", "-f", "game.iso", "-o", "GAME.ISO"])
        .assert()
        .code(3)
        .stderr(contains("input itself"));
    assert!(folder.read("game.iso") == psp_disc());
    assert_eq!(folder.names(), ["game.iso"]);
}

/// The drive whose medium is a file that begins as a disk formatted with FAT32 does.
fn fat_drive(folder: &Folder) -> std::path::PathBuf {
    let mut sector = vec![0; 1 << 20];
    sector[..3].copy_from_slice(b"\xEB\x58\x90");
    sector[3..11].copy_from_slice(b"MSDOS5.0");
    // 512 bytes in a sector, 8 sectors in a cluster, 32 reserved, 2 tables, a fixed disk.
    sector[11..13].copy_from_slice(&512u16.to_le_bytes());
    sector[13] = 8;
    sector[14..16].copy_from_slice(&32u16.to_le_bytes());
    sector[16] = 2;
    sector[21] = 0xF8;
    sector[32..36].copy_from_slice(&20_000_000u32.to_le_bytes());
    sector[36..40].copy_from_slice(&20_000u32.to_le_bytes());
    sector[44..48].copy_from_slice(&2u32.to_le_bytes());
    sector[66] = 0x29;
    sector[71..82].copy_from_slice(b"CARD       ");
    sector[82..90].copy_from_slice(b"FAT32   ");
    sector[510..512].copy_from_slice(&[0x55, 0xAA]);
    folder.write("card.img", &sector);
    std::fs::create_dir(folder.path("card")).unwrap();
    let devices = std::path::PathBuf::from(std::env::var_os("WINEPREFIX").unwrap()).join("dosdevices");
    let drive = devices.join("v:");
    for (link, to) in [(&drive, "card"), (&devices.join("v::"), "card.img")] {
        let _ = std::fs::remove_file(link);
        std::os::unix::fs::symlink(folder.path(to), link).unwrap();
    }
    drive
}

#[test]
#[ignore = "needs Wine"]
fn fat_disks_are_refused_what_they_cannot_hold() {
    let folder = Folder::new();
    fat_drive(&folder);
    let huge = std::fs::File::create(folder.path("HUGE.iso")).unwrap();
    huge.set_len(5 << 30).unwrap();
    let run = folder.cisor(["compress", "--to", "zso", "HUGE.iso", "-d", r"V:\"]).assert().code(2);
    run.stderr(
        contains("its disk is formatted with FAT, which takes no file of 4 GiB or more")
            .and(contains("exFAT")),
    );
    assert!(std::fs::read_dir(folder.path("card")).unwrap().next().is_none());
    // What fits is written there.
    folder.write("GAME.iso", &small_disc());
    folder.cisor(["compress", "GAME.iso", "-d", r"V:\"]).assert().success();
    assert!(folder.path("card/GAME.cso").is_file());
}

#[test]
#[ignore = "needs Wine"]
fn room_is_looked_for_before_the_work() {
    let folder = Folder::new();
    // No disk has room for this; the file itself takes none.
    let huge = std::fs::File::create(folder.path("HUGE.iso")).unwrap();
    huge.set_len(1 << 42).unwrap();
    let run = folder.cisor(["compress", "--to", "cso", "-b", "256K", "HUGE.iso"]).assert().code(2);
    run.stderr(contains("may need up to").and(contains("Make room")));
    assert_eq!(folder.names(), ["HUGE.iso"]);
}
