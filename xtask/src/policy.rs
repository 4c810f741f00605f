//! What a dependency must keep to: the licences and bans of deny.toml.
//!
//! cargo-deny checks more, but compiling it takes longer than all of the tests. These are the rules whose
//! breaking would do harm, checked over cargo's own account of the dependencies.

use std::collections::{BTreeSet, HashMap};
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{paths, shell};

/// What users install; everything that these link must be permissive.
const SHIPPED: &[&str] = &["cisor", "image-encode", "sector-decode"];

/// An inflater that the decoder is compared with, on request only. It must have no way to write.
const INFLATER: &str = "miniz_oxide";
const ITS_ONLY_USER: &str = "sector-decode";

/// The backends of flate2 that are not stock zlib.
const OTHER_BACKENDS: &[&str] = &["rust_backend", "miniz_oxide", "zlib-rs", "zlib-ng", "cloudflare_zlib"];

/// Checks the workspace.
pub(crate) fn run() -> Result<()> {
    let deny = fs::read_to_string(paths::root().join("deny.toml")).context("deny.toml")?;
    let rules = Rules::read(&deny)?;
    let metadata = shell::output(shell::cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata = serde_json::from_slice(&metadata)?;
    let graph = Graph::read(&metadata)?;
    let shipped = graph.linked_into(SHIPPED);

    let mut broken = Vec::new();
    for package in graph.packages.values() {
        let in_program = shipped.contains(package.id);
        let excepted = rules.exceptions.iter().any(|name| name == package.name) && !in_program;
        if !excepted && !is_allowed(package.license, &rules.allowed) {
            broken.push(format!(
                "{} has the licence \"{}\", which deny.toml does not allow",
                package.name, package.license
            ));
        }
        let uses_inflater = package.links.iter().any(|id| graph.name(id) == INFLATER);
        if uses_inflater && in_program && package.name != ITS_ONLY_USER {
            broken.push(format!("{} uses {INFLATER}: only {ITS_ONLY_USER} may", package.name));
        }
        let backend = package.features.iter().find(|feature| OTHER_BACKENDS.contains(feature));
        if let ("flate2", Some(backend)) = (package.name, backend) {
            broken.push(format!("flate2 has the feature {backend}: it must write with stock zlib alone"));
        }
    }
    if !broken.is_empty() {
        bail!("{} rules are broken:\n  {}", broken.len(), broken.join("\n  "));
    }
    println!(
        "{} dependencies keep to deny.toml, {} of them in what is installed",
        graph.packages.len(),
        shipped.len()
    );
    Ok(())
}

/// The part of deny.toml that is checked here.
struct Rules {
    allowed: Vec<String>,
    exceptions: Vec<String>,
}

impl Rules {
    /// Picks two lists of plain strings out of the file; a TOML parser would be the task's largest dependency.
    fn read(deny: &str) -> Result<Self> {
        let list = |start: &str| {
            let (_, list) =
                deny.split_once(start).with_context(|| format!("deny.toml has no \"{start}\""))?;
            let (list, _) = list.split_once("\n]").with_context(|| format!("no end of \"{start}\""))?;
            anyhow::Ok(list)
        };
        let allowed = list("\nallow = [")?.lines().filter_map(quoted).collect();
        let exceptions = list("\nexceptions = [")?.lines().filter_map(quoted).collect();
        Ok(Self { allowed, exceptions })
    }
}

/// The first string between quotes in a line.
fn quoted(line: &str) -> Option<String> {
    line.split('"').nth(1).map(str::to_owned)
}

/// The packages of the workspace and what each links.
pub(crate) struct Graph<'a> {
    packages: HashMap<&'a str, Package<'a>>,
}

struct Package<'a> {
    id: &'a str,
    name: &'a str,
    license: &'a str,
    features: Vec<&'a str>,
    /// Ids of its dependencies, without those that only its tests or its build script use.
    links: Vec<&'a str>,
}

impl<'a> Graph<'a> {
    pub(crate) fn read(metadata: &'a Value) -> Result<Self> {
        let array = |value: &'a Value| value.as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |value: &'a Value| value.as_str().unwrap_or_default();
        let mut packages = HashMap::new();
        for package in array(&metadata["packages"]) {
            let (id, name, license) =
                (text(&package["id"]), text(&package["name"]), text(&package["license"]));
            packages.insert(id, Package { id, name, license, features: Vec::new(), links: Vec::new() });
        }
        for node in array(&metadata["resolve"]["nodes"]) {
            let package =
                packages.get_mut(text(&node["id"])).context("cargo metadata: a node of no package")?;
            package.features = array(&node["features"]).iter().map(text).collect();
            let linked = array(&node["deps"]).iter().filter(|dependency| {
                // A dependency of the program itself has the kind null; others are "dev" and "build".
                array(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
            });
            package.links = linked.map(|dependency| text(&dependency["pkg"])).collect();
        }
        Ok(Self { packages })
    }

    fn name(&self, id: &str) -> &str {
        self.packages.get(id).map_or("", |package| package.name)
    }

    /// The ids of the packages of these names and of all that they link.
    pub(crate) fn linked_into(&self, names: &[&str]) -> BTreeSet<&'a str> {
        let roots = self.packages.values().filter(|package| names.contains(&package.name));
        let mut open: Vec<&str> = roots.map(|package| package.id).collect();
        let mut found = BTreeSet::new();
        while let Some(id) = open.pop() {
            if found.insert(id) {
                open.extend(
                    self.packages.get(id).into_iter().flat_map(|package| package.links.iter().copied()),
                );
            }
        }
        found
    }
}

/// Whether a licence expression (SPDX, also with the old "/" for OR) can be met with allowed licences.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allowed) == Some(true) && rest.is_empty()
}

/// `None` when the expression is not well formed; that licence needs a look.
fn any_of(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut met = all_of(words, allowed)?;
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        // The right side is parsed in any case, so that `words` moves on.
        met = all_of(words, allowed)? || met;
    }
    Some(met)
}

fn all_of(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut met = one_of(words, allowed)?;
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        met = one_of(words, allowed)? && met;
    }
    Some(met)
}

fn one_of(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let met = any_of(words, allowed)?;
            let [")", rest @ ..] = *words else { return None };
            *words = rest;
            Some(met)
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            Some(allowed.contains(&format!("{licence} WITH {exception}")))
        }
        [licence, rest @ ..] => {
            *words = rest;
            Some(allowed.iter().any(|one| one == licence))
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    fn with_mit_and_zlib(expression: &str) -> bool {
        is_allowed(
            expression,
            &["MIT".to_owned(), "Zlib".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()],
        )
    }

    #[test]
    fn one_allowed_side_of_an_or_is_enough() {
        assert!(with_mit_and_zlib("GPL-2.0 OR MIT"));
        assert!(with_mit_and_zlib("MIT/Apache-2.0"));
        assert!(!with_mit_and_zlib("GPL-2.0 OR LGPL-2.1"));
    }

    #[test]
    fn both_sides_of_an_and_must_be_allowed() {
        assert!(with_mit_and_zlib("(GPL-2.0 OR MIT) AND Zlib"));
        assert!(!with_mit_and_zlib("MIT AND GPL-2.0"));
        assert!(!with_mit_and_zlib("MIT OR Zlib AND"));
    }

    #[test]
    fn an_exception_is_a_licence_of_its_own() {
        assert!(with_mit_and_zlib("Apache-2.0 WITH LLVM-exception"));
        assert!(!with_mit_and_zlib("Apache-2.0"));
        assert!(!with_mit_and_zlib(""));
    }
}
