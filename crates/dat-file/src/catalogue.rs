//! Finds images in DATs.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::{Dat, Game, Rom};
use crate::names;

/// A file of a game in a [`Catalogue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RomId {
    /// Index of the game.
    pub game: usize,
    /// Index of the file in the game.
    pub rom: usize,
}

/// Hashes of an image, as many as were computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    /// CRC-32.
    pub crc32: Option<u32>,
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
}

/// Which hashes of an image have to be computed to find it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// CRC-32.
    pub crc32: bool,
    /// MD5.
    pub md5: bool,
    /// SHA-1.
    pub sha1: bool,
}

impl Wanted {
    /// Returns whether none is needed, because no entry has the size.
    #[must_use]
    pub const fn is_none(self) -> bool {
        !self.crc32 && !self.md5 && !self.sha1
    }
}

/// By which hash an image was found: the strongest that the entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
    /// CRC-32.
    Crc32,
}

impl Found {
    /// Returns the hash's short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Md5 => "md5",
            Self::Crc32 => "crc32",
        }
    }
}

/// Games of several DATs, found by size and hash, serial or name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    names: Vec<String>,
    games: Vec<Game>,
    /// For each DAT, the index of the first game after it.
    ends: Vec<usize>,
    left_out: u64,
    by_sha1: HashMap<(u64, [u8; 20]), Vec<RomId>>,
    by_md5: HashMap<(u64, [u8; 16]), Vec<RomId>>,
    by_crc32: HashMap<(u64, u32), Vec<RomId>>,
    by_size: HashMap<u64, Wanted>,
    by_serial: HashMap<String, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Catalogue {
    /// Creates a catalogue of all games in these DATs.
    #[must_use]
    pub fn new(dats: Vec<Dat>) -> Self {
        let mut all = Self::default();
        for dat in dats {
            all.push(dat);
        }
        all
    }

    /// Adds all games of one more DAT.
    pub fn push(&mut self, dat: Dat) {
        self.names.push(dat.name);
        self.left_out += dat.left_out;
        for game in dat.games {
            self.add(game);
        }
        self.ends.push(self.games.len());
    }

    fn add(&mut self, game: Game) {
        let number = self.games.len();
        for (place, rom) in game.roms.iter().enumerate() {
            let id = RomId { game: number, rom: place };
            let wanted = self.by_size.entry(rom.size).or_default();
            match (rom.sha1, rom.md5, rom.crc32) {
                (Some(sha1), _, _) => {
                    wanted.sha1 = true;
                    self.by_sha1.entry((rom.size, sha1)).or_default().push(id);
                }
                (None, Some(md5), _) => {
                    wanted.md5 = true;
                    self.by_md5.entry((rom.size, md5)).or_default().push(id);
                }
                (None, None, Some(crc32)) => {
                    wanted.crc32 = true;
                    self.by_crc32.entry((rom.size, crc32)).or_default().push(id);
                }
                (None, None, None) => {}
            }
        }
        let serials: HashSet<String> =
            game.serials.iter().map(|text| names::serial(text)).filter(|text| !text.is_empty()).collect();
        for serial in serials {
            self.by_serial.entry(serial).or_default().push(number);
        }
        let mut known = HashSet::from([names::comparable(&game.name)]);
        known.extend(game.roms.iter().map(|rom| names::comparable(rom.stem())));
        for name in known {
            self.by_name.entry(name).or_default().push(number);
        }
        self.games.push(game);
    }

    /// Returns the DATs' names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns all games, in the order of the DATs.
    #[must_use]
    pub fn games(&self) -> &[Game] {
        &self.games
    }

    /// Returns the number of files that the DATs list without anything to compare.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Returns the name of the DAT that a game is in.
    #[must_use]
    pub fn dat_of(&self, game: usize) -> &str {
        let place = self.ends.partition_point(|&end| end <= game);
        self.names.get(place).map_or("", String::as_str)
    }

    /// Returns a game.
    ///
    /// # Panics
    ///
    /// When the number is not from this catalogue.
    #[must_use]
    pub fn game(&self, id: RomId) -> &Game {
        &self.games[id.game]
    }

    /// Returns a file of a game.
    ///
    /// # Panics
    ///
    /// When the id is not from this catalogue.
    #[must_use]
    pub fn rom(&self, id: RomId) -> &Rom {
        &self.games[id.game].roms[id.rom]
    }

    /// Returns which hashes are needed to find an image of this size.
    #[must_use]
    pub fn wanted(&self, size: u64) -> Wanted {
        self.by_size.get(&size).copied().unwrap_or_default()
    }

    /// Finds all entries of an image, those with the strongest hash only.
    #[must_use]
    pub fn find(&self, size: u64, hashes: &Hashes) -> Option<(Found, &[RomId])> {
        let sha1 = hashes.sha1.and_then(|sha1| self.by_sha1.get(&(size, sha1)));
        let md5 = || hashes.md5.and_then(|md5| self.by_md5.get(&(size, md5)));
        let crc32 = || hashes.crc32.and_then(|crc32| self.by_crc32.get(&(size, crc32)));
        None.or_else(|| sha1.map(|found| (Found::Sha1, found.as_slice())))
            .or_else(|| md5().map(|found| (Found::Md5, found.as_slice())))
            .or_else(|| crc32().map(|found| (Found::Crc32, found.as_slice())))
    }

    /// Returns the games that have all of these files, such as the tracks of a CD, by their sizes and hashes.
    pub fn with_all<'h>(&self, files: impl IntoIterator<Item = (u64, &'h Hashes)>) -> BTreeSet<usize> {
        let games = |(size, hashes)| {
            let entries = self.find(size, hashes).map_or(&[][..], |(_, entries)| entries);
            entries.iter().map(|id| id.game).collect::<BTreeSet<_>>()
        };
        files.into_iter().map(games).reduce(|a, b| &a & &b).unwrap_or_default()
    }

    /// Returns the games with this serial, however it is written.
    #[must_use]
    pub fn with_serial(&self, serial: &str) -> &[usize] {
        let serial = names::serial(serial);
        self.by_serial.get(&serial).map_or(&[], Vec::as_slice)
    }

    /// Returns the games whose name, or the name of one of whose files, is this one, without extension.
    #[must_use]
    pub fn with_name(&self, stem: &str) -> &[usize] {
        self.by_name.get(&names::comparable(stem)).map_or(&[], Vec::as_slice)
    }
}
