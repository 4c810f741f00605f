//! Builds everything that people install, in target/dist/: archives, the Debian package, the zip for the
//! memory card, the list of what is in them, their checksums, and the manifests of package
//! managers.
//!
//! What cannot be made, because this machine has no toolchain for it, is listed at the end with the reason.
//!
//! The same sources give the same bytes: nothing depends on when, where or by whom it was packed. The version
//! is the one in Cargo.toml, and all files get its date from CHANGELOG.md.

mod archive;
mod card;
mod check;
mod debian_package;
mod licences;
mod linux;
mod mac;
mod manifests;
mod page;
mod page_folder;
mod recipes_check;
mod sbom;
mod windows_zip;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

pub(crate) use archive::SUMS;
pub(crate) use check::{check, ensure};
pub(crate) use linux::build as static_program;
pub(crate) use page::page_licences;

use crate::profile::Profile;
use crate::{arm, converter, cross, debian, disc, paths, psp, shell, web, windows};

/// Options of `cargo xtask dist`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address of the folder from which people will download the files, for the manifests
    #[arg(long, value_name = "ADDRESS", default_value = "https://cisor.invalid/download")]
    url: String,
    /// Also build every package twice, compare, and try each one, as `cargo xtask test` does
    #[arg(long)]
    check: bool,
    /// Leave out the programs that zig builds: for ARM and macOS
    #[arg(long)]
    no_cross: bool,
    /// Fail if anything could not be made
    #[arg(long)]
    all: bool,
}

/// Programs that pack, by Debian package.
const PACKERS: &[&str] = &["dpkg", "gzip", "tar", "xz-utils", "zip"];

/// The built programs to pack.
struct Programs {
    /// For PCs first, then for ARM if there is a toolchain.
    windows: Vec<windows_zip::Built>,
    /// For PCs first, then for the other processors for which there is a toolchain.
    linux: Vec<linux::Built>,
    macs: Vec<mac::Built>,
    /// Folder with what was built for the console.
    psp: PathBuf,
    /// The page for browsers.
    page: PathBuf,
    /// What could not be built, and why.
    missing: Vec<String>,
    /// Whether a toolchain was there and still something did not compile.
    is_broken: bool,
}

impl Programs {
    /// Builds what `cargo xtask test` packs, besides the program for Windows, which it is given.
    fn usual(profile: Profile, windows: PathBuf) -> Result<Self> {
        Ok(Self {
            windows: vec![windows_zip::Built::pc(windows)],
            linux: vec![linux::Built::pc(linux::build(profile)?)],
            macs: Vec::new(),
            psp: paths::psp_results(),
            page: web::build(page::page_licences)?,
            missing: Vec::new(),
            is_broken: false,
        })
    }

    /// Adds the programs that zig builds, or the reasons why not.
    fn add_cross(&mut self) {
        for processor in &arm::ALL {
            if let Some(path) = self.cross(&format!("Linux on {}", processor.name), &processor.target) {
                self.linux.push(linux::Built::cross(path, processor));
            }
        }
        if let Some(path) = self.cross("Windows on ARM", &windows_zip::ARM) {
            self.windows.push(windows_zip::Built::arm(path));
        }
        for machine in &mac::ALL {
            if let Some(path) = self.cross(&format!("macOS on {}", machine.name), &machine.target) {
                self.macs.push(mac::Built { path, machine: *machine });
            }
        }
    }

    /// Builds a program, or notes why not.
    fn cross(&mut self, what: &str, target: &cross::Target) -> Option<PathBuf> {
        let toolchain = cross::cargo(target, "zigbuild").map(drop);
        let has_toolchain = toolchain.is_ok();
        let built = toolchain.and_then(|()| cross::build(target, Profile::Release));
        if let Err(error) = &built {
            self.missing.push(format!("the program for {what}: {error:#}"));
            self.is_broken |= has_toolchain;
        }
        built.ok()
    }
}

/// The version and its date.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Release {
    version: String,
    /// In the form `2026-01-31`.
    date: String,
}

/// Builds and packs everything.
pub(crate) fn run(args: &Args) -> Result<()> {
    if debian::is_here() {
        debian::install(PACKERS)?;
    }
    // Writes the manual pages and the completions.
    shell::run(converter::build().arg("--locked"))?;
    psp::run()?;
    let mut programs = Programs::usual(Profile::Release, windows::build(Profile::Release)?)?;
    if !args.no_cross {
        programs.add_cross();
    }
    let folder = paths::root().join("target/dist");
    let mut missing = programs.missing.clone();
    missing.extend(pack(&programs, &folder, &args.url)?);
    for line in fs::read_to_string(folder.join(archive::SUMS))?.lines() {
        println!("{line}");
    }
    if args.check {
        check::check_all(&programs, &disc::ensure()?.ps2)?;
    }
    for line in &missing {
        println!("NOT MADE: {line}");
    }
    if args.all && !missing.is_empty() {
        bail!("{} things could not be made, and --all wants all of them", missing.len());
    }
    if programs.is_broken {
        bail!("a program did not compile, though its toolchain is here");
    }
    Ok(())
}

/// Packs the programs into a folder, which is emptied first. Returns what could not be made, and why.
fn pack(programs: &Programs, folder: &Path, url: &str) -> Result<Vec<String>> {
    let release = Release::current()?;
    fresh(folder)?;
    let scratch = folder.join("scratch");
    let page = folder.join(web::PAGE);
    copy(&programs.page, &page)?;
    let mut files = Vec::new();
    for program in &programs.windows {
        files.push(windows_zip::make(program, &release, &scratch, folder)?);
    }
    for program in &programs.linux {
        files.push(linux::make(program, &release, &scratch, folder)?);
        files.push(debian_package::make(program, &release, &scratch, folder)?);
    }
    for program in &programs.macs {
        files.push(mac::make(program, &release, &scratch, folder)?);
    }
    files.push(card::make(programs, &release, &scratch, folder)?);
    files.push(page_folder::make(programs, &release, &scratch, folder)?);
    files.push(page);
    files.push(sbom::make(&release, folder)?);
    fs::remove_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    archive::write_sums(folder, &files)?;
    manifests::write_all(folder, &release, url)
}

impl Release {
    /// The version in Cargo.toml with its date from CHANGELOG.md.
    fn current() -> Result<Self> {
        let changes = fs::read_to_string(paths::root().join("CHANGELOG.md")).context("CHANGELOG.md")?;
        Self::of(env!("CARGO_PKG_VERSION"), &changes)
    }

    fn of(version: &str, changes: &str) -> Result<Self> {
        let head = format!("## [{version}] - ");
        let date = changes.lines().find_map(|line| line.strip_prefix(&head)).with_context(|| {
            format!("CHANGELOG.md has no section \"{head}DATE\" for the version of Cargo.toml")
        })?;
        let is_date = date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !is_date {
            bail!("CHANGELOG.md: {date} is not a date like 2026-01-31");
        }
        Ok(Self { version: version.to_owned(), date: date.to_owned() })
    }

    /// The start of its day, in seconds since 1970.
    fn epoch(&self) -> Result<String> {
        shell::text(Command::new("date").args(["-u", "+%s", "-d", &self.date]))
    }
}

/// Makes an empty folder.
fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

/// Writes a file, and the folders above it.
fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::write(path, content).with_context(|| path.display().to_string())
}

/// Copies a file, and creates the folders above its new place.
fn copy(from: &Path, to: &Path) -> Result<()> {
    write(to, fs::read(from).with_context(|| from.display().to_string())?)
}

/// Adds the papers that every package contains: what this is and how it may be used.
fn add_papers(folder: &Path) -> Result<()> {
    for name in ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&paths::root().join(name), &folder.join(name))?;
    }
    Ok(())
}

/// A text with Windows line endings.
fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// The name of a file in the folder of results.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// SHA-256 of a file in hexadecimal digits.
fn sha256(path: &Path) -> Result<String> {
    disc::sha256(path)
}

#[cfg(test)]
mod tests {
    use super::Release;

    #[test]
    fn version_needs_a_dated_section() {
        let changes = "# Changelog\n\n## [0.2.0] - 2026-05-06\n\n## [0.1.0] - soon\n";
        let release = Release::of("0.2.0", changes).unwrap();
        assert_eq!((release.version.as_str(), release.date.as_str()), ("0.2.0", "2026-05-06"));
        assert_eq!(release.epoch().unwrap(), "1778025600");
        assert!(Release::of("0.1.0", changes).is_err());
        assert!(Release::of("0.3.0", changes).is_err());
    }
}
