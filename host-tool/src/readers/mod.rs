//! Who can read a file: every program and firmware that is known to read one of the formats, what each
//! accepts, and why it does not accept the rest.
//!
//! The rows are in `table`, the rules that they consist of in `rules`, and the influence of a file's
//! content in `content`. Most facts come from the readers' source code, and much of that code was run on a
//! PC (docs/interoperability.md). None of this was tried on a console. If even the source was not
//! available, the text of the verdict says "reported", "inferred" or "not verified".
//!
//! CHD is not included: `info` tells what is unusual about one, and gives no verdicts.

#[cfg(test)]
mod as_run;
mod content;
mod facts;
mod rules;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

pub use facts::{Content, Facts};
use sector_decode::Format;

use disc_info::Console;

/// A program or firmware that reads disc images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reader {
    /// PPSSPP, the PSP emulator.
    Ppsspp,
    /// JPCSP, the PSP emulator in Java.
    Jpcsp,
    /// ARK-4 while a game runs (its Inferno driver).
    ArkGame,
    /// ARK-4 in the console's menu, where it lists images with their icons.
    ArkMenu,
    /// Adrenaline 8 and later and ARK-5, which share one reader.
    Adrenaline8,
    /// Adrenaline up to 7.
    Adrenaline7,
    /// PRO.
    Pro,
    /// ME and LME.
    Me,
    /// M33 and SE.
    M33,
    /// This project's own PSP driver.
    Cisor,
    /// PCSX2, the PS2 emulator.
    Pcsx2,
    /// AetherSX2 and NetherSX2, PS2 emulators for Android.
    NetherSx2,
    /// ARMSX2, a PS2 emulator for Android.
    Armsx2,
    /// Play!, a PS2 emulator.
    Play,
    /// Open PS2 Loader.
    Opl,
    /// Neutrino on the console itself.
    Neutrino,
    /// Neutrino's server for the network, on the PC.
    NeutrinoServer,
    /// hdl-dump, which puts games on a PS2's hard disk.
    HdlDump,
    /// rom-properties, which shows images' properties in file managers.
    RomProperties,
    /// maxcso, a converter.
    Maxcso,
    /// xdelta, PPF and other patches.
    Patches,
}

/// Whether a reader can use a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It reads the file.
    Reads,
    /// It reads the file, with a caveat: what may go wrong, or what is not verified.
    Caution(String),
    /// It is not known whether it reads the file, for this reason.
    Unknown(String),
    /// It refuses the file, or cannot decode it, for this reason.
    Refuses(String),
}

impl Reader {
    /// All readers: those of PSP discs, of PS2 discs, of both.
    pub const ALL: [Self; 21] = [
        Self::Ppsspp,
        Self::Jpcsp,
        Self::ArkGame,
        Self::ArkMenu,
        Self::Adrenaline8,
        Self::Adrenaline7,
        Self::Pro,
        Self::Me,
        Self::M33,
        Self::Cisor,
        Self::Pcsx2,
        Self::NetherSx2,
        Self::Armsx2,
        Self::Play,
        Self::Opl,
        Self::Neutrino,
        Self::NeutrinoServer,
        Self::HdlDump,
        Self::RomProperties,
        Self::Maxcso,
        Self::Patches,
    ];

    /// Returns the readers for discs of this console, and those that accept any disc; all of them if the
    /// console is unknown.
    pub fn of_console(console: Option<Console>) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |reader| match (console, reader.console()) {
            (Some(disc), Some(reader)) => disc == reader,
            _ => true,
        })
    }

    /// Returns the name for people.
    pub const fn name(self) -> &'static str {
        table::row(self).name
    }

    /// Returns the name for JSON: lower case, stable.
    pub const fn key(self) -> &'static str {
        table::row(self).key
    }

    /// Returns why it does not accept any file of this format; `None` if it accepts some.
    pub fn refuses_format(self, format: Format) -> Option<&'static str> {
        match table::row(self).cell(format) {
            table::Cell::No(why) => Some(why),
            table::Cell::Yes | table::Cell::But(_) => None,
        }
    }

    /// Returns the console whose discs it plays; `None` if it accepts any disc.
    pub const fn console(self) -> Option<Console> {
        table::row(self).console
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Returns whether `reader` can use a file with these facts.
///
/// The verdict gives the first reason to refuse or, if there is none, why the answer is unknown or, failing
/// that, all caveats.
#[must_use]
pub fn verdict(reader: Reader, facts: &Facts) -> Verdict {
    let row = table::row(reader);
    let mut reservations = Vec::new();
    match row.cell(facts.format) {
        table::Cell::Yes => {}
        table::Cell::But(why) => reservations.push(why.to_owned()),
        table::Cell::No(why) => return Verdict::Refuses(why.to_owned()),
    }
    let mut unknown = None;
    for verdict in row.rules.iter().map(|rule| rule(facts)).chain([content::of_reader(reader, facts)]) {
        match verdict {
            Verdict::Reads => {}
            Verdict::Caution(why) => reservations.push(why),
            Verdict::Unknown(why) => unknown = Some(why),
            refusal @ Verdict::Refuses(_) => return refusal,
        }
    }
    match unknown {
        Some(why) => Verdict::Unknown(why),
        None if reservations.is_empty() => Verdict::Reads,
        None => Verdict::Caution(reservations.join("; ")),
    }
}

/// Whether the block size of this format can vary.
const fn has_block_size(format: Format) -> bool {
    matches!(format, Format::Cso | Format::Cso2 | Format::Zso | Format::Jso)
}
