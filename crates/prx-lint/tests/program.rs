//! The built program passes every check for programs, and imports what it claims to.

use std::path::{Path, PathBuf};

use prx_lint::{Finding, MAX_PROGRAM_FILE_LEN, Purpose, check, check_for};
use sha1::{Digest, Sha1};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn program() -> Vec<u8> {
    let path = root().join("target/psp/cisor-app.prx");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run cargo xtask psp", path.display()))
}

#[test]
#[ignore = "needs the built program"]
fn the_program_is_what_the_loader_wants() {
    let facts = check_for(Purpose::Program, &program()).unwrap();
    assert_eq!(facts.name, "Cisor");
    assert!(facts.file_len <= MAX_PROGRAM_FILE_LEN);
    assert_eq!(facts.exports.len(), 1, "nothing but its own entries");
    for library in ["IoFileMgrForUser", "sceUmdUser", "cisor_driver", "SystemCtrlForUser", "KUBridge"] {
        assert!(facts.imports.iter().any(|import| import == library), "{library}");
    }
}

#[test]
#[ignore = "needs the built program"]
fn a_program_is_no_plugin() {
    let findings = check(&program()).unwrap_err();
    assert!(findings.iter().any(|finding| matches!(finding, Finding::NotMarkedForKernel(_))), "{findings:?}");
    assert!(findings.iter().any(|finding| matches!(finding, Finding::Attribute(0))), "{findings:?}");
    assert!(findings.iter().any(|finding| matches!(finding, Finding::ImportLibrary(_))), "{findings:?}");

    // The other way round: the kernel mark on a program.
    let mut file = program();
    file[52 + 15] |= 0x80;
    let findings = check_for(Purpose::Program, &file).unwrap_err();
    assert!(matches!(findings[..], [Finding::MarkedForKernel(_)]), "{findings:?}");
}

/// A program's stubs are filled with syscalls, in both words; but some of its libraries are reached with
/// jumps.
#[test]
#[ignore = "needs the built program"]
fn the_programs_stubs_are_checked_too() {
    let mut file = program();
    let stub = [0x03E0_0008_u32, 0].map(u32::to_le_bytes).concat();
    // The last two stubs; the code before them may contain the same words.
    let pair = [stub.clone(), stub].concat();
    let at = file.windows(16).rposition(|bytes| bytes == pair).expect("stubs");
    file[at + 12] = 1;
    let findings = check_for(Purpose::Program, &file).unwrap_err();
    assert!(findings.iter().any(|finding| matches!(finding, Finding::Stub { .. })), "{findings:?}");
}

/// In libraries for programs, a function's number is the beginning of its name's SHA-1. A wrong number would
/// only be noticed on the console, when the function is called.
#[test]
fn numbers_of_imports_are_those_of_their_names() {
    let source = std::fs::read_to_string(root().join("psp-driver/app/src/imports.rs")).unwrap();
    let mut count = 0;
    for line in source.lines() {
        let Some((name, number)) = line.trim().split_once(" = 0x") else { continue };
        let number = number.trim_end_matches(',').replace('_', "");
        let digest = Sha1::digest(name.as_bytes());
        let expected = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
        if let Ok(number) = u32::from_str_radix(&number, 16)
            && line.starts_with("    ")
        {
            assert_eq!(number, expected, "{name}: {number:#010X}, expected {expected:#010X}");
            count += 1;
        }
    }
    assert!(count >= 40, "only {count} imports were found");
}
