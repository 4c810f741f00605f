//! The file that exists at a target before the work, and may be replaced.
//!
//! `-f` applies to the file that exists when a run begins. Hours later the target may be another file,
//! perhaps one that another run has just made and whose source it has deleted. That file is kept.
//!
//! The lock on the part file keeps runs apart: only the run that holds it writes the target. So one check
//! after locking detects what other runs have done. A second check, right before the new file gets its
//! name, detects other programs. If the target did not exist at first, nothing is ever replaced; if it did,
//! there is a short window between that check and the rename.

use std::io;
use std::path::{Path, PathBuf};

use super::{Existing, folder_of, judge_folder_sync, sync_folder};
use crate::failure::Failure;
use crate::identity::FileId;
use crate::source::Stamp;

/// What existed at a target when its run was planned, and what the run does with it.
#[derive(Clone, Debug)]
pub struct Standing {
    existing: Existing,
    stood: Option<Seen>,
    /// The part of the folder's path that existed, if the rest has to be made.
    above: Option<PathBuf>,
}

/// A file and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    file: FileId,
    stamp: Stamp,
}

impl Seen {
    /// Examines the name itself, without following a link. If that fails, it counts as nothing.
    fn at(path: &Path) -> Option<Self> {
        Some(Self { file: FileId::named(path).ok()?, stamp: Stamp::named(path).ok()? })
    }
}

impl Standing {
    /// Notes what exists at `target` now.
    pub fn at(target: &Path, existing: Existing) -> Self {
        let folder = folder_of(target);
        // The current folder has an empty path.
        let is_missing =
            |path: &Path| !path.as_os_str().is_empty() && std::fs::symlink_metadata(path).is_err();
        let above = is_missing(&folder).then(|| folder.ancestors().find(|path| !is_missing(path))).flatten();
        Self { existing, stood: Seen::at(target), above: above.map(Path::to_owned) }
    }

    /// Makes the folders that were missing. If what was above them is gone, so is the place for the file.
    ///
    /// # Errors
    ///
    /// When a folder cannot be made.
    pub(crate) fn make_folders(&self, target: &Path) -> Result<(), Failure> {
        let Some(above) = &self.above else { return Ok(()) };
        let folder = folder_of(target);
        let mut missing: Vec<_> = folder.ancestors().take_while(|path| path != above).collect();
        missing.reverse();
        for path in missing {
            match std::fs::create_dir(path) {
                Ok(()) => sync_folder(&folder_of(path)).or_else(|error| judge_folder_sync(Err(error))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                Err(error) => Err(error),
            }
            .map_err(|error| Failure::create(path, error))?;
        }
        Ok(())
    }

    /// Returns what the user said about existing files.
    pub fn rule(&self) -> Existing {
        self.existing
    }

    /// Refuses a `target` that has changed since then.
    pub(super) fn check(&self, target: &Path) -> Result<(), Failure> {
        match Seen::at(target) {
            None => Ok(()),
            Some(_) if self.existing == Existing::Keep => Err(Failure::TargetExists(target.to_owned())),
            now if now == self.stood => Ok(()),
            Some(_) => Err(Failure::TargetChanged(target.to_owned())),
        }
    }

    /// What to do with a file that exists at the end.
    pub(super) fn existing(&self) -> Existing {
        if self.stood.is_some() { self.existing } else { Existing::Keep }
    }

    /// Returns, for a file that is kept, the failure that [`check`](Self::check) would have returned.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        match failure {
            Failure::TargetExists(target) if self.existing == Existing::Replace => {
                Failure::TargetChanged(target)
            }
            other => other,
        }
    }
}
