//! Builds the converter for processors and systems other than this machine's, with zig as C compiler and linker.
//!
//! zig brings C libraries for all of them in one program of a pinned version, and does not push out Debian's
//! compilers, of which those for other processors and those for 32 bits exclude each other.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::profile::Profile;
use crate::{checkers, paths, shell};

/// Something that the converter is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// What rustc calls it.
    pub(crate) triple: &'static str,
    /// Whether the standard library is built from source, because rustup does not supply it everywhere.
    pub(crate) builds_std: bool,
}

/// The folder of zig, which has the licences of what it links into programs.
pub(crate) fn zig_folder() -> Result<PathBuf> {
    let mut python = Command::new(programs()?.join("python3"));
    python.args(["-c", "import os, ziglang; print(os.path.dirname(ziglang.__file__))"]);
    Ok(shell::text(&mut python)?.into())
}

fn programs() -> Result<PathBuf> {
    checkers::from_pypi("zig", "100 MB")
}

/// Installs what [`build`] needs for a target.
pub(crate) fn ensure(target: &Target) -> Result<()> {
    cargo(target, "zigbuild").map(drop)
}

/// Returns a cargo that builds for a target, once `cargo-zigbuild` has added what it needs: `verb` is
/// `zigbuild` or `test`.
pub(crate) fn cargo(target: &Target, verb: &str) -> Result<Command> {
    let programs = programs()?;
    if target.builds_std {
        crate::windows::sysroot_with_source().context("rustup's rust-src")?;
    } else {
        let mut add = Command::new("rustup");
        add.current_dir(paths::root()).args(["target", "add", target.triple]);
        shell::output(&mut add).with_context(|| format!("rustup's library for {}", target.triple))?;
    }
    let mut cargo = Command::new(programs.join("cargo-zigbuild"));
    cargo.current_dir(paths::root()).args([verb, "--quiet", "--locked", "--target", target.triple]);
    shell::without_package_variables(&mut cargo);
    // It finds zig in this Python, whatever else the machine has.
    cargo.env("CARGO_ZIGBUILD_PYTHON_PATH", programs.join("python3"));
    if target.builds_std {
        // Lets a stable compiler take -Zbuild-std; the compiler is the same.
        cargo.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
    }
    Ok(cargo)
}

/// Builds the converter and returns where it is.
pub(crate) fn build(target: &Target, profile: Profile) -> Result<PathBuf> {
    let mut cargo = cargo(target, "zigbuild")?;
    cargo.args(["--package", "cisor"]);
    // zig supplies the C library's start-up code and the unwinder, which rustup's own library would bring itself.
    let own_start = if target.builds_std { "-C link-self-contained=no" } else { "" };
    let folder = paths::build_dir().join("cross");
    cargo.arg("--target-dir").arg(&folder);
    if profile == Profile::Release {
        // On macOS that would invalidate the signature that the linker has written.
        profile.set(&mut cargo, if target.triple.contains("apple") { "none" } else { "symbols" });
        cargo.env("RUSTFLAGS", format!("{} {own_start}", paths::remapped()));
    } else {
        profile.set(&mut cargo, "none");
        cargo.env("RUSTFLAGS", own_start);
    }
    shell::run(&mut cargo)?;
    let program = if target.triple.contains("windows") { "cisor.exe" } else { "cisor" };
    Ok(folder.join(target.triple).join(profile.name()).join(program))
}
