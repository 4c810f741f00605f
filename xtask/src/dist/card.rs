//! The archive for the console's memory card: unpack it there, and everything is in its place.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::archive::zip;
use super::licences::{self, Linked};
use super::{Programs, Release, add_papers, copy, with_crlf, write};
use crate::paths;

/// The files that `cargo xtask psp` builds, and where they belong on the card.
const FILES: &[(&str, &str)] =
    &[("cisor.prx", "SEPLUGINS/cisor.prx"), ("EBOOT.PBP", "PSP/GAME/CISOR/EBOOT.PBP")];

/// Packs the archive.
pub(super) fn make(programs: &Programs, release: &Release, scratch: &Path, to: &Path) -> Result<PathBuf> {
    let folder = scratch.join("card");
    for &(built, place) in FILES {
        let from = programs.psp.join(built);
        if !from.is_file() {
            bail!("{} is missing: cargo xtask psp", from.display());
        }
        copy(&from, &folder.join(place))?;
    }
    let readme = paths::root().join("packaging/README-psp.txt");
    let readme = fs::read_to_string(&readme).with_context(|| readme.display().to_string())?;
    write(&folder.join("README.txt"), with_crlf(&readme))?;
    // In a separate folder, because the top level of the card belongs to the console.
    let papers = folder.join("CISOR");
    add_papers(&papers)?;
    let linked = Linked { workspace: "psp-driver", packages: &[], target: None };
    licences::write_all(&linked, &papers.join("licences"))?;
    licences::write_standard_library(&papers.join("licences"))?;
    zip(&folder, to.join(format!("cisor-{}-psp.zip", release.version)), release)
}
