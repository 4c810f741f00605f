//! The archive for Windows: the program, and files to drop discs onto.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::archive::{files_below, zip};
use super::licences::{self, Linked};
use super::{Release, add_papers, copy, with_crlf, write};
use crate::cross::Target;
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

/// Windows 10 and later on ARM, whose program zig links. Nobody has started it; what is checked here is its structure.
pub(super) const ARM: Target = Target { triple: "aarch64-pc-windows-gnullvm", builds_std: false };

/// A program for Windows.
pub(super) struct Built {
    pub(super) path: PathBuf,
    /// What is linked into it.
    triple: &'static str,
    /// The processor, as the archives have it.
    name: &'static str,
}

impl Built {
    /// The program for PCs, of which [`windows::build`] returns the place.
    pub(super) fn pc(path: PathBuf) -> Self {
        Self { path, triple: windows::TARGET, name: "x86_64" }
    }

    /// The program for [`ARM`].
    pub(super) fn arm(path: PathBuf) -> Self {
        Self { path, triple: ARM.triple, name: "aarch64" }
    }

    pub(super) fn is_for_arm(&self) -> bool {
        self.triple == ARM.triple
    }

    /// The name of its archive, without the extension.
    pub(super) fn archive(&self, release: &Release) -> String {
        format!("cisor-{}-windows-{}", release.version, self.name)
    }

    /// Checks what can be checked without such a machine: the kind of file and its processor, and that it needs only
    /// what every Windows has.
    pub(super) fn check(&self) -> Result<()> {
        // IMAGE_FILE_MACHINE_AMD64 and IMAGE_FILE_MACHINE_ARM64 of Microsoft's description of the format.
        let machine = if self.is_for_arm() { 0xAA64 } else { 0x8664 };
        let bytes = fs::read(&self.path).with_context(|| self.path.display().to_string())?;
        let word =
            |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
        let head = word(0x3C).context("the program has no header")? as usize;
        ensure!(word(head) == Some(u32::from_le_bytes(*b"PE\0\0")), "this is no program for Windows");
        let found = word(head + 4).unwrap_or(0) & 0xFFFF;
        ensure!(found == machine, "{}: a program for the processor {found:#X}", self.triple);
        // Compilers' own libraries, which they link in unless told otherwise.
        for library in ["libgcc", "libunwind", "libwinpthread", "libc++"] {
            let needs = format!("{library}.dll");
            let is_there = bytes.windows(needs.len()).any(|part| part.eq_ignore_ascii_case(needs.as_bytes()));
            ensure!(!is_there, "{}: the program needs {needs}", self.triple);
        }
        Ok(())
    }
}

/// Packs the archive.
pub(super) fn make(program: &Built, release: &Release, scratch: &Path, to: &Path) -> Result<PathBuf> {
    let name = program.archive(release);
    let top = scratch.join(format!("windows-{}", program.name));
    let folder = top.join(&name);
    copy(&program.path, &folder.join("cisor.exe"))?;
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
    let linked = Linked { workspace: "", packages: &["cisor"], target: Some(program.triple) };
    licences::write_all(&linked, &texts)?;
    licences::write_standard_library(&texts)?;
    if program.is_for_arm() {
        licences::write_zig(&texts)?;
        licences::write_zig_mingw(&texts)?;
        let untried = "Nobody has started this program yet. Please say what happens.\n";
        write(&folder.join("UNTRIED.txt"), untried)?;
    } else {
        licences::write_runtime("mingw-w64-common", &texts)?;
        licences::write_runtime("gcc-mingw-w64-base", &texts)?;
    }
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
