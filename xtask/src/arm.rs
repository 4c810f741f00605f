//! The converter for ARM: built with zig, tested in QEMU's emulators of its processors.

use std::path::Path;

use anyhow::{Result, bail};

use crate::cross::{self, Profile, Target};
use crate::{debian, shell};

/// A processor that the converter for Linux exists for, besides this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Processor {
    /// As `uname -m` and the archives have it.
    pub(crate) name: &'static str,
    pub(crate) target: Target,
    /// What Debian calls it.
    pub(crate) debian: &'static str,
    /// QEMU's program for it.
    pub(crate) emulator: &'static str,
    /// What the program needs, for its README.
    pub(crate) needs: &'static str,
    /// Which of the command line's tests run with the program as tests are built, as nextest's filter.
    quick: &'static str,
}

/// Debian's package of emulators for single programs.
pub(crate) const EMULATORS: &[&str] = &["qemu-user-static"];

/// 64 bits: Raspberry Pi 3 and later, nearly every NAS of today.
pub(crate) const AARCH64: Processor = Processor {
    name: "aarch64",
    target: Target { triple: "aarch64-unknown-linux-musl", builds_std: false },
    debian: "arm64",
    emulator: "qemu-aarch64-static",
    needs: "an ARM processor with 64 bits (aarch64)",
    quick: "all()",
};

/// 32 bits: Raspberry Pi 2, older NAS, many boxes below a television.
pub(crate) const ARMV7: Processor = Processor {
    name: "armv7",
    target: Target { triple: "armv7-unknown-linux-musleabihf", builds_std: true },
    debian: "armhf",
    emulator: "qemu-arm-static",
    needs: "an ARM processor with 32 bits and hardware floating point (armv7l)",
    quick: "binary(same_bytes) or binary(serve) or test(/^(conversions|damage|sources|raw|unix::racing)::/)",
};

/// All of them.
pub(crate) const ALL: [Processor; 2] = [AARCH64, ARMV7];

/// The command line's tests, but not those that watch the program's system calls, those that exist only for Windows,
/// those whose limits on memory or threads would stop the emulator, nor, because they take too long, those of sparse
/// images over 4 GiB.
const EMULATED: &str = "package(cisor) and kind(test) and not binary(/faults$/) and not binary(windows) \
                        and not test(no_descriptor_no_thread_no_memory) and not binary(large_images)";

/// Options of `cargo xtask arm`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Test what users get, optimised, with every test
    #[arg(long)]
    release: bool,
    /// Run only the tests whose names contain one of these words
    #[arg(value_name = "WORD")]
    filters: Vec<String>,
}

/// Installs the emulators where Debian's packages can be had.
pub(crate) fn ensure() -> Result<()> {
    if debian::is_here() { debian::install(EMULATORS) } else { Ok(()) }
}

/// Builds the programs and runs their tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(reason) = missing() {
        bail!("{reason}");
    }
    for processor in &ALL {
        let profile = if args.release { Profile::Release } else { Profile::Tests };
        let program = cross::build(&processor.target, profile)?;
        let tests = if args.release { "all()" } else { processor.quick };
        test(processor, &program, tests, &args.filters)?;
    }
    Ok(())
}

/// What the tests need but cannot be installed from a package; `None` if everything is there.
fn missing() -> Option<String> {
    let here = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    match () {
        () if !here => Some("programs for ARM are built and tested only on Linux on a PC".to_owned()),
        () if shell::find("rustup").is_none() => {
            Some("rustup is missing, which brings Rust's library for ARM".to_owned())
        }
        () => None,
    }
}

fn test(processor: &Processor, program: &Path, tests: &str, filters: &[String]) -> Result<()> {
    ensure()?;
    let mut cargo = shell::cargo();
    // The whole workspace, as in the step `tests`: for one package, libraries get fewer features and are built again.
    cargo.args([
        "nextest",
        "run",
        "--workspace",
        "--run-ignored",
        "all",
        "--no-fail-fast",
        "--no-tests",
        "pass",
    ]);
    cargo.args(["-E", &format!("{EMULATED} and ({tests})")]).args(filters);
    cargo.env("CISOR_EMULATOR", processor.emulator).env("CISOR_EMULATED_EXE", program);
    shell::run(&mut cargo)
}
