//! How one file among many is treated: what to do with a target that exists, where new folders may be made,
//! and what else is written.

use std::path::{Path, PathBuf};

use crate::cli::{BatchArgs, CompressArgs, ExtractArgs, SkipExisting};
use crate::failure::Failure;
use crate::identity::FileId;
use crate::output::{Existing, Standing};
use crate::report::Skipped;
use crate::sidecar;
use crate::target::{Claims, Target};

/// How a run treats its files. The default is that of a run without any of these options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handling {
    /// When an existing target counts as done.
    pub skip: Option<SkipExisting>,
    /// Whether a file with the image's digest is written beside each target.
    pub sidecar: bool,
    /// Whether the source is replaced by the new file.
    pub in_place: bool,
    /// Whether only files are written again that a PSP's firmware is not known to read.
    pub only_unsafe: bool,
    /// Whether the file goes to a card, whose manifest has its digest.
    pub for_card: bool,
}

/// A target that a file may be written to.
#[derive(Debug)]
pub struct Claim {
    /// What exists there, and what to do with it.
    pub standing: Standing,
    /// Whether there is a file that may be what would be written.
    pub is_there: bool,
    /// Why there is nothing to do.
    pub skipped: Option<Skipped>,
}

impl From<&CompressArgs> for Handling {
    fn from(args: &CompressArgs) -> Self {
        let (in_place, only_unsafe) = (args.remake.in_place, args.remake.only_unsafe);
        Self { in_place, only_unsafe, ..Self::of_batch(args.target.batch) }
    }
}

impl Handling {
    fn of_batch(batch: BatchArgs) -> Self {
        Self { skip: batch.skip_existing, sidecar: batch.sidecar, ..Self::default() }
    }

    /// Returns what the arguments of `extract` ask for.
    pub fn of_extract(args: &ExtractArgs) -> Self {
        Self::of_batch(args.target.batch)
    }

    /// Returns the path of the output for `input`.
    pub fn target(self, target: &Target, input: &Path, extension: &str) -> PathBuf {
        if self.in_place { input.to_owned() } else { target.path(input, extension) }
    }

    /// Claims a target, or finds that there is nothing to do.
    ///
    /// # Errors
    ///
    /// What is wrong with the target.
    pub fn claim(
        self,
        claims: &mut Claims,
        target: &Path,
        input: &Path,
        existing: Existing,
    ) -> Result<Claim, Failure> {
        if self.sidecar {
            sidecar::check_place(claims, target, existing)?;
        }
        let claim = |standing, is_there| Claim { standing, is_there, skipped: None };
        if self.in_place {
            return claims.claim_in_place(input).map(|standing| claim(standing, false));
        }
        match claims.claim(target, input, existing) {
            // It need not be replaced if it turns out to be the same.
            Ok(standing) => {
                let is_there = self.skip == Some(SkipExisting::Verified) && FileId::at(target).is_ok();
                Ok(claim(standing, is_there))
            }
            Err(Failure::TargetExists(_)) => {
                let by_name = self.skip == Some(SkipExisting::Name);
                let skipped = by_name.then(|| Skipped::Exists(target.to_owned()));
                Ok(Claim { standing: Standing::at(target, existing), is_there: true, skipped })
            }
            Err(failure) => Err(failure),
        }
    }
}
