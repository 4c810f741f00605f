//! The list of everything that is linked into the programs, in the format CycloneDX 1.5 (JSON).
//!
//! It is written here, because cargo-cyclonedx puts a random number and the time into its lists, and one for each
//! package next to its manifest; files of a release are the same whenever they are made.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Release, write};
use crate::policy::Graph;
use crate::{paths, shell};

/// The programs, by the folder of their workspace and their packages; none means all of the workspace.
const PROGRAMS: &[(&str, &[&str])] = &[("", &["cisor"]), ("psp-driver", &[]), ("web/engine", &[])];

/// Writes the list.
pub(super) fn make(release: &Release, to: &Path) -> Result<PathBuf> {
    let mut components: Vec<Value> = Vec::new();
    for (workspace, packages) in PROGRAMS {
        let folder = paths::root().join(workspace);
        let mut cargo = shell::cargo();
        cargo.args(["metadata", "--format-version", "1", "--locked", "--manifest-path"]);
        let metadata = serde_json::from_slice(&shell::output(cargo.arg(folder.join("Cargo.toml")))?)?;
        let lock = fs::read_to_string(folder.join("Cargo.lock")).context("Cargo.lock")?;
        components.extend(linked(&metadata, packages, &lock)?);
    }
    components.sort_by_key(|component| component["bom-ref"].to_string());
    components.dedup();
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": format!("{}T00:00:00Z", release.date),
            "component": { "type": "application", "name": "cisor", "version": release.version },
        },
        "components": components,
    });
    let path = to.join(format!("cisor-{}.cdx.json", release.version));
    write(&path, format!("{list:#}\n"))?;
    Ok(path)
}

/// One component for each package from elsewhere that is linked into the packages, with its checksum from the lock file.
fn linked(metadata: &Value, packages: &[&str], lock: &str) -> Result<Vec<Value>> {
    let all = metadata["packages"].as_array().context("cargo metadata: no packages")?;
    let own: Vec<&str> = all
        .iter()
        .filter(|package| package["source"].is_null())
        .filter_map(|one| one["name"].as_str())
        .collect();
    let graph = Graph::read(metadata)?;
    let ids = graph.linked_into(if packages.is_empty() { &own } else { packages });
    let mut components = Vec::new();
    for package in all {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        if package["source"].is_null() || !ids.contains(text("id")) {
            continue;
        }
        let (name, version) = (text("name"), text("version"));
        let purl = format!("pkg:cargo/{name}@{version}");
        let head = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        let entry = lock.split("\n[[package]]\n").find(|entry| entry.starts_with(&head));
        let sum = entry.and_then(|entry| entry.split_once("checksum = \"")?.1.get(..64));
        let sum = sum.with_context(|| format!("Cargo.lock has no checksum of {name} {version}"))?;
        ensure!(!text("license").is_empty(), "{name} {version} does not name its licence");
        // Older packages write "MIT/Apache-2.0", which is no expression any more.
        let licence = text("license").replace('/', " OR ");
        components.push(json!({
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
            "licenses": [{ "expression": licence }],
            "hashes": [{ "alg": "SHA-256", "content": sum }],
        }));
    }
    Ok(components)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::linked;

    #[test]
    fn what_is_linked_from_elsewhere_is_listed_with_its_checksum() {
        let sum = "0123456789abcdef".repeat(4);
        let package = |name: &str, source: Option<&str>| json!({ "id": name, "name": name, "version": "1.0.0", "source": source, "license": "MIT/Apache-2.0" });
        let metadata = json!({
            "packages": [package("cisor", None), package("used", Some("registry")), package("test", Some("registry"))],
            "resolve": { "nodes": [
                { "id": "cisor", "deps": [
                    { "pkg": "used", "dep_kinds": [{ "kind": null }] },
                    { "pkg": "test", "dep_kinds": [{ "kind": "dev" }] },
                ] },
            ] },
        });
        let lock = format!(
            "version = 4\n\n[[package]]\nname = \"used\"\nversion = \"1.0.0\"\nsource = \"registry\"\nchecksum = \"{sum}\"\n"
        );
        let found = linked(&metadata, &["cisor"], &lock).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["purl"], "pkg:cargo/used@1.0.0");
        assert_eq!(found[0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(found[0]["hashes"][0]["content"], sum.as_str());
        assert!(linked(&metadata, &["cisor"], "version = 4\n").is_err());
    }
}
