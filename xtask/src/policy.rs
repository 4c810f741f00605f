//! Checks dependencies: cargo-deny checks every workspace against deny.toml, and this task adds the one rule
//! that cargo-deny cannot express. It also checks how the code is laid out, lints the workflows of
//! `.github/workflows` and follows the links between pages.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::steps::Steps;
use crate::{checkers, layout, links, pages, paths, shell};

/// The programs and libraries that users install. None may link a crate with an exception in deny.toml.
const SHIPPED: &[&str] = &["cisor", "image-writer", "sector-decode", "sector-decode-capi", "block-encode"];

/// The workspaces, by their manifests.
const WORKSPACES: &[&str] =
    &["Cargo.toml", "psp-driver/Cargo.toml", "fuzz/Cargo.toml", "web/engine/Cargo.toml"];

/// The checks of cargo-deny. Advisories are missing: no package registry has their database, so the scheduled
/// workflow checks them.
const CHECKS: &[&str] = &["bans", "licenses", "sources"];

/// Findings about unused rules are allowed: not every workspace needs every rule of deny.toml.
const UNUSED_RULES: &[&str] =
    &["license-exception-not-encountered", "unused-wrapper", "unmatched-skip", "unnecessary-skip"];

/// Checks everything. The exit code is 0 only if no rule is broken and, with `CI` set, every check could run.
pub(crate) fn run() -> Result<ExitCode> {
    let mut steps = Steps::default();
    steps.run("nothing that is installed links a crate for tests only", exceptions_stay_out);
    steps.run("no circles between modules", layout::no_circles);
    steps.run("no file over 500 lines", layout::no_long_files);
    steps.run("links between pages", links::check);
    steps.run("tests that pages name exist", pages::named_tests_exist);
    const DENY: &str = "licences, bans, duplicates and sources (cargo-deny)";
    match checkers::cargo_deny() {
        Ok(program) => drop(steps.run(DENY, || deny(&program))),
        Err(error) => steps.skip(DENY, format!("{error:#}")),
    }
    const WORKFLOWS: &str = "workflows (actionlint)";
    match checkers::actionlint() {
        Ok(mut command) => drop(steps.run(WORKFLOWS, || shell::run(command.args(workflows()?)))),
        Err(error) => steps.skip(WORKFLOWS, format!("{error:#}")),
    }
    Ok(steps.summary())
}

fn deny(program: &Path) -> Result<()> {
    for workspace in WORKSPACES {
        let mut command = Command::new(program);
        command.current_dir(paths::root());
        command.args([
            "--config",
            "deny.toml",
            "--manifest-path",
            workspace,
            "check",
            "--hide-inclusion-graph",
        ]);
        for rule in UNUSED_RULES {
            command.args(["--allow", rule]);
        }
        shell::run(command.args(CHECKS))?;
    }
    Ok(())
}

/// The workflows, as paths from the root.
fn workflows() -> Result<Vec<String>> {
    let folder = ".github/workflows";
    let mut names = Vec::new();
    for entry in fs::read_dir(paths::root().join(folder)).context(folder)? {
        names.push(format!("{folder}/{}", entry?.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names)
}

/// Fails if a program that users install links a crate whose licence is an exception in deny.toml.
fn exceptions_stay_out() -> Result<()> {
    let deny = fs::read_to_string(paths::root().join("deny.toml")).context("deny.toml")?;
    let metadata = shell::output(shell::cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata = serde_json::from_slice(&metadata)?;
    let graph = Graph::read(&metadata)?;
    let linked = graph.linked_into(SHIPPED);
    let found = graph.among(&linked, &exceptions(&deny)?);
    if !found.is_empty() {
        bail!("for tests only, but linked into what is installed: {}", found.join(", "));
    }
    println!("{} of {} crates are in what is installed", linked.len(), graph.packages.len());
    Ok(())
}

/// The crates to which deny.toml makes an exception. A TOML parser would be the task's largest dependency.
fn exceptions(deny: &str) -> Result<Vec<&str>> {
    let (_, list) = deny.split_once("\nexceptions = [").context("deny.toml has no exceptions")?;
    let (list, _) = list.split_once("\n]").context("deny.toml: no end of the exceptions")?;
    Ok(list.lines().filter_map(|line| line.split('"').nth(1)).collect())
}

/// The packages of the workspace and what each links.
pub(crate) struct Graph<'a> {
    packages: HashMap<&'a str, Package<'a>>,
}

struct Package<'a> {
    id: &'a str,
    name: &'a str,
    /// Ids of its dependencies, without those that only its tests or its build script use.
    links: Vec<&'a str>,
}

impl<'a> Graph<'a> {
    pub(crate) fn read(metadata: &'a Value) -> Result<Self> {
        let array = |value: &'a Value| value.as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |value: &'a Value| value.as_str().unwrap_or_default();
        let mut packages = HashMap::new();
        for package in array(&metadata["packages"]) {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            packages.insert(id, Package { id, name, links: Vec::new() });
        }
        for node in array(&metadata["resolve"]["nodes"]) {
            let package =
                packages.get_mut(text(&node["id"])).context("cargo metadata: a node of no package")?;
            let linked = array(&node["deps"]).iter().filter(|dependency| {
                // A dependency of the program itself has the kind null; others are "dev" and "build".
                array(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
            });
            package.links = linked.map(|dependency| text(&dependency["pkg"])).collect();
        }
        Ok(Self { packages })
    }

    /// The names of those of the packages `ids` that are in `names`.
    fn among(&self, ids: &BTreeSet<&str>, names: &[&str]) -> Vec<&'a str> {
        let found = ids.iter().filter_map(|id| self.packages.get(id)).map(|package| package.name);
        found.filter(|name| names.contains(name)).collect()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Graph, exceptions};

    #[test]
    fn a_crate_with_an_exception_is_found_through_others_but_not_among_tests() {
        let package = |name: &str| json!({ "id": name, "name": name });
        let link = |name: &str, kind: Option<&str>| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let metadata = |kind| {
            json!({
                "packages": [package("cisor"), package("middle"), package("copyleft")],
                "resolve": { "nodes": [
                    { "id": "cisor", "deps": [link("middle", None)] },
                    { "id": "middle", "deps": [link("copyleft", kind)] },
                    { "id": "copyleft", "deps": [] },
                ] },
            })
        };
        for (kind, expected) in [(None, vec!["copyleft"]), (Some("dev"), vec![])] {
            let metadata = metadata(kind);
            let graph = Graph::read(&metadata).unwrap();
            assert_eq!(graph.among(&graph.linked_into(&["cisor"]), &["copyleft"]), expected, "{kind:?}");
        }
    }

    #[test]
    fn exceptions_are_read_from_their_list_alone() {
        let deny = "[licenses]\nallow = [\n    \"MIT\",\n]\nexceptions = [\n    \
                    { crate = \"one\", allow = [\"GPL-2.0\"] },\n    { crate = \"two\", allow = [\"NCSA\"] },\n]\n";
        assert_eq!(exceptions(deny).unwrap(), ["one", "two"]);
        assert!(exceptions("[licenses]\n").is_err());
    }
}
