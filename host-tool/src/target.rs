//! Names of output files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use crate::claims::Claims;
use crate::cli::{Naming, TargetArgs};
use crate::output::Existing;

/// Extensions of images, which are removed from the name of a converted file.
const KNOWN_EXTENSIONS: [&str; 12] =
    ["iso", "cso", "ciso", "zso", "dax", "jso", "img", "chd", "cue", "bin", "zip", "7z"];

/// Where output files go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Next to each input.
    #[default]
    Beside,
    /// To this file.
    File(PathBuf),
    /// Into this folder.
    Folder(PathBuf),
    /// Into this folder of a card, with names that FAT can hold.
    Card(PathBuf),
    /// Into the folders of Open PS2 Loader, in this folder or beside each input, with names that it knows.
    Opl(Option<PathBuf>),
}

impl TargetArgs {
    /// Returns where files go.
    pub fn target(&self) -> Target {
        if self.naming == Naming::Opl {
            return Target::Opl(self.folder.clone());
        }
        match (&self.output, &self.folder) {
            (Some(file), _) => Target::File(file.clone()),
            (None, Some(folder)) => Target::Folder(folder.clone()),
            (None, None) => Target::Beside,
        }
    }

    /// Returns what to do with an existing file.
    pub fn existing(&self) -> Existing {
        if self.force { Existing::Replace } else { Existing::Keep }
    }
}

impl Target {
    /// Returns the path of the output for `input`, with this extension.
    pub fn path(&self, input: &Path, extension: &str) -> PathBuf {
        match self {
            Self::File(file) => file.clone(),
            Self::Folder(folder) | Self::Opl(Some(folder)) => folder.join(converted_name(input, extension)),
            Self::Card(folder) => folder.join(legal_name(input, extension)),
            Self::Beside | Self::Opl(None) => input.with_file_name(converted_name(input, extension)),
        }
    }
}

/// Returns which kind of image a name's extension stands for, if any.
pub(crate) fn known_extension(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?;
    KNOWN_EXTENSIONS.into_iter().find(|known| extension.eq_ignore_ascii_case(known))
}

/// Returns a name without the extensions of images and archives.
pub(crate) fn stem_of_disc(input: &Path) -> OsString {
    let name = stem(input);
    if matches!(known_extension(input), Some("zip" | "7z")) {
        // GAME.iso.7z
        return stem(Path::new(&name));
    }
    name
}

fn converted_name(input: &Path, extension: &str) -> OsString {
    let mut name = stem_of_disc(input);
    name.push(".");
    name.push(extension);
    name
}

fn legal_name(input: &Path, extension: &str) -> String {
    // A part of the name that is no Unicode would be U+FFFD, which not every device displays.
    let stem = stem_of_disc(input).to_string_lossy().replace(char::REPLACEMENT_CHARACTER, "_");
    let stem = dat_file::names::legal(&stem, extension.len() + 1);
    format!("{stem}.{extension}")
}

/// A name without its extension, if that is one: a name like "Game v1.02" has a dot only.
fn stem(path: &Path) -> OsString {
    let stem = if known_extension(path).is_some() { path.file_stem() } else { path.file_name() };
    stem.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(input: &str) -> PathBuf {
        Target::Beside.path(Path::new(input), "cso")
    }

    #[test]
    fn extension_is_swapped_or_added() {
        assert_eq!(name("a/GAME.iso"), Path::new("a/GAME.cso"));
        assert_eq!(name("GAME.ISO"), Path::new("GAME.cso"));
        assert_eq!(name("GAME"), Path::new("GAME.cso"));
        assert_eq!(name("GAME.zip"), Path::new("GAME.cso"));
        assert_eq!(name("GAME.iso.7z"), Path::new("GAME.cso"));
        assert_eq!(name("GAME.7z.iso"), Path::new("GAME.7z.cso"));
        assert_eq!(name("Game v1.02"), Path::new("Game v1.02.cso"));
        assert_eq!(name("ゲーム.zso"), Path::new("ゲーム.cso"));
        assert_eq!(name(".iso"), Path::new(".iso.cso"));
        let card = Target::Card("ISO".into());
        assert_eq!(
            card.path(Path::new("a/What: A \"Game\"?.iso"), "cso"),
            Path::new("ISO/What- A 'Game'_.cso")
        );
        assert_eq!(card.path(Path::new("con.iso"), "cso"), Path::new("ISO/_con.cso"));
        let folder = Target::Folder("out".into());
        assert_eq!(folder.path(Path::new("a/GAME.iso"), "zso"), Path::new("out/GAME.zso"));
    }
}
