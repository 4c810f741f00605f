//! The converter for ARM: built with zig, tested in QEMU's emulators of its processors.

use std::path::Path;

use anyhow::{Result, bail};

use crate::cross::{self, Target};
use crate::profile::Profile;
use crate::steps::Steps;
use crate::{debian, shell};

/// A processor that the converter for Linux exists for, besides this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Processor {
    /// As `uname -m` and the archives have it.
    pub(crate) name: &'static str,
    pub(crate) target: Target,
    /// The step of `cargo xtask test` that builds and tests the program.
    step: &'static str,
    /// What Debian calls it.
    pub(crate) debian: &'static str,
    /// QEMU's program for it.
    pub(crate) emulator: &'static str,
    /// What the program needs, for its README.
    pub(crate) needs: &'static str,
}

/// Debian's package of emulators for single programs.
pub(crate) const EMULATORS: &[&str] = &["qemu-user-static"];

/// 64 bits: Raspberry Pi 3 and later, nearly every NAS of today.
pub(crate) const AARCH64: Processor = Processor {
    name: "aarch64",
    target: Target { triple: "aarch64-unknown-linux-musl", builds_std: false },
    step: "converter for ARM, 64 bits, and its tests",
    debian: "arm64",
    emulator: "qemu-aarch64-static",
    needs: "an ARM processor with 64 bits (aarch64)",
};

/// 32 bits: Raspberry Pi 2, older NAS, many boxes below a television.
pub(crate) const ARMV7: Processor = Processor {
    name: "armv7",
    target: Target { triple: "armv7-unknown-linux-musleabihf", builds_std: true },
    step: "converter for ARM, 32 bits, and its tests",
    debian: "armhf",
    emulator: "qemu-arm-static",
    needs: "an ARM processor with 32 bits and hardware floating point (armv7l)",
};

/// All of them.
pub(crate) const ALL: [Processor; 2] = [AARCH64, ARMV7];

/// The command line's tests that an emulator can run. The others
/// - watch the program's system calls, or limit memory, threads or files: the emulator's, then;
/// - find the emulator in /proc: what it has read, its threads, its open files, its memory, the signals it ignores;
/// - exist only for Windows;
/// - take too long: sparse images over 4 GiB, half a gigabyte over a bad network, disks that are full at every moment.
const EMULATED: &str = "package(cisor) and kind(test) and not binary(/faults$|^power_cut$/) \
     and not test(/no_descriptor_no_thread_no_memory|^bad_input::no_file_is_opened|^small::/) \
     and not test(/^unix::(changing|progress|one_by_one|full_disk)::|^unix::hangup_is_ignored/) \
     and not test(/^bad_input::(ten_thousand_opens|flood_from_one_address)/) \
     and not binary(windows) and not binary(large_images) and not test(/half_a_gigabyte|ten_million|ten_thousand_bits/)";

/// A selection for every run of `cargo xtask test`: each format and level against the program for this machine, there and
/// back, damage, sources of every kind, the server. What is left out takes long, and does not depend on the processor: how
/// bad networks and waiting consoles are dealt with, sizes at other levels, times of loading.
const QUICK: &str = "(binary(same_bytes) or binary(serve) or test(/^(conversions|damage|sources)::/)) \
                     and not test(/work_on_damage_stays|consoles_do_not_wait_for_whoever_should_read/) \
                     and not test(/^(trace|namespaces)::|higher_levels_make_smaller_files|what_is_to_load_fast/)";

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

/// Installs all that building and testing need.
pub(crate) fn set_up() -> Result<()> {
    ensure()?;
    ALL.iter().try_for_each(|processor| cross::ensure(&processor.target))
}

/// Builds the programs and runs their tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(reason) = missing() {
        bail!("{reason}");
    }
    let (profile, tests) = if args.release { (Profile::Release, "all()") } else { (Profile::Quick, QUICK) };
    ALL.iter().try_for_each(|processor| build_and_test(processor, profile, tests, &args.filters))
}

/// Runs a step of `cargo xtask test` for each processor.
pub(crate) fn steps(steps: &mut Steps) {
    for processor in &ALL {
        let work = || build_and_test(processor, Profile::Quick, QUICK, &[]);
        match missing() {
            None => drop(steps.run(processor.step, work)),
            Some(reason) => steps.skip(processor.step, reason),
        }
    }
}

/// What the tests need but cannot be installed from a package; `None` if everything is there.
pub(crate) fn missing() -> Option<String> {
    let here = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    match () {
        () if !here => Some("programs for ARM are built and tested only on Linux on a PC".to_owned()),
        () if shell::find("rustup").is_none() => {
            Some("rustup is missing, which brings Rust's library for ARM".to_owned())
        }
        () => None,
    }
}

fn build_and_test(processor: &Processor, profile: Profile, tests: &str, filters: &[String]) -> Result<()> {
    let program = cross::build(&processor.target, profile)?;
    test(processor, &program, tests, filters)
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
