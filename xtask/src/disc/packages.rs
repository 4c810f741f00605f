//! Fetches and unpacks the packages whose content fills the disc.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{debian, shell};

/// Code for the processor of both consoles: little-endian 32-bit MIPS, as Debian's cross compilers use it.
pub(super) const CODE: &[&str] =
    &["libstdc++6-mipsel-cross", "libc6-mipsel-cross", "libgphobos3-mipsel-cross", "libgo21-mipsel-cross"];

/// A game whose pictures and music are compressed media, and its pictures unpacked are textures.
pub(super) const PICTURES: &str = "extremetuxracer-data";

/// A game whose levels are binary geometry.
pub(super) const LEVELS: &str = "neverball-data";

/// Pages of text.
pub(super) const TEXT: &str = "python3.11-doc";

/// The packages, downloaded and unpacked.
pub(super) struct Packages {
    archives: Vec<PathBuf>,
    unpacked: PathBuf,
}

/// Downloads every package that is not in `folder` yet, about 90 MB in all, and unpacks them.
pub(super) fn fetch(folder: &Path) -> Result<Packages> {
    if !debian::is_here() || shell::find("dpkg-deb").is_none() {
        bail!(
            "the test disc is made from Debian packages, and there is no apt-get here; \
             make it on a Debian machine (cargo xtask disc) and copy target/test-disc/*.iso and *.txt here"
        );
    }
    let store = folder.join("packages");
    fs::create_dir_all(&store).with_context(|| store.display().to_string())?;
    let unpacked = super::fresh_folder(&folder.join("unpacked"))?;
    let mut archives = Vec::new();
    for name in CODE.iter().copied().chain([PICTURES, LEVELS, TEXT]) {
        if archive_of(&store, name)?.is_none() {
            eprintln!("Downloading {name}");
            debian::download(name, &store)?;
        }
        let archive = archive_of(&store, name)?.with_context(|| format!("{name} was not downloaded"))?;
        shell::output(Command::new("dpkg-deb").arg("--extract").arg(&archive).arg(unpacked.join(name)))?;
        archives.push(archive);
    }
    Ok(Packages { archives, unpacked })
}

impl Packages {
    /// Returns the files of a package whose names end in one of `endings`, sorted by path.
    pub(super) fn files(&self, package: &str, endings: &[&str]) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        collect(&self.unpacked.join(package), &mut found)?;
        found.retain(|path| path.to_str().is_some_and(|path| endings.iter().any(|end| path.ends_with(end))));
        found.sort();
        Ok(found)
    }

    /// Returns the package itself: an archive, so data that is compressed already.
    pub(super) fn archive(&self, package: &str) -> Result<PathBuf> {
        let found = self.archives.iter().find(|archive| is_archive_of(archive, package));
        found.cloned().with_context(|| format!("{package} is not among the packages of the disc"))
    }

    /// Returns name_version_architecture of each package.
    pub(super) fn versions(&self) -> Vec<String> {
        let stem = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        self.archives.iter().filter_map(stem).collect()
    }
}

fn archive_of(store: &Path, package: &str) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(store)? {
        let path = entry?.path();
        if is_archive_of(&path, package) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn is_archive_of(path: &Path, package: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_prefix(package).is_some_and(|rest| rest.starts_with('_') && rest.ends_with(".deb"))
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), found)?;
        } else if kind.is_file() {
            // Symbolic links are left out: they would put the same bytes on the disc twice.
            found.push(entry.path());
        }
    }
    Ok(())
}
