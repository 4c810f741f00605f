//! Checks how the code is laid out: modules must not depend on themselves through others, and files must not
//! be too long to read.
//!
//! Modules are files. A file and the folder of the same name are one module, so the contents of a folder may
//! refer to its own `mod.rs`. Code that exists only for tests (`#[cfg(test)]`) may refer to anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use syn::visit::{self, Visit};

use crate::paths;

/// The maximum number of lines of a Rust file.
const MOST_LINES: usize = 500;

/// Fails on a circle between modules of one crate.
pub(crate) fn no_circles() -> Result<()> {
    let mut found = Vec::new();
    let crates = crates()?;
    for folder in &crates {
        let name = folder.strip_prefix(paths::root())?.to_string_lossy().into_owned();
        let modules = Modules::read(&folder.join("src"))?;
        found.extend(modules.circles().iter().map(|circle| format!("{name}: {}", modules.describe(circle))));
    }
    if !found.is_empty() {
        bail!("circles between modules:\n{}", found.join("\n"));
    }
    println!("{} crates without a circle", crates.len());
    Ok(())
}

/// Fails on a file that is longer than [`MOST_LINES`].
pub(crate) fn no_long_files() -> Result<()> {
    let files = all_rust_files()?;
    let mut long = Vec::new();
    for file in &files {
        let lines = fs::read_to_string(file).with_context(|| file.display().to_string())?.lines().count();
        if lines > MOST_LINES {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    if !long.is_empty() {
        bail!("more than {MOST_LINES} lines:\n{}", long.join("\n"));
    }
    println!("{} files of at most {MOST_LINES} lines", files.len());
    Ok(())
}

/// Every Rust file of the project, except for build output.
pub(crate) fn all_rust_files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["crates", "fuzz", "host-tool", "psp-driver", "tests", "xtask"] {
        rust_files(&paths::root().join(folder), &mut files)?;
    }
    Ok(files)
}

/// The folders of crates that have a `src`.
fn crates() -> Result<Vec<PathBuf>> {
    let mut crates: Vec<PathBuf> = ["host-tool", "xtask"].map(|name| paths::root().join(name)).into();
    for group in ["crates", "psp-driver"] {
        let group = paths::root().join(group);
        for entry in fs::read_dir(&group).with_context(|| group.display().to_string())? {
            crates.push(entry?.path());
        }
    }
    crates.retain(|folder| folder.join("src").is_dir());
    crates.sort();
    Ok(crates)
}

/// Adds the Rust files in a folder, except for build output.
fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            rust_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// A path of names from the crate's root.
type Names = Vec<String>;

/// The modules of a crate, and what each refers to in the others.
#[derive(Default)]
struct Modules {
    files: BTreeMap<Names, File>,
}

impl Modules {
    /// Reads the modules in a `src` folder.
    fn read(src: &Path) -> Result<Self> {
        let mut files = Vec::new();
        rust_files(src, &mut files)?;
        let mut modules = Self::default();
        for path in files {
            let mut names: Names =
                path.strip_prefix(src)?.iter().map(|name| name.to_string_lossy().into_owned()).collect();
            if let Some(name) = names.last_mut() {
                *name = name.trim_end_matches(".rs").to_owned();
            }
            names.pop_if(|name| matches!(name.as_str(), "mod" | "lib" | "main"));
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            modules.add(names, &text).with_context(|| path.display().to_string())?;
        }
        Ok(modules)
    }

    fn add(&mut self, names: Names, text: &str) -> Result<()> {
        let mut file = File { here: names.clone(), ..File::default() };
        file.visit_file(&syn::parse_file(text)?);
        self.files.insert(names, file);
        Ok(())
    }

    /// Which module depends on which, by first name: a folder is one module with everything in it.
    fn edges(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let mut edges: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (names, file) in self.files.iter().filter(|(names, _)| !self.is_for_tests(names)) {
            let Some(from) = names.first() else { continue };
            for target in &file.named {
                let target = self.home(target, 8).into_iter().next();
                if let Some(to) = target.filter(|to| to != from) {
                    edges.entry(from).or_default().insert(to);
                }
            }
        }
        edges
    }

    fn is_for_tests(&self, names: &[String]) -> bool {
        (1..=names.len()).any(|len| {
            let (parent, name) = (&names[..len - 1], &names[len - 1]);
            self.files.get(parent).is_some_and(|file| file.test_modules.contains(name))
        })
    }

    /// The module that a path leads to. Names that a module re-exports are followed, at most `most` times.
    fn home(&self, path: &[String], most: u32) -> Names {
        let mut module = Names::new();
        for (at, name) in path.iter().enumerate() {
            module.push(name.clone());
            if self.files.contains_key(&module) {
                continue;
            }
            module.pop();
            let elsewhere = self.files.get(&module).and_then(|file| file.exported.get(name));
            if let (Some(elsewhere), 1..) = (elsewhere, most) {
                let rest = path[at + 1..].iter();
                let path: Names = elsewhere.iter().chain(rest).cloned().collect();
                return self.home(&path, most - 1);
            }
            break;
        }
        module
    }

    /// Groups of modules in which each leads to every other.
    fn circles(&self) -> Vec<BTreeSet<String>> {
        let edges = self.edges();
        let reach = |from: &str| {
            let mut found = BTreeSet::new();
            let mut open = vec![from];
            while let Some(module) = open.pop() {
                let next = edges.get(module).into_iter().flatten();
                open.extend(next.filter(|&next| found.insert(next.clone())).map(String::as_str));
            }
            found
        };
        let reached: BTreeMap<&str, BTreeSet<String>> =
            edges.keys().map(|&module| (module, reach(module))).collect();
        let mut circles = BTreeSet::new();
        for (module, there) in reached.iter().filter(|(module, there)| there.contains(**module)) {
            let back = |other: &&String| reached.get(other.as_str()).is_some_and(|it| it.contains(*module));
            circles.insert(there.iter().filter(back).cloned().collect());
        }
        circles.into_iter().collect()
    }

    /// Describes a circle by its modules, and what each of them refers to in it.
    fn describe(&self, circle: &BTreeSet<String>) -> String {
        let edges = self.edges();
        let inside = |module: &String| {
            let named = edges.get(module.as_str()).into_iter().flatten();
            let named: Vec<&str> =
                named.filter(|&other| circle.contains(other)).map(String::as_str).collect();
            format!("{module} -> {}", named.join(", "))
        };
        circle.iter().map(inside).collect::<Vec<_>>().join("; ")
    }
}

/// One Rust file.
#[derive(Default)]
struct File {
    /// Position in the crate: the file's own path, and those of inline modules while they are being visited.
    here: Names,
    /// Paths that the file refers to.
    named: BTreeSet<Names>,
    /// Names that it has imported from elsewhere.
    exported: BTreeMap<String, Names>,
    /// Modules that exist only in tests.
    test_modules: BTreeSet<String>,
}

impl File {
    /// A path from the crate's root; `None` for one that leads out of the crate.
    fn absolute(&self, path: &[String]) -> Option<Names> {
        let mut absolute = match path.first()?.as_str() {
            "crate" => Names::new(),
            "self" | "super" => self.here.clone(),
            _ => return None,
        };
        for name in path {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => drop(absolute.pop()),
                _ => absolute.push(name.clone()),
            }
        }
        Some(absolute)
    }

    fn import(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| before.iter().cloned().chain([ident.to_string()]).collect::<Names>();
        match tree {
            syn::UseTree::Path(path) => self.import(&with(&path.ident), &path.tree),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(before, tree)),
            syn::UseTree::Name(name) if name.ident == "self" => self.note(before, before.last().cloned()),
            syn::UseTree::Name(name) => self.note(&with(&name.ident), Some(name.ident.to_string())),
            syn::UseTree::Rename(rename) => self.note(&with(&rename.ident), Some(rename.rename.to_string())),
            syn::UseTree::Glob(_) => self.note(before, None),
        }
    }

    /// Records an imported path and its name here.
    fn note(&mut self, path: &[String], name: Option<String>) {
        // A path without `crate` begins at this module or at another crate. These are not distinguished here:
        // the path is followed only from a name that some module exports, and leads nowhere if that is wrong.
        let relative = || self.here.iter().chain(path).cloned().collect::<Names>();
        let absolute = self.absolute(path);
        if let Some(name) = name {
            self.exported.insert(name, absolute.clone().unwrap_or_else(relative));
        }
        self.named.extend(absolute);
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    let is_test = |attribute: &syn::Attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    };
    attributes.iter().any(is_test)
}

impl<'ast> Visit<'ast> for File {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) {
            self.test_modules.insert(item.ident.to_string());
            return;
        }
        self.here.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.here.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.import(&[], &item.tree);
        }
    }

    /// Names in the arguments of a macro, which are only tokens here.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let text = item.tokens.to_string().replace(" :: ", "::");
        for word in text.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | ':'))) {
            if word.contains("::") {
                let names: Names = word.split("::").map(str::to_owned).collect();
                self.named.extend(self.absolute(&names));
            }
        }
        visit::visit_macro(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.named.extend(self.absolute(&names));
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::Modules;

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let mut modules = Modules::default();
        for (names, text) in files {
            let names = names.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            modules.add(names, text).unwrap();
        }
        modules.circles().into_iter().map(|circle| circle.into_iter().collect()).collect()
    }

    #[test]
    fn a_circle_is_found_however_it_is_written() {
        let plan = ("plan", "use crate::container::{self, limits};");
        for back in [
            "use crate::plan::Plan;",
            "use crate::{plan as data};",
            "use super::plan::*;",
            "fn check(plan: &crate::plan::Plan) {}",
            // Using the name that the crate's root gives it.
            "use crate::Plan;",
            "mod inner { use super::super::plan::Plan; }",
            "fn check() { assert!(crate::plan::Plan::default().check()); }",
        ] {
            let root = ("", "mod container; mod plan; pub use plan::Plan;");
            assert_eq!(circles(&[root, plan, ("container", back)]), [["container", "plan"]], "{back}");
        }
    }

    #[test]
    fn a_folder_is_one_module() {
        let files = [
            ("", "mod a; mod b;"),
            ("a", "pub mod x; use x::X;"),
            ("a::x", "use super::Y; use crate::b::B;"),
            ("b", "use core::fmt;"),
        ];
        assert_eq!(circles(&files), Vec::<Vec<String>>::new());
        let mut files = files;
        files[3].1 = "use crate::a::Y;";
        assert_eq!(circles(&files), [["a", "b"]]);
    }

    #[test]
    fn circles_of_three_are_told_from_other_circles() {
        let files = [
            ("a", "use crate::b;"),
            ("b", "use crate::c;"),
            ("c", "use crate::a; use crate::d;"),
            ("d", "use crate::e;"),
            ("e", "use crate::d;"),
        ];
        assert_eq!(circles(&files), [vec!["a", "b", "c"], vec!["d", "e"]]);
    }

    #[test]
    fn code_for_tests_may_refer_to_anything() {
        let files = [
            ("", "mod a; mod b; #[cfg(test)] mod fake;"),
            ("a", "use crate::b; #[cfg(test)] use crate::fake;"),
            ("b", "#[cfg(test)] mod tests { use crate::a; }"),
            ("fake", "use crate::a;"),
        ];
        assert_eq!(circles(&files), Vec::<Vec<String>>::new());
    }
}
