//! The archive for Windows: the program, and files to drop discs onto.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::archive::{files_below, zip};
use super::licences::{self, Linked};
use super::{Programs, Release, add_papers, copy, with_crlf, write};
use crate::{paths, windows};

/// The `.cmd` files: their names, and what each passes to `cisor drop`.
pub(super) const SCRIPTS: [(&str, &str); 5] = [
    ("Compress for PSP", "--for psp"),
    ("Compress for PS2 (OPL)", "--for opl"),
    ("Compress for PPSSPP", "--for ppsspp"),
    ("Extract to ISO", "--extract"),
    ("Verify", "--verify"),
];

/// The `.cmd` file that a folder is dropped onto to serve it.
pub(super) const SERVE_SCRIPT: &str = "Serve for PS2.cmd";

/// Packs the archive.
pub(super) fn make(programs: &Programs, release: &Release, scratch: &Path, to: &Path) -> Result<PathBuf> {
    let name = format!("cisor-{}-windows-x86_64", release.version);
    let top = scratch.join("windows");
    let folder = top.join(&name);
    copy(&programs.windows, &folder.join("cisor.exe"))?;
    let template = paths::root().join("packaging/windows/drop.cmd.in");
    let template = fs::read_to_string(&template).with_context(|| template.display().to_string())?;
    for (name, action) in SCRIPTS {
        write(&folder.join(format!("{name}.cmd")), with_crlf(&template.replace("@ACTION@", action)))?;
    }
    let serve = paths::root().join("packaging/windows").join("serve.cmd");
    let serve = fs::read_to_string(&serve).with_context(|| serve.display().to_string())?;
    write(&folder.join(SERVE_SCRIPT), with_crlf(&serve))?;
    add_papers(&folder)?;
    copy(&paths::root().join("packaging/windows/README.txt"), &folder.join("README.txt"))?;
    let texts = folder.join("licences");
    let linked = Linked { workspace: "", packages: &["cisor"], target: Some(windows::TARGET) };
    licences::write_all(&linked, &texts)?;
    licences::write_standard_library(&texts)?;
    licences::write_runtime("mingw-w64-common", &texts)?;
    licences::write_runtime("gcc-mingw-w64-base", &texts)?;
    for path in files_below(&folder)? {
        // The editor of older Windows shows texts with other line endings as one line.
        let has_end = |end| path.extension().is_some_and(|extension| extension == end);
        let is_text = has_end("txt") || has_end("md") || path.starts_with(&texts);
        if (is_text || path.extension().is_none())
            && let Ok(text) = fs::read_to_string(&path)
        {
            write(&path, with_crlf(&text))?;
        }
    }
    zip(&top, to.join(format!("{name}.zip")), release)
}
