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
    ("scoop/cisor.json.in", "scoop/cisor.json"),
    ("winget/Cisor.Cisor.installer.yaml.in", "winget/Cisor.Cisor.installer.yaml"),
    ("winget/Cisor.Cisor.locale.en-US.yaml.in", "winget/Cisor.Cisor.locale.en-US.yaml"),
    ("winget/Cisor.Cisor.yaml.in", "winget/Cisor.Cisor.yaml"),
];

/// Fills all templates for the archives in `folder`.
pub(super) fn write_all(folder: &Path, release: &Release, url: &str) -> Result<()> {
    let windows = format!("cisor-{}-windows-x86_64", release.version);
    let linux = format!("cisor-{}-linux-x86_64", release.version);
    let windows_sum = sha256(&folder.join(format!("{windows}.zip")))?;
    let values = [
        ("VERSION", release.version.clone()),
        ("DATE", release.date.clone()),
        ("URL", url.trim_end_matches('/').to_owned()),
        ("WINDOWS", format!("{windows}.zip")),
        ("WINDOWS_FOLDER", windows),
        ("WINDOWS_SHA256_UPPER", windows_sum.to_uppercase()),
        ("WINDOWS_SHA256", windows_sum),
        ("LINUX_SHA256", sha256(&folder.join(format!("{linux}.tar.xz")))?),
        ("LINUX", format!("{linux}.tar.xz")),
        ("LINUX_FOLDER", linux),
    ];
    for (template, file) in TEMPLATES {
        let path = paths::root().join("packaging").join(template);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let filled = fill(&text, &values).with_context(|| format!("packaging/{template}"))?;
        write(&folder.join("manifests").join(file), filled)?;
    }
    Ok(())
}

/// Replaces `@NAME@` placeholders with values. Every placeholder must have a value.
fn fill(template: &str, values: &[(&str, String)]) -> Result<String> {
    let filled = values
        .iter()
        .fold(template.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value));
    // The files do not contain any other `@`.
    if filled.contains('@') {
        bail!("a placeholder has no value");
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn places_are_filled_or_named() {
        let values = [("A", "1".to_owned()), ("A_B", "2".to_owned())];
        assert_eq!(fill("x @A@ @A_B@ @A@", &values).unwrap(), "x 1 2 1");
        assert!(fill("@C@", &values).is_err());
    }
}
