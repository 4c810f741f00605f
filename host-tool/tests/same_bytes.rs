//! The program for another processor or system writes the same bytes as the one for this machine. `cargo xtask test`
//! runs this with the programs for ARM and for Windows; by itself it would compare a program with itself.

mod support;

use support::{Folder, NATIVE, bin, psp_disc, small_disc};

const FORMATS: [(&str, &[&str]); 6] = [
    ("cso", &[]),
    // With stock zlib, as firmwares need it.
    ("cso", &["--for", "psp"]),
    ("cso2", &[]),
    ("zso", &[]),
    ("dax", &[]),
    ("jso", &[]),
];
const LEVELS: [&str; 10] = ["-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9", "--best"];

/// Runs both programs in the same folder, one after the other, and compares what they write.
fn same(folder: &Folder, args: &[&str]) {
    let mut left = Vec::new();
    for program in [NATIVE, bin()] {
        folder.run(program, args).assert().success();
        left.push(folder.read("OUT"));
        folder.remove("OUT");
    }
    assert!(left[0] == left[1], "{args:?}: {} and {} bytes", left[0].len(), left[1].len());
}

#[test]
fn every_format_at_every_level() {
    assert!(std::path::Path::new(NATIVE) != std::path::Path::new(bin()), "there is nothing to compare with");
    let folder = Folder::new();
    folder.write("GAME.iso", &small_disc());
    for (format, profile) in FORMATS {
        for level in LEVELS {
            same(
                &folder,
                &[&["compress", "-q", "--to", format, level, "GAME.iso", "-o", "OUT"], profile].concat(),
            );
        }
    }
}

/// Larger blocks, more than one job, and what follows from estimates: which blocks are stored.
#[test]
fn other_block_sizes_and_aims_and_the_way_back() {
    let folder = Folder::new();
    folder.write("GAME.iso", &psp_disc());
    for args in [
        &["--to", "cso", "-b", "16K"][..],
        &["--to", "cso2", "-b", "32K", "-9"],
        &["--to", "zso", "-b", "256K"],
        &["--to", "cso", "--optimize", "load"],
        &["--to", "zso", "--optimize", "load", "-9"],
    ] {
        same(&folder, &[&["compress", "-q", "GAME.iso", "-o", "OUT"], args].concat());
    }
    folder.run(NATIVE, ["compress", "-q", "--to", "cso2", "GAME.iso", "-o", "GAME.cso"]).assert().success();
    same(&folder, &["extract", "-q", "GAME.cso", "-o", "OUT"]);
}
