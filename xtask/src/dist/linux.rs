//! The program for any Linux: linked with musl, so that it needs nothing from the system it runs on.
//!
//! It is not linked with glibc: that still loads parts of itself at run time, and its licence requires
//! everybody who passes a program on to make relinking possible.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::archive::tar_xz;
use super::licences::{self, Linked};
use super::{Programs, Release, add_papers, copy, write};
use crate::{debian, paths, shell};

pub(super) const TARGET: &str = "x86_64-unknown-linux-musl";

/// The Debian package with musl's compiler.
pub(super) const PACKAGES: &[&str] = &["musl-tools"];

/// What is linked into the program.
pub(super) const LINKED: Linked = Linked { workspace: "", packages: &["cisor"], target: Some(TARGET) };

/// Builds the program and returns where it is.
pub(crate) fn build() -> Result<PathBuf> {
    if debian::is_here() {
        debian::install(PACKAGES)?;
    }
    let mut add = Command::new("rustup");
    add.current_dir(paths::root()).args(["target", "add", TARGET]);
    shell::output(&mut add).context("the static program needs rustup's library for musl")?;
    let folder = paths::build_dir().join("static");
    let mut cargo = shell::cargo();
    cargo.args(["build", "--quiet", "--release", "--locked", "--package", "cisor", "--target", TARGET]);
    cargo.arg("--target-dir").arg(&folder);
    cargo.env(format!("CC_{}", TARGET.replace('-', "_")), "musl-gcc");
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "symbols").env("RUSTFLAGS", paths::remapped());
    shell::run(&mut cargo)?;
    Ok(folder.join(TARGET).join("release/cisor"))
}

/// Packs the archive.
pub(super) fn make(programs: &Programs, release: &Release, scratch: &Path, to: &Path) -> Result<PathBuf> {
    let name = format!("cisor-{}-linux-x86_64", release.version);
    let folder = scratch.join("linux").join(&name);
    copy(&programs.linux, &folder.join("cisor"))?;
    add_papers(&folder)?;
    copy(&paths::root().join("packaging/README-linux.txt"), &folder.join("README.txt"))?;
    add_generated(&folder)?;
    add_licences(&folder.join("licences"))?;
    tar_xz(&folder, to.join(format!("{name}.tar.xz")), release)
}

/// Writes what the program generates itself: manual pages in `man`, completions in `completions`.
pub(super) fn add_generated(folder: &Path) -> Result<()> {
    let pages = folder.join("man");
    std::fs::create_dir_all(&pages)?;
    shell::output(Command::new(paths::cisor()).arg("man").arg(&pages))?;
    for (shell_name, file) in [("bash", "cisor.bash"), ("zsh", "_cisor"), ("fish", "cisor.fish")] {
        let script = shell::output(Command::new(paths::cisor()).args(["completions", shell_name]))?;
        write(&folder.join("completions").join(file), script)?;
    }
    Ok(())
}

/// Writes all licence texts of the program.
pub(super) fn add_licences(folder: &Path) -> Result<()> {
    licences::write_all(&LINKED, folder)?;
    licences::write_standard_library(folder)?;
    licences::write_runtime("musl", folder)
}
