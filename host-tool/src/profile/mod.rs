//! Profiles: whom a file is for, and what follows from that for how it is written.
//!
//! A profile is a row of `rules`: formats, block sizes, encoders. [`choose`] puts together what the
//! user wishes and what the row allows, and then asks [`crate::readers`] about the result, so that no
//! file is planned that its readers cannot use.

mod choose;
mod refusal;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroUsize;

pub use choose::{check_console, choose};
use image_writer::{Optimize, OutputFormat, Plan, Threshold};
pub use refusal::Refusal;

use crate::level::Level;
use crate::readers::Reader;
use disc_info::{Console, Disc};

/// Whom a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Every custom firmware of the PSP, and every emulator: the safest file.
    Psp,
    /// Adrenaline on the PS Vita, any version.
    Adrenaline,
    /// ARK-4 and ARK-5.
    Ark,
    /// PPSSPP.
    Ppsspp,
    /// PCSX2.
    Pcsx2,
    /// Open PS2 Loader.
    Opl,
    /// This project's own PSP driver.
    Cisor,
    /// Nobody in particular: only the format's own limits hold.
    Any,
}

/// What the user asks for; whatever is left open is the profile's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Format.
    pub to: Option<OutputFormat>,
    /// Block size in bytes.
    pub block_size: Option<u32>,
    /// Effort.
    pub level: Level,
    /// When blocks are stored plain.
    pub threshold: Option<Threshold>,
    /// By what it is chosen how a block is packed.
    pub optimize: Optimize,
    /// Blocks begin at multiples of this many bytes, a power of two.
    pub align: Option<u32>,
    /// Whether to write what the profile advises against.
    pub ignore_limits: bool,
    /// How many threads pack blocks.
    pub threads: NonZeroUsize,
}

/// How a file will be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// For [`image_writer::encode`]; it has passed [`Plan::check`].
    pub plan: Plan,
    /// Warnings that the user should see, one sentence each.
    pub notes: Vec<String>,
}

impl Profile {
    /// Every profile, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Psp,
        Self::Adrenaline,
        Self::Ark,
        Self::Ppsspp,
        Self::Pcsx2,
        Self::Opl,
        Self::Cisor,
        Self::Any,
    ];

    /// Returns the name on the command line.
    pub const fn name(self) -> &'static str {
        self.rules().name
    }

    /// Returns in a few words what the profile is for and what it writes.
    pub const fn summary(self) -> &'static str {
        self.rules().summary
    }

    /// Returns the profile of this name on the command line.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Returns the profile for a disc when the user names none; `None` when the disc does not say which
    /// console it is for.
    pub fn for_disc(disc: &Disc) -> Option<Self> {
        disc.console.map(|console| match console {
            Console::Psp => Self::Psp,
            Console::Ps2 => Self::Opl,
        })
    }

    /// Returns the readers that every file of this profile is checked against; none for
    /// [`Any`](Self::Any).
    pub const fn readers(self) -> &'static [Reader] {
        self.rules().readers
    }

    /// Returns the console whose discs its readers play; `None` for [`Any`](Self::Any).
    pub fn console(self) -> Option<Console> {
        self.readers().first().and_then(|reader| reader.console())
    }

    /// Returns the formats that the profile writes, the default first.
    pub const fn formats(self) -> &'static [OutputFormat] {
        self.rules().formats
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
