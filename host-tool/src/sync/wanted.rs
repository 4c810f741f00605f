//! Which images of a shelf are wanted on the card.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::cli::{SyncArgs, TreeArgs};
use crate::failure::Failure;
use crate::human;
use crate::inputs::{Input, Inputs};
use crate::report::Reporter;

/// Patterns are for people: case does not matter, and `*` matches slashes, too.
const LIKE: MatchOptions = MatchOptions {
    case_sensitive: false,
    require_literal_separator: false,
    require_literal_leading_dot: false,
};

/// An image that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Title {
    /// Its path.
    pub(super) path: PathBuf,
    /// Its path below the shelf with slashes, by which the manifest knows it.
    pub(super) name: String,
    /// Whether the user has named this very file.
    pub(super) is_named: bool,
}

/// What is wanted, and what became of the rest.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// The images, in order.
    pub(super) titles: Vec<Title>,
    /// What could not be looked at.
    pub(super) failures: Vec<(PathBuf, Failure)>,
    /// Other files in the folders, and images that are not wanted.
    pub(super) left_alone: u64,
}

/// Finds the wanted images. `None` after an error that has been printed.
pub(super) fn gather(args: &SyncArgs, reporter: &mut Reporter) -> Option<Wanted> {
    let patterns: Result<Vec<_>, _> = args.only.iter().map(|text| Pattern::new(text)).collect();
    let patterns = match patterns {
        Ok(patterns) => patterns,
        Err(error) => {
            reporter.error(Path::new("sync"), &format!("a pattern of --only is wrong: {error}"));
            reporter.failed();
            return None;
        }
    };
    let mut wanted = match &args.files_from {
        Some(_) => listed(args),
        None => Ok(found(args, reporter)),
    }
    .map_err(|text| {
        reporter.error(args.files_from.as_deref().unwrap_or(&args.shelf), &text);
        reporter.failed();
    })
    .ok()?;
    if !patterns.is_empty() {
        let all = wanted.titles.len();
        wanted.titles.retain(|title| patterns.iter().any(|pattern| is_like(pattern, &title.name)));
        wanted.left_alone += (all - wanted.titles.len()) as u64;
        if all > 0 && wanted.titles.is_empty() {
            let images = human::count(all as u64, "image", "images");
            reporter.error(&args.shelf, &format!("none of its {images} is like what --only says"));
            reporter.failed();
            return None;
        }
    }
    Some(wanted)
}

/// Every image below the shelf.
fn found(args: &SyncArgs, reporter: &mut Reporter) -> Wanted {
    let tree = TreeArgs { recursive: true, ..TreeArgs::default() };
    // Only a list can fail to be read.
    let mut inputs = Inputs::gather(std::slice::from_ref(&args.shelf), &tree, Some(&args.card), |_| true)
        .unwrap_or_default();
    inputs.notes.iter().for_each(|(path, text)| reporter.note(path, text));
    let beside_plain = inputs.prefer_plain() as u64;
    let title = |input: &Input| Title {
        path: input.path.clone(),
        name: name(input.below.as_deref().unwrap_or(Path::new("")), &input.path),
        is_named: input.below.is_none(),
    };
    Wanted {
        titles: inputs.files.iter().map(title).collect(),
        failures: inputs.failures,
        left_alone: inputs.left_alone + beside_plain,
    }
}

/// The images in a list.
fn listed(args: &SyncArgs) -> Result<Wanted, String> {
    let tree = TreeArgs { files_from: args.files_from.clone(), null: args.null, ..TreeArgs::default() };
    let inputs = Inputs::gather(&[], &tree, None, |_| true)
        .map_err(|(_, error)| format!("cannot read the list of files: {error}"))?;
    let title = |input: &Input| {
        let (shelf, path) = (&args.shelf, &input.path);
        let below = path.strip_prefix(shelf).unwrap_or(path);
        let inside = shelf.join(below);
        let path = if std::fs::symlink_metadata(&inside).is_ok() { inside } else { path.clone() };
        Title { name: name(below.parent().unwrap_or(Path::new("")), &path), path, is_named: true }
    };
    Ok(Wanted { titles: inputs.files.iter().map(title).collect(), ..Wanted::default() })
}

/// The path of a file in a folder, with slashes on every system.
fn name(folder: &Path, path: &Path) -> String {
    let file = Path::new(path.file_name().unwrap_or_default());
    let parts = folder.components().chain(file.components());
    let parts: Vec<_> = parts
        .filter(|part| !matches!(part, Component::CurDir | Component::RootDir))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

fn is_like(pattern: &Pattern, name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    pattern.matches_with(name, LIKE) || pattern.matches_with(file, LIKE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_for_names_and_paths() {
        let like = |pattern: &str, name: &str| is_like(&Pattern::new(pattern).unwrap(), name);
        assert!(like("*(europe)*", "psp/Game (Europe).iso"));
        assert!(like("psp/*", "psp/deep/Game.iso") && !like("psp/*", "ps2/Game.iso"));
        assert!(like("Game.iso", "a/b/Game.iso") && like("G?me.*", "game.cso"));
        assert!(!like("Game", "Game.iso"));
    }

    #[test]
    fn names_have_slashes() {
        assert_eq!(name(Path::new("./a/b"), Path::new("/shelf/a/b/GAME.iso")), "a/b/GAME.iso");
        assert_eq!(name(Path::new(""), Path::new("GAME.iso")), "GAME.iso");
    }
}
