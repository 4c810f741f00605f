//! Runs the examples.

use std::fs;

use sector_decode::Lba;

#[path = "../examples/read_sector.rs"]
#[expect(dead_code, reason = "its `main` takes arguments of the command line")]
mod read_sector;
#[path = "../examples/verify.rs"]
#[expect(dead_code, reason = "its `main` takes arguments of the command line")]
mod verify;
#[path = "../examples/without_alloc.rs"]
mod without_alloc;

fn golden(name: &str) -> String {
    format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_sector_is_read() {
    let image = fs::read(golden("image.iso")).expect("it is checked in");
    for name in ["image.iso", "maxcso-2k.cso", "maxcso-2k.zso", "maxcso.dax"] {
        let mut out = Vec::new();
        read_sector::read_sector(&golden(name), Lba(3), &mut out).expect("the file is sound");
        assert!(out == image[3 * 2048..][..2048], "{name}");
    }
    let mut out = Vec::new();
    assert!(read_sector::read_sector(&golden("maxcso-2k.cso"), Lba(100_000), &mut out).is_err());
    assert!(out.is_empty());
}

#[test]
fn a_sector_is_read_without_allocation() {
    without_alloc::main();
}

#[test]
fn damaged_blocks_are_named() {
    let mut lines = Vec::new();
    assert_eq!(verify::verify(&golden("maxcso-8k.cso"), &mut lines).ok(), Some(0));
    let mut file = fs::read(golden("maxcso-2k.cso")).expect("it is checked in");
    let len = file.len();
    file[len - 1500..].fill(0xFF);
    let path = format!("{}/damaged.cso", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, file).expect("the target folder can be written");
    assert!(verify::verify(&path, &mut lines).is_ok_and(|damaged| damaged > 0));
    assert!(lines.starts_with(b"block "));
}
