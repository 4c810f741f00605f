//! `--skip-existing=name`: a target that exists is enough. Images are not opened to find out what its name would
//! be, so that a run with nothing to do takes as long as looking at the folders. What a killed run has left beside
//! such a target stays until a run that reads it.

use std::path::{Path, PathBuf};

use sector_decode::Format;

use crate::inputs::{Known, Look};
use crate::target::{Target, known_extension};

/// The extensions that targets may have.
#[derive(Clone, Debug)]
pub(crate) struct ByName {
    extensions: Vec<&'static str>,
}

impl ByName {
    /// Names with any of these extensions.
    pub(crate) const fn new(extensions: Vec<&'static str>) -> Self {
        Self { extensions }
    }

    /// Returns the target of a file, if it exists.
    pub(crate) fn existing(&self, target: &Target, input: &Path) -> Option<PathBuf> {
        let is_there = |path: &PathBuf| path != input && std::fs::symlink_metadata(path).is_ok();
        let found = self.extensions.iter().map(|extension| target.path(input, extension)).find(is_there)?;
        std::fs::metadata(input).is_ok_and(|input| input.is_file()).then_some(found)
    }

    /// Returns what a file in a folder is by its name, if its target exists, or if it has itself the name of
    /// a target.
    pub(crate) fn known(&self, target: &Target, input: &Path) -> Option<Known> {
        let look = match known_extension(input)? {
            "iso" => Look::Plain,
            "cso" | "ciso" => Look::Packed(Some(Format::Cso)),
            "zso" => Look::Packed(Some(Format::Zso)),
            "dax" => Look::Packed(Some(Format::Dax)),
            "jso" => Look::Packed(Some(Format::Jso)),
            // Of the others, only the content tells whether they are images, and which files belong to them.
            _ => return None,
        };
        let is_itself = || self.extensions.iter().any(|extension| target.path(input, extension) == input);
        (self.existing(target, input).is_some() || is_itself()).then(|| Known { look, parts: Vec::new() })
    }
}
