//! Checks that the decoder stays inside its buffers: runs its tests as a 32-bit program with the buffers at
//! both ends of the address space, under Miri, and under AddressSanitizer.

use std::process::Command;

use anyhow::Result;

use crate::{debian, paths, shell};

const TARGET: &str = "i686-unknown-linux-gnu";
/// The host's own target, by name: with it, build scripts are built without the sanitizer.
const HOST: &str = "x86_64-unknown-linux-gnu";

/// A 32-bit compiler, for the C encoders that the tests use. Unlike gcc-multilib, it can be installed next to
/// compilers for other processors.
const PACKAGES: &[&str] = &["gcc-i686-linux-gnu", "libc6-dev-i386-cross"];

const TEST: &[&str] =
    &["test", "--quiet", "--package", "sector-decode", "--features", "fast,test-reference", "--tests"];

/// What the 32-bit tests need but cannot be installed from a package; `None` if everything is there.
pub(crate) fn missing() -> Option<String> {
    let here = cfg!(all(target_os = "linux", target_arch = "x86_64")) && debian::is_here();
    match () {
        () if !here => Some("programs of 32 bits are built by Debian's compiler on a PC".to_owned()),
        () if shell::find("rustup").is_none() => Some(format!("rustup, which brings {TARGET}")),
        () => None,
    }
}

/// Builds the decoder's tests for 32 bits, and runs them twice: with all buffers at the top of the address
/// space, and at the bottom.
pub(crate) fn at_both_edges() -> Result<()> {
    debian::install(PACKAGES)?;
    shell::output(Command::new("rustup").args(["target", "add", TARGET]))?;
    for edge in ["top", "bottom"] {
        eprintln!("Buffers at the {edge} of the address space");
        let mut cargo = with_compiler(shell::cargo());
        cargo
            .args(TEST)
            .args(["--target", TARGET])
            .env("SECTOR_DECODE_EDGE", edge)
            .env("CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER", "i686-linux-gnu-gcc")
            // The system may not have a 32-bit C library.
            .env("CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUSTFLAGS", "-Ctarget-feature=+crt-static")
            // Otherwise the first stack would be at the top.
            .env("CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUNNER", "setarch --3gb")
            // With one thread, tests would run on the runner's own thread, whose buffers the allocator does
            // not move.
            .env("RUST_TEST_THREADS", "2");
        shell::run(&mut cargo)?;
    }
    Ok(())
}

/// Runs under Miri, as a program of 32 bits and as one of 64: one small stream per codec, cut and damaged everywhere; all
/// short streams into all small outputs; and the arithmetic on index entries, windows and runs, for all small numbers and
/// those at the borders.
pub(crate) fn miri() -> Result<()> {
    shell::output(Command::new("rustup").args([
        "component",
        "add",
        "--toolchain",
        "nightly",
        "miri",
        "rust-src",
    ]))?;
    debian::install(PACKAGES)?;
    for target in [TARGET, HOST] {
        // Not the property tests, which look for a file with former failures, where Miri lets no program look.
        let everything_small = &["every_entry::", "every_window::", "every_run::"][..];
        for (tests, words) in [("--lib", everything_small), ("--test=codecs", &["edges", "every_stream"])] {
            eprintln!("{target}: {tests}");
            let mut cargo = with_compiler(nightly());
            cargo.args(["miri", "test", "--quiet", "--package", "sector-decode"]);
            cargo.args(["--features", "fast,test-reference", tests, "--target", target, "--target-dir"]);
            cargo.arg(paths::build_dir().join("miri")).arg("--").args(words);
            shell::run(&mut cargo)?;
        }
    }
    Ok(())
}

/// Runs all of the decoder's tests under AddressSanitizer.
pub(crate) fn asan() -> Result<()> {
    let mut cargo = nightly();
    cargo.args(TEST).args(["--target", HOST, "--target-dir"]).arg(paths::build_dir().join("asan"));
    cargo.env("RUSTFLAGS", "-Zsanitizer=address");
    // Some tests keep their buffers for ever, on purpose.
    cargo.env("ASAN_OPTIONS", "detect_leaks=0");
    shell::run(&mut cargo)
}

/// Lets build scripts find the compiler for 32 bits.
fn with_compiler(mut cargo: Command) -> Command {
    cargo.env("CC_i686_unknown_linux_gnu", "i686-linux-gnu-gcc");
    cargo.env("AR_i686_unknown_linux_gnu", "i686-linux-gnu-ar");
    cargo
}

fn nightly() -> Command {
    let mut cargo = Command::new("rustup");
    cargo.args(["run", "nightly", "cargo"]).current_dir(paths::root());
    shell::without_package_variables(&mut cargo);
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
        cargo.env_remove(name);
    }
    cargo
}
