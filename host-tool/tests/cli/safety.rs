//! Nothing is lost, neither existing files nor the source, and no partial file stays.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{Ciso, Folder};

#[test]
fn existing_file_is_kept_without_force() {
    let folder = Folder::with_game();
    folder.write("GAME.cso", b"precious");
    let run = folder.cisor(["compress", "GAME.iso"]).assert().code(3);
    run.stderr("error: GAME.iso: GAME.cso exists already. Use -f to replace it.\n");
    assert_eq!(folder.read("GAME.cso"), b"precious");
    folder.cisor(["compress", "-f", "GAME.iso"]).assert().success();
    assert_eq!(&folder.read("GAME.cso")[..4], b"CISO");
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
}

#[test]
fn failed_work_leaves_the_existing_file_alone() {
    let folder = Folder::with_compressed_game();
    let mut file = Ciso(folder.read("GAME.cso"));
    file.damage(file.packed_block(30));
    folder.write("BAD.cso", &file.0);
    folder.write("OUT.iso", b"precious");
    folder.cisor(["extract", "-f", "BAD.cso", "-o", "OUT.iso"]).assert().code(1);
    assert_eq!(folder.read("OUT.iso"), b"precious");
}

#[test]
fn input_is_never_the_output() {
    let folder = Folder::with_compressed_game();
    let before = (folder.read("GAME.iso"), folder.read("GAME.cso"));
    std::fs::create_dir(folder.path("sub")).unwrap();
    std::fs::hard_link(folder.path("GAME.iso"), folder.path("hard.cso")).unwrap();
    for args in [
        &["GAME.iso", "-o", "GAME.iso"][..],
        &["GAME.iso", "-o", "sub/../GAME.iso"],
        &["GAME.iso", "-o", "hard.cso"],
        &["--to", "cso", "GAME.cso"],
    ] {
        for force in [&[][..], &["-f"]] {
            let run = folder.cisor(["compress"]).args(args).args(force).assert().code(3);
            run.stderr(contains("is the input itself"));
        }
    }
    assert!((folder.read("GAME.iso"), folder.read("GAME.cso")) == before);
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso", "hard.cso", "sub"]);
}

#[test]
fn other_inputs_are_never_the_output() {
    let folder = Folder::with_compressed_game();
    let before = folder.read("GAME.cso");
    let run = folder.cisor(["compress", "-f", "--to", "cso", "GAME.iso", "GAME.cso"]).assert().code(3);
    run.stderr(contains("GAME.iso: GAME.cso is another input of this run"))
        .stderr(contains("GAME.cso: GAME.cso is the input itself"));
    assert!(folder.read("GAME.cso") == before);
}

#[test]
fn two_inputs_do_not_become_one_file() {
    let folder = Folder::with_compressed_game();
    std::fs::create_dir(folder.path("sub")).unwrap();
    std::fs::copy(folder.path("GAME.iso"), folder.path("sub/GAME.iso")).unwrap();
    std::fs::create_dir(folder.path("out")).unwrap();
    let run = folder.cisor(["compress", "-f", "-d", "out", "GAME.iso", "sub/GAME.iso"]).assert().code(3);
    run.stderr(contains("sub/GAME.iso: two inputs would both be written to out/GAME.cso"));
    assert!(folder.path("out/GAME.cso").is_file());
}

#[test]
fn one_output_for_several_inputs_is_wrong_usage() {
    let folder = Folder::with_compressed_game();
    for args in [["compress", "GAME.iso", "GAME.cso", "-o", "x"], ["extract", "GAME.cso", "a", "-o", "x"]] {
        folder.cisor(args).assert().code(2).stderr(contains("there are several inputs"));
    }
    folder.cisor(["extract", "GAME.cso", "-o", "-"]).assert().code(2).stderr(contains("standard output"));
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
}

#[test]
fn rm_deletes_the_source_of_a_verified_file_only() {
    let folder = Folder::with_game();
    let image = folder.read("GAME.iso");
    folder.cisor(["compress", "--rm", "GAME.iso"]).assert().success().stderr(contains("source deleted"));
    assert_eq!(folder.names(), ["GAME.cso"]);
    folder.cisor(["extract", "--rm", "GAME.cso"]).assert().success();
    assert_eq!(folder.names(), ["GAME.iso"]);
    assert!(folder.read("GAME.iso") == image);
}

#[test]
fn rm_keeps_the_source_when_anything_is_wrong() {
    let folder = Folder::with_compressed_game();
    // An existing file is not a reason to delete anything.
    folder.cisor(["compress", "--rm", "GAME.iso"]).assert().success().stderr(contains("already done"));
    let mut file = Ciso(folder.read("GAME.cso"));
    file.damage(file.packed_block(30));
    folder.write("BAD.cso", &file.0);
    folder.cisor(["extract", "--rm", "BAD.cso"]).assert().code(1);
    folder.cisor(["extract", "--rm", "--keep-going", "BAD.cso"]).assert().code(2);
    assert_eq!(folder.names(), ["BAD.cso", "GAME.cso", "GAME.iso"]);
}

#[test]
fn part_file_of_a_dead_run_is_taken_over_and_named() {
    let folder = Folder::with_game();
    folder.write(".GAME.cso.part", &[7; 3_000_000]);
    let run = folder.cisor(["compress", "GAME.iso"]).assert().success();
    run.stderr(contains("warning: GAME.iso: .GAME.cso.part was left behind by a run that was killed"));
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
    folder.cisor(["compare", "GAME.cso", "GAME.iso"]).assert().success();
    let file = Ciso(folder.read("GAME.cso"));
    assert_eq!(file.position(file.blocks()), file.0.len(), "nothing of the old file is left");
}

#[test]
fn part_file_that_is_a_folder_is_left_alone() {
    let folder = Folder::with_game();
    std::fs::create_dir(folder.path(".GAME.cso.part")).unwrap();
    let run = folder.cisor(["compress", "GAME.iso"]).assert().code(2);
    run.stderr(contains(".GAME.cso.part exists already and cannot be taken over"));
    assert_eq!(folder.names(), [".GAME.cso.part", "GAME.iso"]);
}

#[test]
fn failure_in_one_file_does_not_stop_the_others() {
    let folder = Folder::with_compressed_game();
    let mut file = Ciso(folder.read("GAME.cso"));
    file.damage(file.packed_block(30));
    folder.write("BAD.cso", &file.0);
    std::fs::create_dir(folder.path("out")).unwrap();
    let run = folder.cisor(["extract", "-d", "out", "none.cso", "BAD.cso", "GAME.cso"]).assert().code(1);
    run.stderr(contains("none.cso: ").and(contains("BAD.cso: ")).and(contains("GAME.cso -> out/GAME.iso")));
    assert!(folder.read("out/GAME.iso") == folder.read("GAME.iso"));
}

#[test]
fn exit_code_1_beats_2_beats_3() {
    let folder = Folder::with_compressed_game();
    let mut file = Ciso(folder.read("GAME.cso"));
    file.damage(file.packed_block(30));
    folder.write("damaged.cso", &file.0);
    folder.write("refused.cso", b"Rar!\x1A\x07, and some more bytes than a header of other formats has");
    for (files, code) in [
        (&["GAME.cso"][..], 0),
        (&["GAME.cso", "refused.cso"], 3),
        (&["missing.cso", "refused.cso"], 2),
        (&["refused.cso", "missing.cso", "GAME.cso"], 2),
        (&["damaged.cso", "missing.cso"], 1),
        (&["refused.cso", "damaged.cso", "GAME.cso"], 1),
        (&["refused.cso", "missing.cso", "damaged.cso"], 1),
    ] {
        folder.cisor(["verify"]).args(files).assert().code(code);
    }
}
