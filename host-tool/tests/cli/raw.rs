//! Sidecars of CD dumps: BIN/CUE to an image with a sidecar, and back to the very same files.

use std::path::Path;
use std::process::Command;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{Folder, is_windows, ps2_disc};

/// Makes a CD game with a script that shares no code with the program: with 20 irregular sectors, Form 2
/// sectors in a file, and two audio tracks. Returns the lines that it prints: SHA-1 and name of each file.
pub(crate) fn game(layout: &str, mode: u8) -> (Folder, Vec<String>) {
    let folder = Folder::new();
    folder.write("disc.iso", &ps2_disc());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cd_game.py");
    let mut python = Command::new("python3");
    python.arg(script).arg(folder.path("disc.iso")).arg(folder.root()).arg(layout).arg(mode.to_string());
    let output = python.output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.remove("disc.iso");
    (folder, String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// The same with the image and the sidecar, and the dump moved away.
fn kept() -> Folder {
    let (folder, _) = game("many", 2);
    folder.cisor(["compress", "--for", "opl", "--keep-raw", "GAME.cue"]).assert().success();
    std::fs::create_dir(folder.path("dump")).unwrap();
    for name in folder.names().into_iter().filter(|name| name.ends_with(".bin") || name.ends_with(".cue")) {
        std::fs::rename(folder.path(&name), folder.path("dump").join(&name)).unwrap();
    }
    folder
}

/// Checks that a restored folder holds the same files.
fn same(a: &Folder, b: &str, lines: &[String]) {
    for line in lines {
        let (_, name) = line.split_once(' ').unwrap();
        assert!(a.read(name) == a.read(Path::new(b).join(name)), "{name}");
    }
}

/// A sidecar has the text of a sheet in it, and is none.
#[test]
fn a_sidecar_and_a_dump_may_be_replaced() {
    let (folder, lines) = game("many", 2);
    for args in [
        &["compress", "--for", "opl", "--keep-raw", "GAME.cue"][..],
        &["compress", "--for", "opl", "--keep-raw", "-f", "GAME.cue"],
        &["extract", "--raw", "-f", "GAME.zso"],
    ] {
        folder.cisor(args).assert().success();
    }
    let (before, _) = game("many", 2);
    for line in &lines {
        let (_, name) = line.split_once(' ').unwrap();
        assert!(folder.read(name) == before.read(name), "{name}");
    }
}

#[test]
fn dump_of_mode_1_comes_back_bit_for_bit() {
    comes_back(1);
}

#[test]
fn dump_of_mode_2_comes_back_bit_for_bit() {
    comes_back(2);
}

fn comes_back(mode: u8) {
    for layout in ["one", "many"] {
        let (folder, lines) = game(layout, mode);
        let run = folder.cisor(["compress", "--for", "opl", "--keep-raw", "GAME.cue"]).assert().success();
        run.stderr(contains("the rest of the dump in GAME.raw"));
        std::fs::create_dir(folder.path("back")).unwrap();
        let run = folder.cisor(["extract", "--raw", "-d", "back", "GAME.zso"]).assert().success();
        let mut text = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        for line in &lines {
            let (sha1, name) = line.split_once(' ').unwrap();
            let at = text.find(&format!("back/{name}: ")).unwrap_or_else(|| panic!("{name} in {text}"));
            text = text.split_off(at);
            assert!(text.lines().next().unwrap().ends_with(&format!("SHA-1 {sha1}")), "{text}");
        }
        same(&folder, "back", &lines);
        let dump: u64 = lines.iter().map(|line| folder.read(&line[41..]).len() as u64).sum();
        let audio = (150 + 60 + 45) * 2352;
        let sidecar = folder.read("GAME.raw").len() as u64;
        assert!(sidecar < audio, "{sidecar} of {dump}");
    }
}

#[test]
fn plain_images_have_sidecars_too() {
    let (folder, lines) = game("one", 2);
    folder.cisor(["extract", "--keep-raw", "GAME.cue"]).assert().success();
    std::fs::create_dir(folder.path("back")).unwrap();
    folder.cisor(["extract", "--raw", "-d", "back", "GAME.iso"]).assert().success();
    same(&folder, "back", &lines);
    // The image is the one that leaves the rest out, except for sectors that are not what they should be.
    let info = folder.cisor(["info", "GAME.iso"]).assert().success();
    info.stdout(contains("PS2 SLES-12345"));
}

#[test]
fn sidecar_elsewhere_is_named() {
    let folder = kept();
    std::fs::rename(folder.path("GAME.raw"), folder.path("other.raw")).unwrap();
    let run = folder.cisor(["extract", "--raw", "GAME.zso"]).assert().code(2);
    run.stderr(contains("there is no GAME.raw").and(contains("--raw-from")));
    folder.cisor(["extract", "--raw-from", "other.raw", "GAME.zso"]).assert().success();
    for name in ["GAME.cue", "GAME (Track 1).bin", "GAME (Track 2).bin", "GAME (Track 3).bin"] {
        assert!(folder.read(name) == folder.read(Path::new("dump").join(name)), "{name}");
    }
    let run = folder.cisor(["extract", "--raw-from", "other.raw", "GAME.zso", "GAME.zso"]).assert().code(2);
    run.stderr(contains("there are several inputs"));
}

#[test]
fn nothing_is_overwritten() {
    let folder = kept();
    let before = folder.read("GAME.raw");
    std::fs::rename(folder.path("dump/GAME.cue"), folder.path("GAME.cue")).unwrap();
    let run = folder.cisor(["extract", "--raw", "GAME.zso"]).assert().code(3);
    run.stderr(contains("GAME.cue exists already"));
    assert_eq!(folder.names(), ["GAME.cue", "GAME.raw", "GAME.zso", "dump"]);
    std::fs::rename(folder.path("GAME.cue"), folder.path("dump/GAME.cue")).unwrap();
    for (verb, made) in [("compress", "dump/GAME.zso"), ("extract", "dump/GAME.iso")] {
        for there in [made, "dump/GAME.raw"] {
            folder.write(there, b"mine");
            let run = folder.cisor([verb, "--keep-raw", "dump/GAME.cue"]).assert().code(3);
            run.stderr(contains(format!("{there} exists already")));
            assert_eq!(folder.read(there), b"mine");
            folder.remove(there);
        }
    }
    // With -f it is replaced, but never by half.
    folder.write("GAME.cue", b"mine");
    folder.cisor(["extract", "-f", "--raw", "GAME.zso"]).assert().success();
    assert!(folder.read("GAME.cue") == folder.read("dump/GAME.cue"));
    // Not even -f replaces what is being read.
    std::fs::rename(folder.path("dump/GAME (Track 3).bin"), folder.path("dump/GAME.raw")).unwrap();
    let sheet = String::from_utf8(folder.read("dump/GAME.cue")).unwrap();
    folder.write("dump/GAME.cue", sheet.replace("GAME (Track 3).bin", "GAME.raw").as_bytes());
    let run = folder.cisor(["compress", "-f", "--keep-raw", "dump/GAME.cue"]).assert().code(3);
    run.stderr(contains("GAME.raw is the input itself"));
    let run = folder.cisor(["extract", "-f", "--ignore-limits", "-o", "dump/GAME.raw", "dump/GAME.cue"]);
    run.assert().code(3).stderr(contains("GAME.raw is the input itself"));
    assert!(folder.read("GAME.raw") == before);
}

#[test]
fn changed_sidecars_are_refused() {
    let folder = kept();
    let whole = folder.read("GAME.raw");
    let names = folder.names();
    // Every byte of the header and of the first section's beginning, then some.
    let places =
        (0..60).step_by(9).chain((60..whole.len()).step_by(whole.len() / 6)).chain([whole.len() - 1]);
    for at in places {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        folder.write("GAME.raw", &changed);
        let run = folder.cisor(["extract", "--raw", "GAME.zso"]).assert().failure();
        run.stderr(contains("error: GAME.zso: GAME.raw: "));
        assert_eq!(folder.names(), names, "byte {at}");
    }
    for len in [0, 5, 100, whole.len() - 1] {
        folder.write("GAME.raw", &whole[..len]);
        folder.cisor(["extract", "--raw", "GAME.zso"]).assert().failure().stderr(contains("GAME.raw: "));
        assert_eq!(folder.names(), names, "cut at {len}");
    }
}

#[test]
fn sidecars_of_other_images_are_refused() {
    let folder = kept();
    // Another size, and the same size with one other byte.
    folder.write("SMALL.iso", &ps2_disc());
    folder.cisor(["extract", "GAME.zso"]).assert().success();
    let mut image = folder.read("GAME.iso");
    let middle = image.len() / 2;
    image[middle] ^= 1;
    folder.write("GAME.iso", &image);
    let names = folder.names();
    for name in ["SMALL.iso", "GAME.iso"] {
        let run = folder.cisor(["extract", "--raw-from", "GAME.raw", name]).assert().code(3);
        run.stderr(contains("GAME.raw: the sidecar belongs to another image"));
        assert_eq!(folder.names(), names);
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let folder = kept();
    let whole = folder.read("GAME.raw");
    let at = whole.windows(8).position(|bytes| bytes == b"GAME.cue").unwrap();
    for name in ["../a.cue", "/tmp/cue", "a\\b.cue1", "C:a.cue1", "CON.cue1", "GAME\0cue"] {
        let mut changed = whole.clone();
        changed[at..at + 8].copy_from_slice(&name.as_bytes()[..8]);
        let len = u32::from_le_bytes(changed[16..20].try_into().unwrap()) as usize;
        let crc = crc_32(&changed[12..20 + len]);
        changed[20 + len..24 + len].copy_from_slice(&crc.to_le_bytes());
        folder.write("GAME.raw", &changed);
        let run = folder.cisor(["extract", "--raw", "GAME.zso"]).assert().code(3);
        run.stderr(contains("is not a plain file name"));
        assert_eq!(folder.names(), ["GAME.raw", "GAME.zso", "dump"], "{name}");
    }
}

fn crc_32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[test]
fn only_dumps_have_something_to_keep() {
    let folder = Folder::with_compressed_game();
    for verb in ["compress", "extract"] {
        let run = folder.cisor([verb, "--keep-raw", "-o", "new", "GAME.cso"]).assert().code(3);
        run.stderr(contains("this is neither a CUE sheet"));
    }
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
    for other in ["--rm", "--keep-going"] {
        folder.cisor(["extract", "--raw", other, "GAME.cso"]).assert().code(2);
    }
    folder.cisor(["compress", "--keep-raw", "--rm", "GAME.cso"]).assert().code(2);
}

#[test]
fn scripts_learn_the_names_and_digests() {
    let folder = kept();
    let (code, json) = folder.json(&["extract", "--raw", "GAME.zso"]);
    assert_eq!(code, 0);
    let files = json[0]["files"].as_array().unwrap();
    assert_eq!(files.len(), 4);
    assert_eq!((&files[0]["name"], &files[3]["name"]), (&"GAME (Track 1).bin".into(), &"GAME.cue".into()));
    assert_eq!(files[3]["sha1"].as_str().map(str::len), Some(40));
    assert_eq!(files[1]["size"], (150 + 60) * 2352);
    let (code, json) = folder.json(&["extract", "--keep-raw", "-f", "dump/GAME.cue"]);
    assert_eq!(code, 0);
    let name = json[0]["raw_sidecar"].as_str().unwrap().replace('\\', "/");
    assert_eq!(name, "dump/GAME.raw");
    assert!(is_windows() || folder.read("dump/GAME.raw") == folder.read("GAME.raw"));
}
