//! Archives whose bytes depend only on the names, contents and modes of the files.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{Release, name_of, sha256, write};
use crate::shell;

/// The list of checksums.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// Packs a folder, itself included, as `.tar.xz`.
pub(super) fn tar_xz(folder: &Path, to: PathBuf, release: &Release) -> Result<PathBuf> {
    settle(folder, release)?;
    let (parent, name) = split(folder)?;
    let mut tar = Command::new("tar");
    tar.args([
        "--create",
        "--xz",
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--format=ustar",
    ]);
    // With several threads, xz's output would depend on their number.
    tar.env("XZ_OPT", "-9 --threads=1").env("LC_ALL", "C").env("TZ", "UTC");
    tar.arg("--file").arg(&to).arg("--directory").arg(parent).arg(name);
    shell::output(&mut tar)?;
    Ok(to)
}

/// Packs what is in a folder, without the folder itself, as `.zip`.
pub(super) fn zip(folder: &Path, to: PathBuf, release: &Release) -> Result<PathBuf> {
    settle(folder, release)?;
    let mut names: Vec<String> = Vec::new();
    for path in files_below(folder)? {
        names.push(path.strip_prefix(folder)?.to_str().context("a name is not UTF-8")?.to_owned());
    }
    let mut zip = Command::new("zip");
    // Without owner ids, extra timestamps and entries for folders.
    zip.args(["--quiet", "-X", "-D", "-9", "-@"]).arg(&to).current_dir(folder);
    zip.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").stdin(Stdio::piped());
    let mut running = zip.spawn().context("zip")?;
    running.stdin.take().context("zip")?.write_all(names.join("\n").as_bytes())?;
    if !running.wait()?.success() {
        bail!("zip failed on {}", folder.display());
    }
    Ok(to)
}

/// Packs a folder as a Debian package.
pub(super) fn deb(folder: &Path, to: PathBuf, release: &Release) -> Result<PathBuf> {
    settle(folder, release)?;
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.args(["--root-owner-group", "-Zxz", "--build"]).arg(folder).arg(&to);
    shell::output(dpkg.env("SOURCE_DATE_EPOCH", release.epoch()?).env("XZ_DEFAULTS", "--threads=1"))?;
    Ok(to)
}

/// Packs one file as `.gz` and removes it.
pub(super) fn gzip(path: &Path) -> Result<()> {
    shell::output(Command::new("gzip").args(["-9", "-n", "-f"]).arg(path)).map(drop)
}

/// Writes the list of checksums, as `sha256sum --check` takes it.
pub(super) fn write_sums(folder: &Path, files: &[PathBuf]) -> Result<()> {
    let mut lines = Vec::new();
    for file in files {
        lines.push(format!("{}  {}\n", sha256(file)?, name_of(file)));
    }
    write(&folder.join(SUMS), lines.concat())
}

/// Every file below a folder, in the order of their names.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Gives all files and folders the release's date, and modes that do not depend on this machine's settings.
fn settle(folder: &Path, release: &Release) -> Result<()> {
    let mut find = Command::new("find");
    find.arg(folder).args(["-exec", "touch", "--no-dereference", "-d"]).arg(format!("@{}", release.epoch()?));
    for path in files_below(folder)? {
        let bytes = fs::read(&path)?;
        // Of Linux, of macOS, and scripts.
        let is_program =
            [&b"\x7FELF"[..], b"\xCF\xFA\xED\xFE", b"#!/"].iter().any(|head| bytes.starts_with(head));
        let mode = if is_program { 0o755 } else { 0o644 };
        fs::set_permissions(&path, PermissionsExt::from_mode(mode))?;
    }
    shell::output(Command::new("find").arg(folder).args(["-type", "d", "-exec", "chmod", "755", "{}", "+"]))?;
    shell::output(find.args(["{}", "+"])).map(drop)
}

fn split(folder: &Path) -> Result<(&Path, &std::ffi::OsStr)> {
    folder.parent().zip(folder.file_name()).with_context(|| folder.display().to_string())
}
