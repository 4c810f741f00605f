//! The sources of the firmware values.

use core::fmt;

/// How a value is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// Read in the named source.
    Read,
    /// Their own code was run with a plugin, on a processor without a console (psp contract, section 10).
    Run,
    /// Observed by other people on a console, according to the named report.
    Reported,
    /// Without a source: a guess.
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

/// The source of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// How it is known.
    pub witness: Witness,
    /// Repository, file and function; or why it is assumed.
    pub place: &'static str,
}

/// The sources of a row's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// For the modules' names.
    pub modules: Source,
    /// For the application types and the key configuration.
    pub apitypes: Source,
    /// For the path's text and its address.
    pub path: Source,
    /// For the driver's name.
    pub driver: Source,
    /// For the exported functions and their library's version.
    pub functions: Source,
}

impl Sources {
    /// All of them, each with its subject.
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
