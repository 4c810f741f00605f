//! Peak memory stays under 64 MiB, whatever the size of the image, the format and the number of threads.

use std::path::Path;

use cisor_tests::{cisor, disc};
use tempfile::TempDir;

const LIMIT: u64 = 64 << 20;

fn scratch() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch folder")
}

/// Runs the converter, prints its peak, and checks it.
fn within_limit(what: &str, args: &[&dyn AsRef<Path>]) {
    let args: Vec<&Path> = args.iter().map(|arg| arg.as_ref()).collect();
    let (_, peak) = cisor::succeed(&args);
    println!("{what}: {:.1} MiB", peak as f64 / f64::from(1 << 20));
    assert!(peak < LIMIT, "{what}: {peak} bytes, limit {LIMIT}");
}

fn compress_and_extract(image: &Path, options: &[&str]) {
    let folder = scratch();
    let (file, back) = (folder.path().join("packed"), folder.path().join("back.iso"));
    let mut args: Vec<&dyn AsRef<Path>> = vec![&"compress", &image, &"-o", &file];
    args.extend(options.iter().map(|option| option as &dyn AsRef<Path>));
    within_limit(&format!("compress {}", options.join(" ")), &args);
    within_limit("extract -j 16", &[&"extract", &file, &"-o", &back, &"-j", &"16"]);
}

#[test]
#[ignore = "needs the test discs"]
fn every_format_in_16_threads() {
    for format in ["cso", "cso2", "zso", "dax", "jso"] {
        compress_and_extract(&disc::psp(), &["--to", format, "-1", "-j", "16"]);
    }
}

#[test]
#[ignore = "needs the test discs"]
fn default_level_in_16_threads() {
    compress_and_extract(&disc::psp(), &["--for", "psp", "-j", "16"]);
}

/// The largest blocks need the largest buffers; libdeflate's best levels need the most memory besides.
#[test]
#[ignore = "needs the test discs"]
fn largest_blocks_in_16_threads() {
    compress_and_extract(&disc::psp(), &["--to", "cso", "-b", "256K", "-j", "16"]);
    compress_and_extract(&disc::psp(), &["--to", "zso", "-b", "256K", "-9", "-j", "16"]);
    compress_and_extract(&disc::ps2(), &["--to", "cso2", "-b", "64K", "-9", "-j", "16"]);
}

/// The best effort needs more than all others, and so much time that only a part of the disc is used: eight
/// megabytes, which keep 16 threads busy several times over.
#[test]
#[ignore = "needs the test discs"]
fn best_level_in_16_threads() {
    let folder = scratch();
    let part = folder.path().join("part.iso");
    disc::beginning(&disc::ps2(), 8 << 20, &part);
    for block_size in ["2K", "64K"] {
        compress_and_extract(&part, &["--to", "cso2", "-b", block_size, "--best", "-j", "16"]);
    }
}

/// If kept completely in memory, the index alone would take 34 MB here, and as much again while it is read
/// back.
#[test]
#[ignore = "reads an image of 16 GiB"]
fn image_of_16_gib_in_16_threads() {
    let folder = scratch();
    let (image, file) = (folder.path().join("huge.iso"), folder.path().join("packed"));
    disc::sparse(&image, 16 << 30);
    within_limit(
        "compress 16 GiB",
        &[&"compress", &image, &"-o", &file, &"--to", &"zso", &"-1", &"-j", &"16"],
    );
    within_limit("verify 16 GiB", &[&"verify", &file, &"-j", &"16"]);
}
