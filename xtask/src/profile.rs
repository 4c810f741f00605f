//! Whether a program is built for tests or for users.

use std::process::Command;

/// How a program is optimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For tests: built quickly.
    Quick,
    /// As users get it.
    Release,
}

impl Profile {
    /// What Cargo calls it, and the folder with what it has built.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }

    /// Lets a build use it, and strip the program of this: `none` or `symbols`.
    pub(crate) fn set(self, cargo: &mut Command, strip: &str) {
        cargo.args(["--profile", self.name()]);
        cargo.env(format!("CARGO_PROFILE_{}_STRIP", self.name().to_uppercase()), strip);
    }
}
