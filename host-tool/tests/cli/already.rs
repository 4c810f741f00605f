//! Existing targets: one quiet line if the file turns out to be that disc, the usual refusal if not.

use predicates::str::{contains, is_empty};

use crate::support::{Ciso, Folder, psp_disc, small_disc};

#[test]
fn library_packed_twice_is_already_done() {
    let folder = Folder::new();
    let names: Vec<String> = (0..5).map(|number| format!("{number}.iso")).collect();
    names.iter().for_each(|name| folder.write(name, &small_disc()));
    folder.cisor(["compress"]).args(&names).assert().success();
    let before = folder.read("0.cso");
    let run = folder.cisor(["compress"]).args(&names).output();
    assert_eq!(run.status.code(), Some(0));
    let text = String::from_utf8(run.stderr).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains(": already done, ")).count(), 5, "{text}");
    assert!(text.contains("\n5 files in ") && text.contains("         5  already done\n"), "{text}");
    assert!(folder.read("0.cso") == before);
    folder.cisor(["compress", "-q"]).args(&names).assert().success().stderr(is_empty());
}

#[test]
fn target_that_is_not_that_disc_is_refused() {
    let folder = Folder::with_compressed_game();
    let packed = folder.read("GAME.cso");
    let mut other = psp_disc();
    let last = other.len() - 1;
    other[last] ^= 1;
    folder.write("GAME.iso", &other);
    let refused = || {
        folder.cisor(["compress", "GAME.iso"]).assert().code(3).stderr(contains("GAME.cso exists already"));
    };
    refused();
    assert!(folder.read("GAME.cso") == packed);

    // The disc is the same, but the file is damaged, or is a different kind of file from the one that would
    // be written.
    folder.write("GAME.iso", &psp_disc());
    let mut damaged = Ciso(packed);
    damaged.damage(damaged.packed_block(40));
    folder.write("GAME.cso", &damaged.0);
    refused();
    folder.cisor(["compress", "-qf", "--for", "ppsspp", "GAME.iso"]).assert().success();
    refused();
}

#[test]
fn extracting_twice_is_already_done_and_keeps_the_source() {
    let folder = Folder::with_compressed_game();
    let run = folder.cisor(["extract", "--rm", "GAME.cso"]).assert().success();
    run.stderr(contains("GAME.cso: already done, GAME.iso holds this disc"));
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
    let (code, objects) = folder.json(&["extract", "GAME.cso"]);
    assert_eq!((code, &objects[0]["already_done"]), (0, &"GAME.iso".into()));
    assert!(objects[0]["output"].is_null());
    folder.write("GAME.iso", &small_disc());
    folder.cisor(["extract", "GAME.cso"]).assert().code(3).stderr(contains("GAME.iso exists already"));
}
