//! The program's texts, word for word: help, and what it says when something is wrong.
//!
//! After a change on purpose, `TRYCMD=overwrite cargo test -p cisor --test texts` rewrites them; review the
//! difference before committing it.

mod support;

use support::Folder;

/// Small files for the cases, in a shared folder; the cases never write anything.
fn samples() -> Folder {
    let folder = Folder::new();
    folder.write("GAME.iso", &support::small_disc());
    folder.cisor(["compress", "-q", "GAME.iso"]).assert().success();
    let mut damaged = support::Ciso(folder.read("GAME.cso"));
    damaged.damage(20);
    folder.write("DAMAGED.cso", &damaged.0);
    let cut = folder.read("GAME.cso");
    folder.write("CUT.cso", &cut[..10_000]);
    folder.write("SHORT.cso", &cut[..100]);
    folder.write("EMPTY.iso", b"");
    folder.write("ODD.iso", &[1; 5000]);
    folder.write("DISC.rar", b"Rar!\x1A\x07 and what follows is of no interest to anybody here");
    folder
}

#[test]
fn texts() {
    let folder = samples();
    // The cases name their files as a person in this folder would.
    std::env::set_current_dir(folder.root()).unwrap();
    trycmd::TestCases::new()
        .env("COLUMNS", "100")
        .default_bin_path(support::bin())
        .case(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/texts/*.trycmd"))
        .run();
}
