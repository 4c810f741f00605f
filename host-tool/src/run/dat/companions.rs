//! The files beside an image that belong to it by their names: its digest, and the rest of a CD dump.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::output;
use crate::plan::raw;
use crate::target::known_extension;
use crate::{human, sidecar};

/// The companions of an image that gets another name, with their own new names.
pub(super) struct Companions {
    image: PathBuf,
    target: PathBuf,
    moves: Vec<(PathBuf, PathBuf)>,
}

impl Companions {
    /// Finds those that exist.
    pub(super) fn of(image: &Path, target: &Path) -> Self {
        let names =
            |image: &Path| [sidecar::path(image), sidecar::long_path(image), raw::sidecar_path(image)];
        let mut moves: Vec<_> = names(image).into_iter().zip(names(target)).collect();
        moves.retain(|(from, _)| std::fs::symlink_metadata(from).is_ok());
        Self { image: image.to_owned(), target: target.to_owned(), moves }
    }

    /// Returns why they cannot come along.
    pub(super) fn obstacle(&self) -> Option<String> {
        if let Some((_, to)) = self.moves.iter().find(|(from, to)| is_taken(from, to)) {
            return Some(format!("{} exists already", human::name(to)));
        }
        let (from, _) = self.moves.first()?;
        let other = self.other_form()?;
        Some(format!("{} belongs to {}, too", human::name(from), human::name(&other)))
    }

    /// Another image of this name, in another format.
    fn other_form(&self) -> Option<PathBuf> {
        let entries = std::fs::read_dir(output::folder_of(&self.image)).ok()?;
        let is_image = |path: &Path| {
            known_extension(path).is_some_and(|extension| !matches!(extension, "cue" | "bin" | "zip" | "7z"))
        };
        entries.flatten().map(|entry| self.image.with_file_name(entry.file_name())).find(|path| {
            *path != self.image && is_image(path) && sidecar::path(path) == sidecar::path(&self.image)
        })
    }

    /// Gives them their new names; all of them, or none if one fails.
    pub(super) fn rename(&self) -> Result<(), Failure> {
        for (place, (from, to)) in self.moves.iter().enumerate() {
            match output::rename(from, to) {
                Ok(()) | Err(Failure::FolderSync(_)) => {}
                Err(failure) => {
                    back(&self.moves[..place]);
                    return Err(failure.in_second(from));
                }
            }
        }
        Ok(())
    }

    /// Gives them their old names again.
    pub(super) fn rename_back(&self) {
        back(&self.moves);
    }

    /// The digest is about a file of the new name from now on.
    pub(super) fn tell(&self) -> Result<(), Failure> {
        if self.moves.is_empty() { Ok(()) } else { sidecar::rename(&self.image, &self.target) }
    }
}

/// Whether the new name of a file is another file's. Disks of Windows take names for one that differ only in case.
pub(super) fn is_taken(from: &Path, to: &Path) -> bool {
    lower(from) != lower(to) && std::fs::symlink_metadata(to).is_ok()
}

/// A path in lower case.
pub(super) fn lower(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

fn back(moves: &[(PathBuf, PathBuf)]) {
    for (from, to) in moves.iter().rev() {
        // If that fails, too, the file is there by its new name.
        let _ = output::rename(to, from);
    }
}
