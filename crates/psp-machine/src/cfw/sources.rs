//! Who says what of a firmware.

use core::fmt;

/// How a value is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// Read in the named source.
    Read,
    /// Their own code was run beside a plugin, on a processor without a console (psp contract, section 10).
    Run,
    /// Seen by other people on a console, as the named report says.
    Reported,
    /// No source: a guess.
    Assumed,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Reported => "reported",
            Self::Assumed => "only assumed",
        })
    }
}

/// Where a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// How it is known.
    pub witness: Witness,
    /// Repository, file and function; or why it is assumed.
    pub place: &'static str,
}

/// Where the values of a row are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Of the modules' names.
    pub modules: Source,
    /// Of the application types and the key configuration.
    pub apitypes: Source,
    /// Of the path's text and where it lies.
    pub path: Source,
    /// Of the driver's name.
    pub driver: Source,
    /// Of the functions that are exported and their library's version.
    pub functions: Source,
}

impl Sources {
    /// All of them, each with what it is about.
    pub fn all(&self) -> [(&'static str, Source); 5] {
        [
            ("modules", self.modules),
            ("apitypes", self.apitypes),
            ("path", self.path),
            ("driver", self.driver),
            ("functions", self.functions),
        ]
    }
}

pub(super) const fn read(place: &'static str) -> Source {
    Source { witness: Witness::Read, place }
}

pub(super) const fn run(place: &'static str) -> Source {
    Source { witness: Witness::Run, place }
}

pub(super) const fn reported(place: &'static str) -> Source {
    Source { witness: Witness::Reported, place }
}

pub(super) const fn assumed(place: &'static str) -> Source {
    Source { witness: Witness::Assumed, place }
}
