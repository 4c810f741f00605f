//! What stands at a target before the work, and may be replaced by it.
//!
//! `-f` is said of what is there when a run begins. Hours later something else may stand there: perhaps a file
//! that another run has just made, and whose source it has deleted. That one stays.
//!
//! The lock on the part file keeps runs apart: whoever holds it is the only run that puts anything at the target.
//! So one look after it was taken notices what other runs have done. A second look, right before the new file gets
//! its name, is for other programs. Where nothing stood at first, nothing is replaced at all; where something did, a
//! moment is left between that look and the rename.

use std::path::Path;

use super::Existing;
use crate::failure::Failure;
use crate::identity::FileId;
use crate::source::Stamp;

/// What stood at a target when its run was planned, and what the run does with that.
#[derive(Clone, Debug)]
pub struct Standing {
    existing: Existing,
    stood: Option<Seen>,
}

/// A file, and the state that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    file: FileId,
    stamp: Stamp,
}

impl Seen {
    /// Looks at the very name: of a link, at the link itself. What cannot be looked at is nothing.
    fn at(path: &Path) -> Option<Self> {
        Some(Self { file: FileId::named(path).ok()?, stamp: Stamp::named(path).ok()? })
    }
}

impl Standing {
    /// Notes what stands at `target` now.
    pub fn at(target: &Path, existing: Existing) -> Self {
        Self { existing, stood: Seen::at(target) }
    }

    /// Refuses what has come to stand at `target` since then.
    pub(super) fn check(&self, target: &Path) -> Result<(), Failure> {
        match Seen::at(target) {
            None => Ok(()),
            Some(_) if self.existing == Existing::Keep => Err(Failure::TargetExists(target.to_owned())),
            now if now == self.stood => Ok(()),
            Some(_) => Err(Failure::TargetChanged(target.to_owned())),
        }
    }

    /// What is to happen to a file that is there at the end.
    pub(super) fn existing(&self) -> Existing {
        if self.stood.is_some() { self.existing } else { Existing::Keep }
    }

    /// Says of a file that is kept what [`check`](Self::check) would have said.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        match failure {
            Failure::TargetExists(target) if self.existing == Existing::Replace => {
                Failure::TargetChanged(target)
            }
            other => other,
        }
    }
}
