//! The built driver passes every check, and every way of breaking it is detected.
//!
//! These tests need `cargo xtask psp` to have been run; `cargo xtask test` does that.
#![allow(clippy::cast_possible_truncation, reason = "positions in a small file")]

use std::path::Path;

use prx_lint::{Finding, MAX_FILE_LEN, MAX_MEMORY_LEN, check, pack};

fn built(name: &str) -> Vec<u8> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/psp");
    let path = match std::env::var_os("CISOR_PRX") {
        Some(path) if name == "cisor.prx" => path.into(),
        _ => results.join(name),
    };
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run cargo xtask psp", path.display()))
}

fn driver() -> Vec<u8> {
    built("cisor.prx")
}

fn word(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap())
}

fn set_word(file: &mut [u8], at: usize, word: u32) {
    file[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

fn set_half(file: &mut [u8], at: usize, half: u16) {
    file[at..at + 2].copy_from_slice(&half.to_le_bytes());
}

/// Where the one program header is.
const SEGMENT: usize = 52;

/// File position of the module's description.
fn info(file: &[u8]) -> usize {
    (word(file, SEGMENT + 12) & 0x1FFF_FFFF) as usize
}

/// File position of an address in memory.
fn at(file: &[u8], address: u32) -> usize {
    (address + word(file, SEGMENT + 4)) as usize
}

/// File position of the header of the section with relocations.
fn relocation_section(file: &[u8]) -> usize {
    let (table, count) = (word(file, 0x20) as usize, usize::from(file[0x30]));
    (0..count).map(|number| table + 40 * number).find(|&at| word(file, at + 4) == 0x7000_00A0).unwrap()
}

/// Breaks the driver in one way and returns the findings.
fn broken(change: impl FnOnce(&mut Vec<u8>)) -> Vec<Finding> {
    let mut file = driver();
    change(&mut file);
    check(&file).expect_err("a broken module")
}

macro_rules! assert_found {
    ($findings:expr, $pattern:pat) => {
        let findings = $findings;
        assert!(findings.iter().any(|finding| matches!(finding, $pattern)), "{findings:?}");
    };
}

#[test]
#[ignore = "needs the built driver"]
fn the_driver_is_what_the_loader_wants() {
    let facts = check(&driver()).unwrap();
    assert_eq!(facts.name, "CisorDriver");
    assert!(facts.file_len <= MAX_FILE_LEN && facts.memory_len <= MAX_MEMORY_LEN);
    let libraries: Vec<&str> = facts.exports.iter().map(|export| export.library.as_str()).collect();
    assert_eq!(libraries, ["", "cisor_driver"]);
    assert_eq!(facts.exports[1].functions.len(), 3);
    assert!(facts.imports.iter().any(|library| library == "SystemCtrlForKernel"));
}

#[test]
#[ignore = "needs the built driver"]
fn packing_is_repeatable_and_keeps_no_symbols() {
    let program = built("cisor.elf");
    let module = pack(&program).unwrap();
    assert_eq!(module, pack(&program).unwrap());
    for text in [&b".symtab"[..], b".pdr", b".comment", b"umd_device"] {
        assert!(!module.windows(text.len()).any(|part| part == text));
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_program_is_not_a_module_yet() {
    assert_found!(check(&built("cisor.elf")).unwrap_err(), Finding::FileType(2));
    assert!(pack(&driver()).is_err(), "a module is not packed twice");
}

#[test]
#[ignore = "needs the built driver"]
fn headers() {
    assert_found!(broken(|file| set_half(file, 0x10, 2)), Finding::FileType(2));
    assert_found!(broken(|file| set_half(file, 0x12, 3)), Finding::Machine(3));
    assert_found!(broken(|file| file.truncate(100)), Finding::Elf(_));
    assert_found!(broken(|file| file.resize(50_000, 0)), Finding::FileTooLong { len: 50_000, .. });
    assert_found!(broken(|file| set_word(file, SEGMENT, 2)), Finding::Segments(0));
    let physical = SEGMENT + 12;
    let unmarked = broken(|file| {
        let address = word(file, physical);
        set_word(file, physical, address & !(1 << 31));
    });
    assert_found!(unmarked, Finding::NotMarkedForKernel(_));
    assert_found!(broken(|file| set_word(file, physical, 0)), Finding::PhysicalAddress(0));
    assert_found!(
        broken(|file| set_word(file, SEGMENT + 20, 70_000)),
        Finding::MemoryTooLong { len: 70_000, .. }
    );
    // If it is as long in memory as in the file, the part to zero at the start would be past the module's
    // memory.
    let no_room = broken(|file| {
        let len = word(file, SEGMENT + 16);
        set_word(file, SEGMENT + 20, len);
    });
    assert_found!(no_room, Finding::SectionOutside { .. });
}

#[test]
#[ignore = "needs the built driver"]
fn sections() {
    let first = |file: &[u8]| word(file, 0x20) as usize + 40;
    let shifted = broken(|file| {
        let at = first(file) + 16;
        let offset = word(file, at);
        set_word(file, at, offset + 4);
    });
    assert_found!(shifted, Finding::SectionOutside { .. });
    let far = broken(|file| {
        let at = first(file) + 16;
        set_word(file, at, 0x0200_0000);
    });
    assert_found!(far, Finding::SectionHeader { .. });
    let debug = broken(|file| {
        let at = first(file) + 8;
        set_word(file, at, 0);
    });
    assert_found!(debug, Finding::DebugSection(_));
}

#[test]
#[ignore = "needs the built driver"]
fn relocations() {
    let entry = |file: &[u8]| word(file, relocation_section(file) + 16) as usize;
    let kind = broken(|file| {
        let at = entry(file) + 4;
        set_word(file, at, 7);
    });
    assert_found!(kind, Finding::RelocationKind { kind: 7, .. });
    let segment = broken(|file| {
        let at = entry(file) + 4;
        let info = word(file, at);
        set_word(file, at, info | 0x100);
    });
    assert_found!(segment, Finding::RelocationPlace { .. });
    let place = broken(|file| {
        let at = entry(file);
        set_word(file, at, 0x00F0_0000);
    });
    assert_found!(place, Finding::RelocationPlace { .. });
    let entries = broken(|file| {
        let at = relocation_section(file) + 36;
        set_word(file, at, 0);
    });
    assert_found!(entries, Finding::RelocationTable(_));
    let lonely = broken(|file| {
        let (start, len) = (entry(file), word(file, relocation_section(file) + 20) as usize);
        let low = (start..start + len).step_by(8).find(|&at| word(file, at + 4) & 0xFF == 6).unwrap();
        set_word(file, low + 4, 2);
    });
    assert_found!(lonely, Finding::HalfAddress { .. });
    // Every address in the tables is needed: without the word relocations, all of them are reported missing.
    let words = broken(|file| {
        let (start, len) = (entry(file), word(file, relocation_section(file) + 20) as usize);
        for at in (start..start + len).step_by(8) {
            if word(file, at + 4) & 0xFF == 2 {
                set_word(file, at + 4, 4);
            }
        }
    });
    let missed = words.iter().filter(|finding| matches!(finding, Finding::NotRelocated { .. })).count();
    assert!(missed > 20, "{words:?}");
}

#[test]
#[ignore = "needs the built driver"]
fn description_and_exports() {
    let attribute = broken(|file| {
        let at = info(file);
        set_half(file, at, 0);
    });
    assert_found!(attribute, Finding::Attribute(0));
    let name = broken(|file| {
        let at = info(file) + 4;
        file[at..at + 28].fill(b'A');
    });
    assert_found!(name, Finding::ModuleName);
    let exports = |file: &[u8]| at(file, word(file, info(file) + 0x24));
    let table = |file: &[u8]| at(file, word(file, exports(file) + 12));
    let start = broken(|file| {
        let at = table(file);
        set_word(file, at, 0x1234_5678);
    });
    assert_found!(start, Finding::MissingExport { nid: 0xD632_ACDB, .. });
    let sdk = broken(|file| {
        let at = table(file) + 8;
        set_word(file, at, 0x11B9_7506);
    });
    assert_found!(&sdk, Finding::SdkVersion);
    assert_found!(sdk, Finding::MissingExport { nid: 0xF01D_73A7, .. });
    let function = broken(|file| {
        let at = table(file) + 12;
        set_word(file, at, 0xF000);
    });
    assert_found!(function, Finding::ExportEntry { number: 0, .. });
    let length = broken(|file| {
        let at = exports(file) + 8;
        file[at] = 3;
    });
    assert_found!(length, Finding::ExportEntry { .. });
}

#[test]
#[ignore = "needs the built driver"]
fn imports() {
    let imports = |file: &[u8]| at(file, word(file, info(file) + 0x2C));
    let for_programs = broken(|file| {
        let name = at(file, word(file, imports(file)));
        let end = name + file[name..].iter().position(|&byte| byte == 0).unwrap();
        file[end - 6..end].copy_from_slice(b"User\0\0");
    });
    assert_found!(for_programs, Finding::ImportLibrary(_));
    for (place, value) in [(4, 0x99), (6, 0x4001), (10, 0)] {
        let entry = broken(|file| {
            let at = imports(file) + place;
            set_half(file, at, value);
        });
        assert_found!(entry, Finding::ImportEntry { .. });
    }
    let twice = broken(|file| {
        let libraries = imports(file);
        let library = (0..).map(|n| libraries + 20 * n).find(|&at| file[at + 10] > 1).unwrap();
        let numbers = at(file, word(file, library + 12));
        let first = word(file, numbers);
        set_word(file, numbers + 4, first);
    });
    assert_found!(twice, Finding::ImportEntry { .. });
}

/// The loader overwrites only the first word of a stub with its jump and leaves the second, so whatever is
/// there runs on every call.
#[test]
#[ignore = "needs the built driver"]
fn stubs() {
    let library = |file: &[u8], number: usize| at(file, word(file, info(file) + 0x2C)) + 20 * number;
    for number in [0, 2] {
        for (place, value) in [(0, 0), (0, 0x0000_000C), (4, 0x03E0_0008), (4, 0x0000_1234), (12, 1)] {
            let findings = broken(|file| {
                let stubs = at(file, word(file, library(file, number) + 16));
                set_word(file, stubs + place, value);
            });
            assert_found!(&findings, Finding::Stub { .. });
        }
    }
    // A relocated word differs from the one in the file.
    let moved = broken(|file| {
        let first = word(file, relocation_section(file) + 16) as usize;
        let stub = word(file, library(file, 0) + 16);
        set_word(file, first, stub + 4);
        set_word(file, first + 4, 2);
    });
    assert_found!(moved, Finding::Stub { .. });
}

#[test]
#[ignore = "needs the built driver"]
fn instructions() {
    for unknown in [0x0060_01F4, 0x4622_0000, 0x7C02_1420, 0x0417_0001] {
        let findings = broken(|file| {
            let start = at(file, 0);
            set_word(file, start, unknown);
        });
        assert_eq!(findings, [Finding::Instruction { address: 0, word: unknown }]);
    }
}
