//! The program for any Linux: linked with musl, so that it needs nothing from the system it runs on.
//!
//! It is not linked with glibc: that still loads parts of itself at run time, and its licence requires
//! everybody who passes a program on to make relinking possible.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::archive::tar_xz;
use super::licences::{self, Linked};
use super::{Release, add_papers, copy, write};
use crate::arm::Processor;
use crate::profile::Profile;
use crate::{debian, paths, shell};

pub(super) const TARGET: &str = "x86_64-unknown-linux-musl";

/// The Debian package with musl's compiler.
pub(super) const PACKAGES: &[&str] = &["musl-tools"];

/// Builds the program and returns where it is.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    if debian::is_here() {
        debian::install(PACKAGES)?;
    }
    let mut add = Command::new("rustup");
    add.current_dir(paths::root()).args(["target", "add", TARGET]);
    shell::output(&mut add).context("the static program needs rustup's library for musl")?;
    let folder = paths::build_dir().join("static");
    let mut cargo = shell::cargo();
    cargo.args(["build", "--quiet", "--locked", "--package", "cisor", "--target", TARGET]);
    cargo.arg("--target-dir").arg(&folder);
    cargo.env(format!("CC_{}", TARGET.replace('-', "_")), "musl-gcc");
    profile.set(&mut cargo, "symbols");
    cargo.env("RUSTFLAGS", paths::remapped());
    shell::run(&mut cargo)?;
    Ok(folder.join(TARGET).join(profile.name()).join("cisor"))
}

/// A program for Linux, built for one processor.
pub(super) struct Built {
    pub(super) path: PathBuf,
    /// What is linked into it.
    pub(super) triple: &'static str,
    /// The processor, as the archives have it.
    pub(super) name: &'static str,
    /// What Debian calls that.
    pub(super) debian: &'static str,
    /// What runs it here; `None` for this machine's own processor.
    pub(super) emulator: Option<&'static str>,
    /// What the archive's README says that it needs.
    needs: &'static str,
}

impl Built {
    /// The program for PCs, of which [`build`] returns the place.
    pub(super) fn pc(path: PathBuf) -> Self {
        let needs = "a 64-bit PC";
        Self { path, triple: TARGET, name: "x86_64", debian: "amd64", emulator: None, needs }
    }

    /// A program that [`crate::cross::build`] built.
    pub(super) fn cross(path: PathBuf, processor: &Processor) -> Self {
        let Processor { name, target, debian, emulator, needs, .. } = *processor;
        Self { path, triple: target.triple, name, debian, emulator: Some(emulator), needs }
    }

    /// The name of its archive, without extensions.
    pub(super) fn archive(&self, release: &Release) -> String {
        format!("cisor-{}-linux-{}", release.version, self.name)
    }

    /// The name of its Debian package.
    pub(super) fn package(&self, release: &Release) -> String {
        format!("cisor_{}_{}.deb", release.version, self.debian)
    }

    /// Writes all licence texts of the program.
    pub(super) fn add_licences(&self, folder: &Path) -> Result<()> {
        licences::write_all(
            &Linked { workspace: "", packages: &["cisor"], target: Some(self.triple) },
            folder,
        )?;
        licences::write_standard_library(folder)?;
        licences::write_runtime("musl", folder)?;
        if self.emulator.is_some() { licences::write_zig(folder) } else { Ok(()) }
    }
}

/// Packs the archive.
pub(super) fn make(program: &Built, release: &Release, scratch: &Path, to: &Path) -> Result<PathBuf> {
    let name = program.archive(release);
    let folder = scratch.join("linux").join(&name);
    copy(&program.path, &folder.join("cisor"))?;
    add_papers(&folder)?;
    let readme = paths::root().join("packaging/README-linux.txt");
    let readme = fs::read_to_string(&readme).with_context(|| readme.display().to_string())?;
    write(&folder.join("README.txt"), readme.replace("@NEEDS@", program.needs))?;
    add_generated(&folder)?;
    program.add_licences(&folder.join("licences"))?;
    tar_xz(&folder, to.join(format!("{name}.tar.xz")), release)
}

/// Writes what the program generates itself: manual pages in `man`, completions in `completions`.
pub(super) fn add_generated(folder: &Path) -> Result<()> {
    let pages = folder.join("man");
    fs::create_dir_all(&pages)?;
    shell::output(Command::new(paths::cisor()).arg("man").arg(&pages))?;
    for (shell_name, file) in [("bash", "cisor.bash"), ("zsh", "_cisor"), ("fish", "cisor.fish")] {
        let script = shell::output(Command::new(paths::cisor()).args(["completions", shell_name]))?;
        write(&folder.join("completions").join(file), script)?;
    }
    Ok(())
}
