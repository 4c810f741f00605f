//! The header and the example in C.

#![cfg(unix)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use sector_decode_capi::secdec_status;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// Files of other tools that hold the same image.
const FILES: [&str; 6] =
    ["image.iso", "maxcso-2k.cso", "maxcso-8k.cso", "maxcso-8k.cso2", "maxcso-2k.zso", "maxcso.dax"];

fn golden(name: &str) -> PathBuf {
    Path::new(CRATE).join("../sector-decode/tests/golden").join(name)
}

#[test]
fn the_header_is_what_cbindgen_makes() {
    let mut made = Vec::new();
    cbindgen::generate(CRATE).expect("the sources are sound").write(&mut made);
    let path = Path::new(CRATE).join("include/sector_decode.h");
    if env::var_os("WRITE_HEADER").is_some() {
        fs::write(&path, &made).expect("the folder can be written");
    }
    let checked_in = fs::read(&path).unwrap_or_default();
    assert!(made == checked_in, "include/sector_decode.h is out of date: run this test with WRITE_HEADER=1");
}

/// The library, which is built before the tests: beside them, or one folder up.
fn library(name: &str) -> PathBuf {
    let test = env::current_exe().expect("it runs");
    let folders = test.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is not beside {}", test.display()))
}

fn cc(target: &Path, arguments: &[&OsStr]) {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut command = Command::new(compiler);
    command.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]);
    command.arg(Path::new(CRATE).join("include")).arg("-o").arg(target).args(arguments);
    let output = command.output().expect("there is a C compiler");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

fn example(name: &str, library: &Path) -> PathBuf {
    program(name, "c/example.c", library)
}

fn program(name: &str, source: &str, library: &Path) -> PathBuf {
    let target = folder(name).join("example");
    let source = Path::new(CRATE).join(source);
    let system = ["-lpthread", "-ldl", "-lm"].map(OsStr::new);
    let arguments = [&[source.as_os_str(), library.as_os_str()][..], &system].concat();
    cc(&target, &arguments);
    target
}

fn run(program: &Path, file: &Path, first: u32, count: u32) -> Output {
    let mut command = Command::new(program);
    command.arg(file).args([first.to_string(), count.to_string()]);
    command.output().expect("it runs")
}

fn reads_every_format(program: &Path) {
    let image = fs::read(golden("image.iso")).expect("it is checked in");
    let sectors = u32::try_from(image.len() / 2048).expect("a small image");
    for name in FILES {
        let all = run(program, &golden(name), 0, sectors);
        assert!(all.status.success(), "{name}: {}", String::from_utf8_lossy(&all.stderr));
        assert!(all.stdout == image[..sectors as usize * 2048], "{name}");
        let some = run(program, &golden(name), 3, 2);
        assert!(some.stdout == image[3 * 2048..5 * 2048], "{name}");
        let past = run(program, &golden(name), sectors + 4, 1);
        assert!(!past.status.success() && past.stdout.is_empty(), "{name}");
        assert!(
            String::from_utf8_lossy(&past.stderr).contains("the range is not inside the image"),
            "{name}"
        );
    }
}

#[test]
fn the_example_reads_every_format_with_the_static_library() {
    reads_every_format(&example("static", &library("libsector_decode_capi.a")));
}

#[test]
#[cfg(target_os = "linux")]
fn the_example_links_with_the_shared_library() {
    let library = library("libsector_decode_capi.so");
    let program = example("shared", &library);
    let mut command = Command::new(&program);
    command.env("LD_LIBRARY_PATH", library.parent().expect("it is in a folder"));
    let output = command.arg(golden("maxcso-2k.cso")).args(["0", "1"]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, fs::read(golden("image.iso")).expect("it is checked in")[..2048]);
}

/// On the emulated console, `device-bench --c-interface` runs it.
#[test]
fn the_example_without_a_c_library_reads_every_format() {
    let program = program("freestanding", "tests/read_image.c", &library("libsector_decode_capi.a"));
    let image = fs::read(golden("image.iso")).expect("it is checked in");
    let read = |name: &str, offset: usize, len: usize| {
        let mut command = Command::new(&program);
        command.arg(golden(name)).args([offset.to_string(), len.to_string()]);
        command.output().expect("it runs")
    };
    for name in FILES {
        for (offset, len) in [(0, image.len()), (2000, 100), (image.len(), 0)] {
            let output = read(name, offset, len);
            assert!(output.status.success() && output.stdout == image[offset..offset + len], "{name}");
        }
        let past = read(name, image.len(), 1);
        assert_eq!(past.status.code(), Some(secdec_status::SECDEC_OUT_OF_RANGE as i32), "{name}");
    }
}

#[test]
fn the_example_says_which_block_is_damaged() {
    let mut file = fs::read(golden("maxcso-2k.cso")).expect("it is checked in");
    let len = file.len();
    file[len / 2..].fill(0xFF);
    let damaged = folder("damaged").join("damaged.cso");
    fs::write(&damaged, file).expect("the target folder can be written");
    let program = example("damaged", &library("libsector_decode_capi.a"));
    let output = run(&program, &damaged, 0, u32::MAX);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("a block is damaged (block "));
}
