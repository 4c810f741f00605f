//! Images and files whose positions do not fit into 31 or 32 bits.

use std::path::{Path, PathBuf};

use cisor_tests::ciso_rules::{self, Rules};
use cisor_tests::{cisor, disc};
use tempfile::TempDir;

/// 4.5 GiB and one sector, so that the last block is partial at every block size over 2048.
const SIZE: u64 = (9 << 29) + 2048;

const CSO: Rules = Rules {
    magic: *b"CISO",
    version: 1,
    block_size: 2048,
    plain_from: 100,
    firmware_safe: false,
    below_2_gib: false,
    max_shift: 20,
    file_multiple: 1,
};

fn scratch() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch folder")
}

/// A sparse image and its SHA-256.
fn image(folder: &Path) -> (PathBuf, String) {
    let path = folder.join("huge.iso");
    disc::sparse(&path, SIZE);
    let sha256 = disc::sha256(&path);
    (path, sha256)
}

fn compress(image: &Path, file: &Path, options: &[&str]) {
    let mut args = vec!["compress".into(), image.as_os_str().to_owned(), "-o".into(), file.into()];
    args.extend(options.iter().map(Into::into));
    cisor::succeed(&args);
}

fn round_trip(options: &[&str], rules: &Rules) {
    let folder = scratch();
    let (image, sha256) = image(folder.path());
    let file = folder.path().join("packed");
    compress(&image, &file, options);
    let found = ciso_rules::check(&file, SIZE, rules);
    assert_eq!(found.sha256, sha256, "the judge's decoder");
    assert!(found.shift > 1, "blocks are padded");
    let back = folder.path().join("back.iso");
    cisor::succeed(&["extract".as_ref(), file.as_os_str(), "-o".as_ref(), back.as_os_str()]);
    assert_eq!(disc::sha256(&back), sha256, "cisor extract");
}

#[test]
#[ignore = "writes many gigabytes"]
fn cso_v1_of_an_image_over_4_gib() {
    round_trip(&["--to", "cso", "-1"], &CSO);
}

#[test]
#[ignore = "writes many gigabytes"]
fn cso_v2_of_an_image_over_4_gib() {
    round_trip(&["--to", "cso2", "-1"], &Rules { version: 2, ..CSO });
}

#[test]
#[ignore = "writes many gigabytes"]
fn zso_of_an_image_over_4_gib() {
    let rules = Rules { magic: *b"ZISO", plain_from: 95, max_shift: 11, file_multiple: 2048, ..CSO };
    round_trip(&["--for", "opl", "-1"], &rules);
}

/// When aligned to whole sectors nothing gets smaller, so the *file* is over 4 GiB: the positions of blocks
/// need more than 32 bits, not only positions in the image.
#[test]
#[ignore = "writes many gigabytes"]
fn file_over_4_gib() {
    let folder = scratch();
    let (image, sha256) = image(folder.path());
    let file = folder.path().join("packed");
    compress(&image, &file, &["--to", "zso", "-1", "--align", "2048"]);
    assert!(disc::len(&file) > 1 << 32, "{} bytes", disc::len(&file));
    let found = ciso_rules::check_aligned(&file, SIZE, &Rules { magic: *b"ZISO", ..CSO });
    assert_eq!(found.sha256, sha256, "the judge's decoder");
    assert_eq!(found.shift, 11, "index shift");
    let (verified, _) = cisor::succeed(&["verify".as_ref(), file.as_os_str()]);
    assert_eq!(verified["hashes"]["sha256"], sha256.as_str(), "cisor verify");
    let (compared, _) = cisor::succeed(&["compare".as_ref(), image.as_os_str(), file.as_os_str()]);
    assert_eq!(compared["difference"], serde_json::Value::Null);
}

/// Anything that a reader could not use is refused before any work starts.
#[test]
#[ignore = "writes many gigabytes"]
fn files_that_could_reach_a_limit_are_refused() {
    let folder = scratch();
    let (image, file) = (folder.path().join("huge.iso"), folder.path().join("packed"));
    disc::sparse(&image, SIZE);
    for options in
        [["--for", "psp"], ["--for", "adrenaline"], ["--for", "ark"], ["--to", "dax"], ["--to", "jso"]]
    {
        let mut args =
            vec!["compress".into(), image.as_os_str().to_owned(), "-o".into(), file.clone().into()];
        args.extend(options.map(Into::into));
        let run = cisor::run(&args);
        assert_eq!(run.code, 3, "{options:?}: {}", run.said);
        assert!(!file.exists(), "{options:?}: nothing is written");
    }
}
