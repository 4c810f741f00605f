//! Profiles: who a file is for, and how it is therefore written.
//!
//! A profile is a row of `rules`: formats, block sizes, encoders. [`choose`] combines the user's options
//! with what the row allows, and then checks the result against [`crate::readers`], so that every planned
//! file is usable by its readers.

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

/// Who a file is for.
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
    /// Nobody in particular: only the format's own limits apply.
    Any,
}

/// The user's options; the profile decides whatever is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressOptions {
    /// Format.
    pub to: Option<OutputFormat>,
    /// Block size in bytes.
    pub block_size: Option<u32>,
    /// Level of effort.
    pub level: Level,
    /// When blocks are stored.
    pub threshold: Option<Threshold>,
    /// How to choose between the available encodings of a block.
    pub optimize: Optimize,
    /// Blocks start at multiples of this many bytes, a power of two.
    pub align: Option<u32>,
    /// Whether to write what the profile advises against.
    pub ignore_limits: bool,
    /// How many threads pack blocks.
    pub threads: NonZeroUsize,
}

impl Default for CompressOptions {
    /// Leaves everything open, and packs in one thread.
    fn default() -> Self {
        Self {
            to: None,
            block_size: None,
            level: Level::default(),
            threshold: None,
            optimize: Optimize::default(),
            align: None,
            ignore_limits: false,
            threads: NonZeroUsize::MIN,
        }
    }
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
    /// All profiles, in display order.
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

    /// Returns a short description of the profile.
    pub const fn summary(self) -> &'static str {
        self.rules().summary
    }

    /// Returns the profile with this name on the command line.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Returns the default profile for a disc; `None` if the disc does not say which console it is for.
    pub fn for_disc(disc: &Disc) -> Option<Self> {
        disc.console.map(|console| match console {
            Console::Psp => Self::Psp,
            Console::Ps2 => Self::Opl,
        })
    }

    /// Returns whether some firmware of the PSP, decoding with its own inflate, accepts blocks of this many
    /// bytes.
    pub fn firmware_takes_blocks_of(block_size: u32) -> bool {
        let decodes_by_firmware = |profile: &&Self| profile.rules().deflate == rules::Deflate::Stock;
        Self::ALL.iter().filter(decodes_by_firmware).any(|profile| profile.has_blocks_of(block_size))
    }

    /// Returns whether files of this profile may be played by a firmware of the PSP.
    pub const fn may_meet_firmware(self) -> bool {
        !matches!(self, Self::Ppsspp | Self::Pcsx2 | Self::Opl)
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
