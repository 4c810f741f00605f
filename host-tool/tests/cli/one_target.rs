//! Two inputs that would become one file, whatever paths name them: the second one is refused, and both
//! discs stay.

use predicates::str::contains;

use crate::support::{Folder, is_windows, psp_disc, small_disc};

/// A folder `a` with two different discs under one name: `GAME.iso` and, compressed, `GAME.cso`; and
/// `OTHER.zso`, another copy of the disc in `GAME.cso`.
fn two_discs() -> Folder {
    let folder = Folder::new();
    for name in ["a", "b"] {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    folder.write("a/GAME.iso", &psp_disc());
    folder.write("small.iso", &small_disc());
    folder.cisor(["compress", "-q", "--to", "cso", "small.iso", "-o", "a/GAME.cso"]).assert().success();
    folder.cisor(["compress", "-q", "--to", "zso", "small.iso", "-o", "a/OTHER.zso"]).assert().success();
    folder
}

/// Ways to write `a/NAME`.
fn spellings(folder: &Folder, name: &str) -> Vec<String> {
    let mut spellings = vec![
        format!("./a/{name}"),
        format!("a/../a/{name}"),
        format!("b/../a/{name}"),
        format!("a//./{name}"),
        folder.path("a").join(name).to_str().unwrap().to_owned(),
    ];
    #[cfg(unix)]
    if !crate::support::under_wine() {
        std::os::unix::fs::symlink("a", folder.path("link")).unwrap();
        spellings.push(format!("link/{name}"));
    }
    spellings
}

/// Whether an image holds this disc.
fn has_disc(folder: &Folder, name: &str, disc: &[u8]) -> bool {
    folder.cisor(["extract", "-q", "-f", name, "-o", "check.iso"]).assert().success();
    folder.read("check.iso") == disc
}

#[test]
fn compressing_keeps_both_discs() {
    for number in 0.. {
        let folder = two_discs();
        let Some(second) = spellings(&folder, "GAME.cso").into_iter().nth(number) else { break };
        let run = folder.cisor(["compress", "--to", "zso", "-f", "--rm", "a/GAME.iso", &second]).assert();
        run.code(3).stderr(contains("two inputs would both be written to"));
        assert!(!folder.path("a/GAME.iso").exists(), "{second}: the first one is done");
        assert!(has_disc(&folder, "a/GAME.zso", &psp_disc()), "{second}");
        assert!(has_disc(&folder, "a/GAME.cso", &small_disc()), "{second}");
    }
}

#[test]
fn extracting_keeps_both_discs() {
    for number in 0.. {
        let folder = two_discs();
        let Some(second) = spellings(&folder, "GAME.zso").into_iter().nth(number) else { break };
        folder.cisor(["compress", "-q", "--to", "zso", "a/GAME.iso", "--rm"]).assert().success();
        let run = folder.cisor(["extract", "-f", "--rm", "a/GAME.cso", &second]).assert();
        run.code(3).stderr(contains("two inputs would both be written to"));
        assert!(!folder.path("a/GAME.cso").exists(), "{second}: the first one is done");
        assert!(folder.read("a/GAME.iso") == small_disc(), "{second}");
        assert!(has_disc(&folder, "a/GAME.zso", &psp_disc()), "{second}");
    }
}

#[test]
fn dropping_keeps_both_discs() {
    for number in 0.. {
        let folder = two_discs();
        let Some(second) = spellings(&folder, "GAME.zso").into_iter().nth(number) else { break };
        folder.cisor(["compress", "-q", "--to", "zso", "a/GAME.iso", "--rm"]).assert().success();
        let run = folder.cisor(["drop", "--extract", "a/GAME.cso", &second]).assert();
        run.code(3).stderr(contains("two inputs would both be written to"));
        assert!(folder.read("a/GAME.iso") == small_disc(), "{second}");
        assert!(has_disc(&folder, "a/GAME.zso", &psp_disc()), "{second}");
    }
}

#[test]
fn old_habits_keep_both_discs() {
    let folder = two_discs();
    let first = folder.path("a/OUT.zso");
    let run = folder.cisor([
        "compat",
        "maxcso",
        "--format=zso",
        "a/GAME.iso",
        "a/GAME.cso",
        "-o",
        "a/OUT.zso",
        "-o",
        "./a/OUT.zso",
    ]);
    run.assert().code(3).stderr(contains("two inputs would both be written to"));
    assert!(first.is_file() && has_disc(&folder, "a/OUT.zso", &psp_disc()));
}

/// In an empty folder there is no way to tell whether case matters.
#[test]
fn names_that_differ_in_case_are_one_unless_the_folder_shows_otherwise() {
    let folder = two_discs();
    std::fs::rename(folder.path("a/OTHER.zso"), folder.path("b/game.zso")).unwrap();
    std::fs::create_dir(folder.path("out")).unwrap();
    let both = ["compress", "--to", "cso", "-f", "-d", "out", "a/GAME.iso", "b/game.zso"];
    let run = folder.cisor(both).assert().code(3);
    run.stderr(contains("two inputs would both be written to out/game.cso, the other one as out/GAME.cso"));
    assert!(has_disc(&folder, "out/GAME.cso", &psp_disc()));
    // Wine ignores case in a folder that this test, which is not a Windows program, sees as case-sensitive.
    let folds = is_windows() || folder.path("out/game.CSO").exists();
    folder.cisor(both).assert().code(if folds { 3 } else { 0 });
    assert!(has_disc(&folder, "out/GAME.cso", &psp_disc()));
}
