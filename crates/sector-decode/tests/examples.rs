//! Runs the examples as programs.

use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs};

fn golden(name: &str) -> String {
    format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Cargo builds examples with the tests, into a folder beside theirs.
fn run(name: &str, arguments: &[&str]) -> Output {
    let test = env::current_exe().expect("it runs");
    let built = test.ancestors().nth(2).map(|folder| folder.join("examples").join(name));
    let path = built.expect("it is in a folder").with_extension(env::consts::EXE_EXTENSION);
    assert!(Path::new(&path).exists(), "{} is built by `cargo test` without `--test`", path.display());
    Command::new(path).args(arguments).output().expect("it runs")
}

#[test]
fn a_sector_is_read() {
    let image = fs::read(golden("image.iso")).expect("it is checked in");
    for name in ["image.iso", "maxcso-2k.cso", "maxcso-2k.zso", "maxcso.dax"] {
        let output = run("read_sector", &[&golden(name), "3"]);
        assert!(output.status.success() && output.stdout == image[3 * 2048..][..2048], "{name}");
    }
    let output = run("read_sector", &[&golden("maxcso-2k.cso"), "100000"]);
    assert!(!output.status.success() && output.stdout.is_empty());
}

#[test]
fn a_sector_is_read_without_allocation() {
    assert!(run("without_alloc", &[]).status.success());
}

#[test]
fn a_damaged_file_does_not_verify() {
    assert!(run("verify", &[&golden("maxcso-8k.cso")]).status.success());
    let mut file = fs::read(golden("maxcso-2k.cso")).expect("it is checked in");
    let len = file.len();
    file[len - 1500..].fill(0xFF);
    let path = format!("{}/damaged.cso", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, file).expect("the target folder can be written");
    let output = run("verify", &[&path]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stdout).starts_with("block "));
}
