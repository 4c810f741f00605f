//! Fills in the templates in packaging/ for package managers.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Release, sha256, write};
use crate::paths;

/// Templates in packaging/, and the files that they become in the results' folder `manifests`.
const TEMPLATES: &[(&str, &str)] = &[
    ("aur/PKGBUILD.in", "aur/PKGBUILD"),
    ("aur/SRCINFO.in", "aur/.SRCINFO"),
    ("docker/Dockerfile.in", "docker/Dockerfile"),
    ("homebrew/cisor.rb.in", "homebrew/cisor.rb"),
    ("nix/flake.nix.in", "nix/flake.nix"),
    ("scoop/cisor.json.in", "scoop/cisor.json"),
    ("termux/build.sh.in", "termux/cisor/build.sh"),
    ("winget/Cisor.Cisor.installer.yaml.in", "winget/Cisor.Cisor.installer.yaml"),
    ("winget/Cisor.Cisor.locale.en-US.yaml.in", "winget/Cisor.Cisor.locale.en-US.yaml"),
    ("winget/Cisor.Cisor.yaml.in", "winget/Cisor.Cisor.yaml"),
];

/// The archives that templates name, each by a word: with it `@WORD@` is the file, `@WORD_FOLDER@` the folder in it,
/// `@WORD_SHA256@` and `@WORD_SHA256_UPPER@` its checksum.
const ARCHIVES: &[(&str, &str, &str)] = &[
    ("WINDOWS", "windows-x86_64", ".zip"),
    ("LINUX", "linux-x86_64", ".tar.xz"),
    ("LINUX_AARCH64", "linux-aarch64", ".tar.xz"),
    ("LINUX_ARMV7", "linux-armv7", ".tar.xz"),
    ("MACOS_AARCH64", "macos-aarch64", ".tar.xz"),
    ("MACOS_X86_64", "macos-x86_64", ".tar.xz"),
];

/// Fills the templates for the archives in `folder`. Returns which could not be filled, because they name an archive
/// that is not there.
pub(super) fn write_all(folder: &Path, release: &Release, url: &str) -> Result<Vec<String>> {
    let mut values = vec![
        ("VERSION".to_owned(), release.version.clone()),
        ("DATE".to_owned(), release.date.clone()),
        ("URL".to_owned(), url.trim_end_matches('/').to_owned()),
    ];
    let mut absent = Vec::new();
    for (word, system, extension) in ARCHIVES {
        let inner = format!("cisor-{}-{system}", release.version);
        let file = format!("{inner}{extension}");
        if !folder.join(&file).is_file() {
            absent.push((format!("@{word}@"), file));
            continue;
        }
        let sum = sha256(&folder.join(&file))?;
        values.push((format!("{word}_FOLDER"), inner));
        values.push((format!("{word}_SHA256_UPPER"), sum.to_uppercase()));
        values.push((format!("{word}_SHA256"), sum));
        values.push(((*word).to_owned(), file));
    }
    let mut missing = Vec::new();
    for (template, file) in TEMPLATES {
        let path = paths::root().join("packaging").join(template);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        if let Some((_, archive)) = absent.iter().find(|(word, _)| text.contains(word)) {
            missing.push(format!("manifests/{file}: it names {archive}, which was not made"));
            continue;
        }
        let filled = fill(&text, &values).with_context(|| format!("packaging/{template}"))?;
        write(&folder.join("manifests").join(file), filled)?;
    }
    Ok(missing)
}

/// Replaces `@NAME@` placeholders with values. Every placeholder must have a value.
fn fill(template: &str, values: &[(String, String)]) -> Result<String> {
    let filled = values
        .iter()
        .fold(template.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value));
    // Templates have other `@`s too, but no other capital letters between two of them.
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
    };
    if let Some(name) = filled.split('@').skip(1).find(|part| is_name(part)) {
        bail!("@{name}@ has no value");
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn places_are_filled_or_named() {
        let values = [("A".to_owned(), "1".to_owned()), ("A_B".to_owned(), "2".to_owned())];
        assert_eq!(fill("x @A@ @A_B@ @A@", &values).unwrap(), "x 1 2 1");
        assert_eq!(fill("${list[@]} @A@ a@b", &values).unwrap(), "${list[@]} 1 a@b");
        assert!(fill("@C@", &values).is_err());
        assert!(fill("a@b x @C_D@", &values).is_err());
    }
}
