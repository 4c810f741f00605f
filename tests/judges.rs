//! Shows that the judges of the other tests detect errors: each of these changes to a good file is found.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use cisor_tests::ciso_rules::{self, Rules};
use cisor_tests::{cisor, dax_rules, disc, jso_rules};
use tempfile::TempDir;

const CSO: Rules = Rules {
    magic: *b"CISO",
    version: 1,
    block_size: 2048,
    plain_from: 95,
    firmware_safe: true,
    below_2_gib: true,
    max_shift: 0,
    file_multiple: 1,
};

/// Checks a file of an image of this many bytes, and returns the image's SHA-256.
type Judge<'a> = &'a (dyn Fn(&Path, u64) -> String + panic::RefUnwindSafe);

/// A change to a file and what it breaks.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Vec<u8>));

/// Makes a file from the PS2 disc, and checks it with `judge` unchanged and after each change.
fn finds_each(options: &[&str], judge: Judge<'_>, changes: &[Change<'_>]) {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch folder");
    let (file, size) = (folder.path().join("packed"), disc::len(&disc::ps2()));
    let mut args = vec!["compress".into(), disc::ps2().into(), "-o".into(), file.clone().into_os_string()];
    args.extend(options.iter().map(Into::into));
    cisor::succeed(&args);
    let sha256 = disc::sha256(&disc::ps2());
    assert_eq!(judge(&file, size), sha256);
    let good = fs::read(&file).expect("the file");
    let damaged: PathBuf = folder.path().join("damaged");
    for (what, change) in changes {
        let mut bytes = good.clone();
        change(&mut bytes);
        assert_ne!(bytes, good, "{what}: changes something");
        fs::write(&damaged, bytes).expect("room on the disk");
        let passes = panic::catch_unwind(|| judge(&damaged, size)).is_ok_and(|digest| digest == sha256);
        assert!(!passes, "not found: {what}");
    }
}

fn last_entry(bytes: &[u8], header_len: usize, block_size: usize) -> usize {
    let size = if header_len == 24 { 8 } else { 12 };
    let image = u32::from_le_bytes(bytes[size..size + 4].try_into().expect("4 bytes")) as usize;
    header_len + 4 * image.div_ceil(block_size)
}

#[test]
#[ignore = "needs the test discs"]
fn cso() {
    finds_each(
        &["--for", "psp", "--ignore-limits"],
        &|file, size| ciso_rules::check(file, size, &CSO).sha256,
        &[
            ("magic", &|file| file[0] ^= 1),
            ("header size", &|file| file[4] = 0),
            ("size of the image", &|file| file[9] ^= 8),
            ("block size", &|file| file[17] ^= 0x18),
            ("version", &|file| file[20] = 0),
            ("index shift", &|file| file[21] = 1),
            ("unused bytes", &|file| file[22] = 1),
            ("index that does not rise", &|file| file.copy_within(24..28, 28)),
            ("flag of the last entry", &|file| {
                let at = last_entry(file, 24, 2048);
                file[at + 3] |= 0x80;
            }),
            ("flag of a packed block", &|file| {
                let packed = (24..).step_by(4).find(|at| file[at + 3] & 0x80 == 0).expect("a packed block");
                file[packed + 3] |= 0x80;
            }),
            ("a byte of a block", &|file| {
                let middle = file.len() / 2;
                file[middle] ^= 1;
            }),
            ("a byte too many", &|file| file.push(0)),
            ("a byte too few", &|file| file.truncate(file.len() - 1)),
        ],
    );
}

/// What is right for one reader is wrong for another: the rules tell them apart.
#[test]
#[ignore = "needs the test discs"]
fn rules_of_other_profiles() {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch folder");
    let file = folder.path().join("packed");
    let size = disc::len(&disc::ps2());
    let verdict = |options: &[&str], rules: Rules| {
        let mut args = vec![
            "compress".into(),
            disc::ps2().into(),
            "-f".into(),
            // Some of these profiles are for the other console.
            "--ignore-limits".into(),
            "-o".into(),
            file.clone().into_os_string(),
        ];
        args.extend(options.iter().map(Into::into));
        cisor::succeed(&args);
        panic::catch_unwind(|| ciso_rules::check(&file, size, &rules)).is_ok()
    };
    assert!(verdict(&["--for", "psp"], CSO));
    assert!(!verdict(&["--for", "psp", "--threshold", "99"], CSO), "blocks over the threshold");
    assert!(!verdict(&["--for", "ark", "-b", "8K"], CSO), "block size");
    let zso = Rules { magic: *b"ZISO", max_shift: 11, below_2_gib: false, ..CSO };
    assert!(verdict(&["--for", "opl"], Rules { file_multiple: 2048, ..zso }));
    assert!(
        !verdict(&["--for", "ark", "--to", "zso"], Rules { file_multiple: 2048, ..zso }),
        "padding of the file"
    );
    assert!(!verdict(&["--for", "opl"], Rules { version: 2, ..zso }), "version");
}

#[test]
#[ignore = "needs the test discs"]
fn zso() {
    let rules = Rules { magic: *b"ZISO", max_shift: 11, below_2_gib: false, file_multiple: 2048, ..CSO };
    finds_each(
        &["--for", "opl"],
        &|file, size| ciso_rules::check(file, size, &rules).sha256,
        &[
            ("magic", &|file| file[0] = b'C'),
            ("padding of the file", &|file| *file.last_mut().expect("a byte") = b'X'),
            ("length of the file", &|file| file.truncate(file.len() - 1)),
            ("a byte of a block", &|file| {
                let middle = file.len() / 2;
                file[middle] ^= 1;
            }),
        ],
    );
}

#[test]
#[ignore = "needs the test discs"]
fn dax() {
    finds_each(
        &["--to", "dax"],
        &dax_rules::check,
        &[
            ("magic", &|file| file[3] = b'X'),
            ("version", &|file| file[8] = 1),
            ("uncompressed areas", &|file| file[12] = 1),
            ("offset of a frame", &|file| file[36] ^= 1),
            ("a byte of a frame", &|file| {
                let middle = file.len() / 2;
                file[middle] ^= 1;
            }),
            ("Adler-32 of the last frame", &|file| *file.last_mut().expect("a byte") ^= 1),
            ("a byte too many", &|file| file.push(0)),
        ],
    );
}

#[test]
#[ignore = "needs the test discs"]
fn jso() {
    finds_each(
        &["--to", "jso"],
        &|file, size| jso_rules::check(file, size, 2048),
        &[
            ("magic", &|file| file[3] = b'X'),
            ("block size", &|file| file[7] ^= 0x18),
            ("block headers", &|file| file[8] = 1),
            ("method", &|file| file[10] = 0),
            ("MD5", &|file| file[20] ^= 1),
            ("position of the index", &|file| file[32] ^= 4),
            ("last entry", &|file| {
                let at = last_entry(file, 48, 2048);
                file[at] ^= 1;
            }),
            ("a byte of a block", &|file| {
                let middle = file.len() / 2;
                file[middle] ^= 1;
            }),
        ],
    );
}
