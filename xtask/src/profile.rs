//! Whether a program is built for tests or for users.

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
}
