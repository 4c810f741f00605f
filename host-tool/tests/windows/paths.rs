//! Drives, backslashes, wildcards, long names, file systems.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{Folder, psp_disc, small_disc};

/// The path of a file in the folder as Windows programs see it: Wine shows the root folder as drive Z.
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
    let deep = ["ディスクのフォルダー with a long name, 0123456789"; 8].join("/");
    std::fs::create_dir_all(folder.path(&deep)).unwrap();
    let name = format!("{deep}/GAME.iso");
    folder.write(&name, &small_disc());
    let path = windows_path(&folder, &name);
    assert!(path.chars().count() > 300);
    folder.cisor(["compress", &path]).assert().success();
    let packed = path.replace(".iso", ".cso");
    folder.cisor(["compress", &path]).assert().success().stderr(contains("already done"));
    folder.cisor(["compress", "-f", &path]).assert().success();
    folder.cisor(["extract", "-f", &packed]).assert().success();
    assert!(folder.read(&name) == small_disc());
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
    // Two inputs do not become one file either, even with -f.
    folder.write("other.img", &small_disc());
    std::fs::create_dir(folder.path("sub")).unwrap();
    std::fs::rename(folder.path("other.img"), folder.path("sub/GAME.img")).unwrap();
    std::fs::create_dir(folder.path("out")).unwrap();
    let run = folder.cisor(["compress", "-f", "-d", "out", "game.iso", r"sub\GAME.img"]).assert().code(3);
    run.stderr(contains("two inputs would both be written to"));
    folder.cisor(["compare", "game.iso", r"out\game.cso"]).assert().success();
}

#[test]
#[ignore = "needs Wine"]
fn room_is_looked_for_before_the_work() {
    let folder = Folder::new();
    // Disks do not have room for this; the file itself is sparse.
    let huge = std::fs::File::create(folder.path("HUGE.iso")).unwrap();
    huge.set_len(1 << 42).unwrap();
    let run = folder.cisor(["compress", "--to", "cso", "-b", "256K", "HUGE.iso"]).assert().code(2);
    run.stderr(contains("may need up to").and(contains("Make room")));
    assert_eq!(folder.names(), ["HUGE.iso"]);
}
