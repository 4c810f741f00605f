//! Where a file goes: its name, and everything that would make writing there a mistake.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::TargetArgs;
use crate::failure::Failure;
use crate::output::{Existing, folder_of};

/// Extensions of images, which the name of a converted file loses.
const KNOWN_EXTENSIONS: [&str; 7] = ["iso", "cso", "ciso", "zso", "dax", "jso", "img"];

/// Where files go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Beside each input.
    #[default]
    Beside,
    /// To this file.
    File(PathBuf),
    /// Into this folder.
    Folder(PathBuf),
}

impl TargetArgs {
    /// Returns where files go.
    pub fn target(&self) -> Target {
        match (&self.output, &self.folder) {
            (Some(file), _) => Target::File(file.clone()),
            (None, Some(folder)) => Target::Folder(folder.clone()),
            (None, None) => Target::Beside,
        }
    }

    /// Returns what happens to a file that exists.
    pub fn existing(&self) -> Existing {
        if self.force { Existing::Replace } else { Existing::Keep }
    }
}

impl Target {
    /// Returns the path of what `input` becomes, a file with this extension.
    pub fn path(&self, input: &Path, extension: &str) -> PathBuf {
        match self {
            Self::File(file) => file.clone(),
            Self::Folder(folder) => folder.join(converted_name(input, extension)),
            Self::Beside => input.with_file_name(converted_name(input, extension)),
        }
    }
}

/// The files that a run reads, and those that it will write: none of them may be written otherwise.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    inputs: Vec<PathBuf>,
    taken: Vec<PathBuf>,
}

impl Claims {
    /// Begins with all inputs of a run.
    pub fn new(inputs: &[PathBuf]) -> Self {
        Self { inputs: inputs.to_vec(), taken: Vec::new() }
    }

    /// Adds what one of the inputs becomes.
    pub(crate) fn take(&mut self, target: &Path) {
        self.taken.push(target.to_owned());
    }
}

/// Refuses a target that cannot or must not be written.
///
/// # Errors
///
/// What is wrong with it.
pub fn check(target: &Path, input: &Path, claims: &Claims, existing: Existing) -> Result<(), Failure> {
    let folder = folder_of(target);
    if ends_with_separator(target) && !target.is_dir() {
        return Err(Failure::NoFolder(target.to_owned()));
    }
    match std::fs::metadata(&folder) {
        Err(_) => return Err(Failure::NoFolder(folder)),
        Ok(metadata) if !metadata.is_dir() => return Err(Failure::NotAFolder(folder)),
        Ok(_) => {}
    }
    if target.is_dir() {
        return Err(Failure::TargetIsFolder(target.to_owned()));
    }
    // What is not there yet is no other file by another name. Each comparison opens two files, and there may be
    // hundreds of inputs.
    if target.exists() {
        if is_same(target, input) {
            return Err(Failure::TargetIsInput(target.to_owned()));
        }
        if claims.inputs.iter().any(|other| is_same(target, other)) {
            return Err(Failure::TargetIsOtherInput(target.to_owned()));
        }
    }
    if claims.taken.iter().any(|other| is_same_name(other, target))
        || target.exists() && claims.taken.iter().any(|other| is_same(other, target))
    {
        return Err(Failure::TargetTaken(target.to_owned()));
    }
    // Also a link that leads nowhere is something that a rename would replace.
    if existing == Existing::Keep && std::fs::symlink_metadata(target).is_ok() {
        return Err(Failure::TargetExists(target.to_owned()));
    }
    Ok(())
}

/// Returns whether two paths that need not exist are written alike, as far as the system tells them apart.
fn is_same_name(a: &Path, b: &Path) -> bool {
    let folded = |path: &Path| path.to_string_lossy().to_lowercase();
    a == b || (cfg!(windows) && folded(a) == folded(b))
}

/// Returns whether two paths lead to one file; paths that lead nowhere do not.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    same_file::is_same_file(a, b).unwrap_or(false)
}

/// Returns whether a name says by its extension that it is an image, and of which kind.
pub(crate) fn known_extension(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?;
    KNOWN_EXTENSIONS.into_iter().find(|known| extension.eq_ignore_ascii_case(known))
}

fn converted_name(input: &Path, extension: &str) -> OsString {
    // A name like "Game v1.02" has a dot but no extension that could be taken off.
    let stem = if known_extension(input).is_some() { input.file_stem() } else { input.file_name() };
    let mut name = stem.unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    name
}

fn ends_with_separator(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|&byte| std::path::is_separator(char::from(byte)))
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
        assert_eq!(name("Game v1.02"), Path::new("Game v1.02.cso"));
        assert_eq!(name("ゲーム.zso"), Path::new("ゲーム.cso"));
        assert_eq!(name(".iso"), Path::new(".iso.cso"));
        let folder = Target::Folder("out".into());
        assert_eq!(folder.path(Path::new("a/GAME.iso"), "zso"), Path::new("out/GAME.zso"));
    }

    #[test]
    fn mistakes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let input = at("a.iso");
        let inputs = [input.clone(), at("b.iso")];
        inputs.iter().for_each(|path| std::fs::write(path, "").unwrap());
        std::fs::write(at("there.cso"), "").unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        std::fs::hard_link(&input, at("same.cso")).unwrap();
        let mut claims = Claims::new(&inputs);
        claims.take(&at("taken.cso"));
        let check = |target: &str, existing| check(&at(target), &input, &claims, existing);

        assert!(check("a.cso", Existing::Keep).is_ok());
        for existing in [Existing::Keep, Existing::Replace] {
            assert!(matches!(check("none/a.cso", existing), Err(Failure::NoFolder(_))));
            assert!(matches!(check("none/", existing), Err(Failure::NoFolder(_))));
            assert!(matches!(check("there.cso/a.cso", existing), Err(Failure::NotAFolder(_))));
            assert!(matches!(check("folder", existing), Err(Failure::TargetIsFolder(_))));
            assert!(matches!(check("a.iso", existing), Err(Failure::TargetIsInput(_))));
            assert!(matches!(check("same.cso", existing), Err(Failure::TargetIsInput(_))));
            assert!(matches!(check("b.iso", existing), Err(Failure::TargetIsOtherInput(_))));
            assert!(matches!(check("taken.cso", existing), Err(Failure::TargetTaken(_))));
        }
        assert!(matches!(check("there.cso", Existing::Keep), Err(Failure::TargetExists(_))));
        assert!(check("there.cso", Existing::Replace).is_ok());
    }
}
