//! The licence texts of everything that is linked into a program.
//!
//! Each dependency's package contains its texts, and bundled C libraries have theirs in a subfolder. A
//! package without a text is an error, so that none is overlooked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::archive::files_below;
use super::{copy, write};
use crate::policy::Graph;
use crate::{paths, shell};

/// The names of licence files.
const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// Where C libraries inside packages have their own licence, by package. Nothing else in such packages is
/// built.
const INNER: &[(&str, &str)] = &[
    ("libz-sys", "src/zlib/LICENSE"),
    ("libdeflate-sys", "libdeflate/COPYING"),
    // In the public domain, as the head of this file says.
    ("libsqlite3-sys", "sqlite3/sqlite3ext.h"),
    ("lz4-sys", "liblz4/LICENSE"),
    ("libmimalloc-sys", "c_src/mimalloc/v3/LICENSE"),
];

/// Packages without a text, and the package from the same repository that has it.
const SAME_REPOSITORY: &[(&str, &str)] = &[("embedded-graphics-core", "embedded-graphics")];

/// A workspace, and which part of it is linked into a program.
pub(super) struct Linked<'a> {
    /// Folder of the workspace in the work tree.
    pub(super) workspace: &'a str,
    /// The packages that make up the program; empty for the whole workspace.
    pub(super) packages: &'a [&'a str],
    /// The target it is built for; dependencies for other systems are left out.
    pub(super) target: Option<&'a str>,
}

/// Writes the texts into a folder, and `README.txt` with the list of packages. Returns how many there are.
pub(super) fn write_all(linked: &Linked, folder: &Path) -> Result<usize> {
    let mut cargo = shell::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked", "--manifest-path"]);
    cargo.arg(paths::root().join(linked.workspace).join("Cargo.toml"));
    if let Some(target) = linked.target {
        cargo.args(["--filter-platform", target]);
    }
    let metadata: Value = serde_json::from_slice(&shell::output(&mut cargo)?)?;
    let graph = Graph::read(&metadata)?;
    let all = metadata["packages"].as_array().context("cargo metadata: no packages")?;
    let own = all.iter().filter(|package| package["source"].is_null());
    let own: Vec<&str> = own.filter_map(|package| package["name"].as_str()).collect();
    let ids = graph.linked_into(if linked.packages.is_empty() { &own } else { linked.packages });
    let mut list = String::new();
    let mut count = 0;
    for package in all {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        // Packages without a source belong to this project, whose licences are next to the program.
        if !ids.contains(text("id")) || package["source"].is_null() {
            continue;
        }
        let (name, version) = (text("name"), text("version"));
        let source = folder_of(with_text(package, all)?)?;
        let to = folder.join(format!("{name}-{version}"));
        // For packages that name their licence and come without its text.
        let kept_here = paths::root().join("packaging/licences").join(format!("{name}.txt"));
        if kept_here.is_file() {
            copy(&kept_here, &to.join("LICENSE.txt"))?;
        } else {
            for path in texts(name, source, package["links"].as_str())? {
                // An inner library's folder stays in the name, so that both texts can coexist.
                let file = path.strip_prefix(source)?.to_string_lossy().replace('/', "-");
                copy(&path, &to.join(file))?;
            }
        }
        list.push_str(&format!("{name} {version}: {}\n", text("license")));
        count += 1;
    }
    let head = match count {
        0 => "No library but Rust's own is part of the program.\n",
        _ => "These libraries are part of the program. Each has a folder here with its licence.\n\n",
    };
    write(&folder.join("README.txt"), format!("{head}{list}"))?;
    Ok(count)
}

/// Returns the package that contains the text for this one: itself, or its neighbour in the table above.
fn with_text<'a>(package: &'a Value, all: &'a [Value]) -> Result<&'a Value> {
    let Some((name, neighbour)) = SAME_REPOSITORY.iter().find(|(name, _)| package["name"] == *name) else {
        return Ok(package);
    };
    let from = all.iter().find(|other| {
        other["name"] == *neighbour
            && other["repository"].is_string()
            && other["repository"] == package["repository"]
            && other["license"] == package["license"]
    });
    from.with_context(|| format!("{name} can no longer take its licence text from {neighbour}"))
}

fn folder_of(package: &Value) -> Result<&Path> {
    let manifest = package["manifest_path"].as_str().context("a package without a manifest")?;
    Path::new(manifest).parent().context("a package without a folder")
}

/// The licence files of a package, and of the C library that it declares it links.
fn texts(name: &str, source: &Path, links: Option<&str>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(source).with_context(|| source.display().to_string())? {
        let path = entry?.path();
        let upper = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|name| upper.starts_with(name)) {
            found.push(path);
        }
    }
    // As the REUSE rules have it.
    if let Ok(folder) = fs::read_dir(source.join("LICENSES")) {
        found.extend(folder.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()));
    }
    found.sort();
    if found.is_empty() {
        bail!("{name} has no licence text in {}", source.display());
    }
    if let Some(library) = links {
        let inner = INNER.iter().find(|(package, _)| *package == name);
        let (_, inner) = inner.with_context(|| format!("{name}: where is the licence of {library}?"))?;
        let path = source.join(inner);
        if !path.is_file() {
            bail!("{name} no longer has {inner}");
        }
        found.push(path);
    }
    Ok(found)
}

/// Adds the texts of the standard library and of everything its toolchain contains.
pub(super) fn write_standard_library(folder: &Path) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(paths::root()).args(["--print", "sysroot"]);
    let sysroot = PathBuf::from(shell::text(&mut rustc)?);
    let to = folder.join("rust-standard-library");
    let own = sysroot.join("share/doc/rust");
    let debian = Path::new("/usr/share/doc/libstd-rust-web-dev/copyright");
    let page = own.join("COPYRIGHT-library.html");
    if page.is_file() {
        copy(&page, &to.join("COPYRIGHT-library.html"))?;
        let named = fs::read_to_string(&page)?;
        for text in files_below(&own.join("licenses"))? {
            // The others belong to the compiler.
            if text.file_stem().is_some_and(|stem| named.contains(&*stem.to_string_lossy())) {
                copy(&text, &to.join(super::name_of(&text)))?;
            }
        }
        Ok(())
    } else if debian.is_file() {
        copy(debian, &to.join("copyright.txt"))
    } else {
        bail!("the toolchain in {} has no licence texts", sysroot.display())
    }
}

/// Adds the text from a Debian package for the C library or runtime that it links into programs.
pub(super) fn write_runtime(package: &str, folder: &Path) -> Result<()> {
    let text = Path::new("/usr/share/doc").join(package).join("copyright");
    copy(&text, &folder.join(package).join("copyright.txt"))
}

/// Adds the texts of what zig links into programs: musl, the unwinder, functions that the compiler calls.
pub(super) fn write_zig(folder: &Path) -> Result<()> {
    write_of_zig(&["LICENSE", "lib/libc/musl/COPYRIGHT", "lib/libunwind/LICENSE.TXT"], folder)
}

/// Writes the licence of the C library that zig links into programs for Windows.
pub(super) fn write_zig_mingw(folder: &Path) -> Result<()> {
    write_of_zig(&["lib/libc/mingw/COPYING"], folder)
}

fn write_of_zig(texts: &[&str], folder: &Path) -> Result<()> {
    let zig = crate::cross::zig_folder()?;
    for text in texts {
        copy(&zig.join(text), &folder.join("zig").join(text.replace('/', "-")))?;
    }
    Ok(())
}
