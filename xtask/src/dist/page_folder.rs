//! The archive with the page as a folder for a web server.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::archive::{files_below, zip};
use super::{Programs, Release, add_papers, copy, name_of, with_crlf, write};
use crate::{paths, web};

/// Packs the archive.
pub(super) fn make(programs: &Programs, release: &Release, scratch: &Path, to: &Path) -> Result<PathBuf> {
    let folder = scratch.join("page");
    let built = programs.page.with_file_name(web::FOLDER);
    for file in files_below(&built)? {
        copy(&file, &folder.join(web::FOLDER).join(file.strip_prefix(&built)?))?;
    }
    let readme = paths::root().join("packaging/README-page.txt");
    let readme = fs::read_to_string(&readme).with_context(|| readme.display().to_string())?;
    write(&folder.join("README.txt"), with_crlf(&readme))?;
    // Beside the folder: what is in it is served, and the page has the licences of its libraries itself.
    add_papers(&folder)?;
    zip(&folder, to.join(archive(release)), release)
}

/// The archive's name.
pub(super) fn archive(release: &Release) -> String {
    format!("cisor-{}-page.zip", release.version)
}

/// Checks that an unpacked archive has everything that the page's worker fetches, and the page that was built.
pub(super) fn check(unpacked: &Path, programs: &Programs) -> Result<()> {
    let folder = unpacked.join(web::FOLDER);
    let read = |path: PathBuf| fs::read(&path).with_context(|| path.display().to_string());
    for file in files_below(&programs.page.with_file_name(web::FOLDER))? {
        let name = name_of(&file);
        ensure!(read(folder.join(&name))? == read(file)?, "{name} in the archive is another");
    }
    let worker = String::from_utf8(read(folder.join("service-worker.js"))?)?;
    let manifest: serde_json::Value = serde_json::from_slice(&read(folder.join("manifest.webmanifest"))?)?;
    let icons = manifest["icons"].as_array().context("manifest.webmanifest has no icons")?;
    let icons = icons.iter().filter_map(|icon| icon["src"].as_str());
    for name in icons.chain(["manifest.webmanifest"]) {
        ensure!(folder.join(name).is_file(), "{name} is not in the archive for web servers");
        ensure!(worker.contains(name), "the service worker does not fetch {name}");
    }
    for name in ["README.txt", "LICENSE-MIT", "LICENSE-APACHE", "cisor-page/index.html"] {
        ensure!(unpacked.join(name).is_file(), "{name} is not in the archive for web servers");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fresh;
    use super::*;

    /// A page as it is built, and an unpacked archive with these files of it.
    fn check_with(name: &str, worker: &str, packed: &[&str]) -> Result<()> {
        let scratch = paths::build_dir().join("tmp").join(name);
        fresh(&scratch)?;
        let manifest = r#"{"icons":[{"src":"icon.svg"}]}"#;
        let files = [
            ("index.html", "page"),
            ("icon.svg", "<svg/>"),
            ("manifest.webmanifest", manifest),
            ("service-worker.js", worker),
        ];
        let unpacked = scratch.join("unpacked");
        for (name, text) in files {
            write(&scratch.join(web::FOLDER).join(name), text)?;
            if packed.contains(&name) {
                write(&unpacked.join(web::FOLDER).join(name), text)?;
            }
        }
        write(&unpacked.join("README.txt"), "")?;
        add_papers(&unpacked)?;
        let nothing = PathBuf::new;
        let programs = Programs {
            windows: Vec::new(),
            linux: Vec::new(),
            macs: Vec::new(),
            psp: nothing(),
            page: scratch.join(web::PAGE),
            missing: Vec::new(),
            is_broken: false,
        };
        check(&unpacked, &programs)
    }

    #[test]
    fn an_archive_needs_every_file_and_a_worker_that_fetches_them() {
        let all = ["index.html", "icon.svg", "manifest.webmanifest", "service-worker.js"];
        let worker = "fetch('icon.svg', 'manifest.webmanifest')";
        check_with("page-folder-whole", worker, &all).unwrap();
        assert!(check_with("page-folder-less", worker, &["index.html", "service-worker.js"]).is_err());
        assert!(check_with("page-folder-worker", "fetch('icon.svg')", &all).is_err());
    }
}
