//! What an image should have been, if no entry has its content.

use crate::catalogue::{Catalogue, Hashes, RomId};
use crate::model::Rom;
use crate::names;
use crate::write::hex;

/// What an image shares with a game whose content it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// The name.
    Name,
    /// The disc's id.
    Serial,
}

/// The game that an image should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected<'c> {
    /// How the game was found.
    pub by: KnownBy,
    /// The file of it that is most like the image.
    pub entry: RomId,
    /// All games with that name or id.
    pub games: &'c [usize],
}

/// What of an image differs from an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differing {
    /// The size.
    Size,
    /// The SHA-1.
    Sha1,
    /// The MD5.
    Md5,
    /// The CRC-32.
    Crc32,
}

impl Differing {
    /// Returns its name in a sentence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC-32",
        }
    }
}

/// How an image differs from an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub what: Differing,
    /// The value in the DAT.
    pub expected: String,
    /// The image's value.
    pub got: String,
}

impl Catalogue {
    /// Returns which of the entries with an image's content to name it after: the one that has its name already, or
    /// else the first. `stem` is the image's name without extension.
    #[must_use]
    pub fn best_named(&self, entries: &[RomId], stem: &str) -> Option<RomId> {
        let own = names::comparable(stem);
        let fits = |id: &&RomId| names::comparable(self.rom(**id).stem()) == own;
        entries.iter().find(fits).or(entries.first()).copied()
    }

    /// Finds the game that an image should be, by its name without extension and its disc's id.
    #[must_use]
    pub fn expected(&self, stem: &str, id: Option<&str>, size: u64) -> Option<Expected<'_>> {
        let by_serial = id.map_or(&[][..], |id| self.with_serial(id));
        let by_name = self.with_name(stem);
        let (by, games) = match (by_name, by_serial) {
            ([], []) => return None,
            // A name says more than an id, which all revisions of a game share.
            (named, with_id) if with_id.is_empty() || named.iter().any(|game| with_id.contains(game)) => {
                (KnownBy::Name, named)
            }
            (_, with_id) => (KnownBy::Serial, with_id),
        };
        let own = names::comparable(stem);
        let entries = games
            .iter()
            .flat_map(|&game| (0..self.games()[game].roms.len()).map(move |rom| RomId { game, rom }));
        let rank = |id: &RomId| {
            let rom = self.rom(*id);
            (names::comparable(rom.stem()) != own, rom.size != size, rom.size.abs_diff(size), *id)
        };
        let entry = entries.filter(|id| !self.rom(*id).is_sheet()).min_by_key(rank)?;
        Some(Expected { by, entry, games })
    }
}

impl Rom {
    /// Returns how an image differs from this file: by its size or else by the strongest hash that both have.
    #[must_use]
    pub fn difference(&self, size: u64, hashes: &Hashes) -> Option<Difference> {
        let differs = |what, expected, got| Some(Difference { what, expected, got });
        if self.size != size {
            return differs(Differing::Size, self.size.to_string(), size.to_string());
        }
        let all = [
            (
                Differing::Sha1,
                self.sha1.as_ref().map(|own| hex(own)),
                hashes.sha1.as_ref().map(|got| hex(got)),
            ),
            (Differing::Md5, self.md5.as_ref().map(|own| hex(own)), hashes.md5.as_ref().map(|got| hex(got))),
            (
                Differing::Crc32,
                self.crc32.map(|own| format!("{own:08x}")),
                hashes.crc32.map(|got| format!("{got:08x}")),
            ),
        ];
        let (what, expected, got) =
            all.into_iter().find(|(_, expected, got)| expected.is_some() && got.is_some())?;
        differs(what, expected?, got?)
    }
}
