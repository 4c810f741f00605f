//! The converter for Windows: built on Linux with MinGW, tested under Wine.
//!
//! The target is the one for Windows 7 and later. It does not have a prebuilt standard library, so that is
//! built from source. Wine 8 starts its programs; those of the usual target need functions of Windows 10.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::profile::Profile;
use crate::toolchain::PspToolchain;
use crate::{debian, paths, shell};

/// Windows 7 and later, 64 bits.
pub(crate) const TARGET: &str = "x86_64-win7-windows-gnu";

const COMPILER: &[&str] = &["gcc-mingw-w64-x86-64"];
const WINE: &[&str] = &["wine", "wine64"];

/// Options of `cargo xtask windows`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Test what users get, optimised, with every test
    #[arg(long)]
    release: bool,
    /// Run only the tests whose names contain one of these words
    #[arg(value_name = "WORD")]
    filters: Vec<String>,
}

/// Builds the program and runs its tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    let (profile, tests) = if args.release { (Profile::Release, "all()") } else { (Profile::Quick, QUICK) };
    test(&build(profile)?, tests, &args.filters)
}

/// A toolchain that can build the standard library from source.
struct Toolchain {
    /// Which it is, for people.
    name: String,
    command: Command,
}

impl Toolchain {
    /// Finds one: the toolchain that builds everything else, if rustup has the library's source for it, or
    /// the one for the console.
    fn find() -> Result<Self> {
        if let Some(sysroot) = sysroot_with_source() {
            let mut command = shell::cargo();
            // Lets a stable compiler take -Zbuild-std; the compiler is the same.
            command.env("RUSTC_BOOTSTRAP", "1");
            return Ok(Self { name: sysroot.display().to_string(), command });
        }
        let toolchain = PspToolchain::find()?;
        Ok(Self { name: toolchain.name.clone(), command: toolchain.command() })
    }
}

/// Returns the folder of the toolchain in use, if it has the standard library's source or can get it.
pub(crate) fn sysroot_with_source() -> Option<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(paths::root()).args(["--print", "sysroot"]);
    let sysroot = PathBuf::from(shell::text(&mut rustc).ok()?);
    let source = sysroot.join("lib/rustlib/src/rust/library/std/src/lib.rs");
    if !source.is_file() {
        eprintln!("Installing rust-src");
        let mut add = Command::new("rustup");
        let toolchain = sysroot.file_name()?;
        shell::output(add.args(["component", "add", "rust-src", "--toolchain"]).arg(toolchain)).ok()?;
    }
    source.is_file().then_some(sysroot)
}

/// Installs the compiler and Wine where Debian's packages can be had.
pub(crate) fn ensure() -> Result<()> {
    if debian::is_here() { debian::install(&[COMPILER, WINE].concat()) } else { Ok(()) }
}

/// Builds the program and returns where it is.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    if debian::is_here() {
        debian::install(COMPILER)?;
    }
    let toolchain = Toolchain::find()?;
    eprintln!("Toolchain for Windows: {}", toolchain.name);
    let mut cargo = toolchain.command;
    let folder = paths::build_dir().join("windows");
    cargo.args(["build", "--quiet", "--locked", "--package", "cisor", "--target", TARGET]);
    cargo.arg("-Zbuild-std=std,panic_abort").arg("--target-dir").arg(&folder);
    let name = TARGET.to_uppercase().replace('-', "_");
    cargo.env(format!("CARGO_TARGET_{name}_LINKER"), "x86_64-w64-mingw32-gcc");
    cargo.env(format!("CC_{}", TARGET.replace('-', "_")), "x86_64-w64-mingw32-gcc");
    cargo.env(format!("AR_{}", TARGET.replace('-', "_")), "x86_64-w64-mingw32-ar");
    // Symbols are useless there. Below, the linker is kept from writing the time into the file.
    profile.set(&mut cargo, "symbols");
    cargo.env("RUSTFLAGS", format!("{} -C link-arg=-Wl,--no-insert-timestamp", paths::remapped()));
    shell::run(&mut cargo)?;
    Ok(folder.join(TARGET).join(profile.name()).join("cisor.exe"))
}

/// Wine with a separate folder. It keeps running until this is dropped, because starting it for every program
/// would take most of the tests' time.
pub(crate) struct Wine {
    env: Vec<(&'static str, OsString)>,
}

impl Wine {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        if debian::is_here() {
            debian::install(WINE)?;
        }
        let prefix = paths::build_dir().join("wine");
        fs::create_dir_all(&prefix).with_context(|| prefix.display().to_string())?;
        let env = vec![
            ("WINEPREFIX", prefix.into_os_string()),
            ("WINEDEBUG", "-all".into()),
            // Prevents windows for installing components that the tests do not use.
            ("WINEDLLOVERRIDES", "mscoree,mshtml=".into()),
            // In the C locale Wine takes only ASCII for file names.
            ("LC_ALL", "C.UTF-8".into()),
        ];
        let wine = Self { env };
        // A server left over from a killed task would keep another from starting.
        let _ = wine.run("wineserver", &["-k", "-w"]);
        wine.run("wineserver", &["-p"])?;
        // Makes the folder, the first time.
        wine.run("wine", &["cmd", "/c", "ver"])?;
        Ok(wine)
    }

    /// Runs a program without reading its output: Wine's services, which it leaves running, keep a pipe open.
    fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        let mut command = self.command(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        shell::run(&mut command)
    }

    /// Returns a command that finds this Wine.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.set(&mut command);
        command
    }

    /// Lets the programs that a command starts find this Wine.
    pub(crate) fn set(&self, command: &mut Command) {
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // The server of this folder alone.
        let _ = self.run("wineserver", &["-k"]);
    }
}

/// The command line's tests that can run under Wine. How much work damage makes does not depend on the system, and to start
/// Wine's programs takes longer.
const ANY_SYSTEM: &str = "package(cisor) and kind(test) and not test(/^unix::|work_on_damage_stays/) \
                          and not binary(/faults$|^(serve|power_cut|bit_rot)$/)";

/// A selection for every run of `cargo xtask test`. How sources of every kind are read does not depend on the system;
/// images over 4 GiB take longest.
pub(crate) const QUICK: &str = "not binary(large_images) and not test(/^(every_source|wrong_edc|chd|archives)::/) \
                                and not test(/missing_blocks_become_holes/)";

/// Runs the tests of the command line with the program for Windows, and the tests that exist only for
/// Windows; `tests` picks some, in nextest's language.
pub(crate) fn test(exe: &Path, tests: &str, filters: &[String]) -> Result<()> {
    let wine = Wine::start()?;
    let mut cargo = shell::cargo();
    // The whole workspace, as in the step `tests`: for one package, libraries get fewer features and are built again.
    cargo.args(["nextest", "run", "--workspace", "--run-ignored", "all", "--no-fail-fast"]);
    cargo.args(["--no-tests", "pass", "-E", &format!("{ANY_SYSTEM} and ({tests})")]).args(filters);
    // About once in a thousand starts, Wine exits with code 1 before the program begins, without a message.
    // So failing tests are retried and reported as flaky if they pass then; a real failure fails three times.
    cargo.args(["--retries", "2"]);
    cargo
        .env("CISOR_WINDOWS_EXE", exe)
        .env("CISOR_DROP_CMD", paths::root().join("packaging/windows/drop.cmd.in"));
    wine.set(&mut cargo);
    shell::run(&mut cargo)
}
