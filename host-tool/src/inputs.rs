//! Turns the inputs of a command line into files: folders are walked, lists are read, and a run that is one
//! of several takes its share.
//!
//! Files that are named by the user are taken as they are. Files that are found in a folder are taken if
//! their content is that of a disc image (`inputs/look.rs`), and once, whatever links lead to them.

mod list;
mod look;
mod shard;
mod walk;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

pub use self::look::{Known, Look};
use crate::cli::TreeArgs;
use crate::failure::Failure;
use crate::target::Target;

/// A file to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its path.
    pub path: PathBuf,
    /// The folder that it was found in, relative to the one that was named; empty at the top. `None` if the
    /// file itself was named.
    pub below: Option<PathBuf>,
    /// What it seems to be, if it was found in a folder.
    pub look: Option<Look>,
}

impl Input {
    /// Returns where its output goes: the layout below a folder is kept in the target folder.
    pub fn target(&self, target: &Target) -> Target {
        target_below(target, self.below.as_deref().unwrap_or(Path::new("")))
    }

    /// The path that decides about the shard: relative to the folder that was named, so that it is the same
    /// wherever the tree is mounted.
    fn relative(&self) -> PathBuf {
        match &self.below {
            Some(below) => below.join(self.path.file_name().unwrap_or_default()),
            None => self.path.clone(),
        }
    }
}

/// Returns where the outputs of files in this folder go, which is relative to the one that was named.
pub(crate) fn target_below(target: &Target, below: &Path) -> Target {
    match target {
        Target::Folder(folder) if !below.as_os_str().is_empty() => Target::Folder(folder.join(below)),
        _ => target.clone(),
    }
}

/// All inputs of a run.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The files, in order.
    pub files: Vec<Input>,
    /// The folders that were searched.
    pub folders: Vec<PathBuf>,
    /// What could not be looked at, and why.
    pub failures: Vec<(PathBuf, Failure)>,
    /// For each folder in which something was left alone: a sentence about it.
    pub notes: Vec<(PathBuf, String)>,
    /// How many files were left alone in folders.
    pub left_alone: u64,
    /// How many files other shards work on.
    pub elsewhere: u64,
}

impl Inputs {
    /// Finds the files. In folders, `wanted` decides by the kind of image. `output` is the folder that the run
    /// writes into; it is not searched.
    ///
    /// # Errors
    ///
    /// When the list of files cannot be read.
    pub fn gather(
        named: &[PathBuf],
        tree: &TreeArgs,
        output: Option<&Path>,
        wanted: impl Fn(Look) -> bool,
    ) -> Result<Self, (PathBuf, io::Error)> {
        Self::gather_but(named, tree, output, wanted, |_, _| None)
    }

    /// As [`gather`](Self::gather), without reading the files that `known` recognises as images. It gets the path,
    /// and the folder relative to the one that was named.
    ///
    /// # Errors
    ///
    /// When the list of files cannot be read.
    pub fn gather_but(
        named: &[PathBuf],
        tree: &TreeArgs,
        output: Option<&Path>,
        wanted: impl Fn(Look) -> bool,
        known: impl Fn(&Path, &Path) -> Option<Known>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let listed = match &tree.files_from {
            Some(list) => list::read(list, tree.null).map_err(|error| (list.clone(), error))?,
            None => Vec::new(),
        };
        let mut inputs = Self::default();
        let mut walk = walk::Walk::new(output);
        let all = || named.iter().chain(&listed);
        let is_walked = |path: &Path| tree.recursive && path.is_dir();
        all().filter(|path| !is_walked(path)).for_each(|path| walk.leave_out(path));
        for path in all() {
            if !is_walked(path) {
                inputs.files.push(Input { path: path.clone(), below: None, look: None });
                continue;
            }
            inputs.folders.push(path.clone());
            let found = walk.below(path, &wanted, &known);
            inputs.left_alone += found.left_alone.total();
            if let Some(text) = found.left_alone.sentence() {
                inputs.notes.push((path.clone(), text));
            }
            if found.is_bare() {
                inputs.failures.push((path.clone(), Failure::NoImages));
            }
            inputs.files.extend(found.files);
            inputs.failures.extend(found.failures);
        }
        if let Some(shard) = tree.shard {
            let all = inputs.files.len();
            inputs.files.retain(|input| shard::takes(shard, &input.relative()));
            inputs.elsewhere = (all - inputs.files.len()) as u64;
        }
        Ok(inputs)
    }

    /// Leaves out packed images beside a plain image or a source of the same name: both would be written to
    /// the same file. Returns how many there are.
    pub fn prefer_plain(&mut self) -> usize {
        let name = |input: &Input| Target::Beside.path(&input.path, "");
        let is_packed = |input: &Input| matches!(input.look, Some(Look::Packed(_)));
        let found = self.files.iter().filter(|input| input.look.is_some() && !is_packed(input));
        let plain: HashSet<_> = found.map(name).collect();
        let before = self.files.len();
        self.files.retain(|input| !is_packed(input) || !plain.contains(&name(input)));
        before - self.files.len()
    }

    /// Returns the paths of the files.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|input| input.path.clone()).collect()
    }
}

#[cfg(test)]
mod tests;
