//! What is in a DAT.

use crate::names;

/// A DAT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dat {
    /// Its name, such as `Sony - PlayStation Portable`; empty if it does not have one.
    pub name: String,
    /// Its version, often a date.
    pub version: String,
    /// The games, in its order.
    pub games: Vec<Game>,
    /// Number of files that were left out because nothing can be compared with them: they have no size or
    /// no hash, or are listed as never dumped.
    pub left_out: u64,
}

/// A game: one disc.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Game {
    /// Its name.
    pub name: String,
    /// Its serials, as the DAT writes them: `SLES-12345`.
    pub serials: Vec<String>,
    /// Its files: the image, or the tracks and the CUE sheet.
    pub roms: Vec<Rom>,
}

/// A file of a game. It has at least one hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rom {
    /// Its name, such as `Game (Europe).iso`.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// CRC-32.
    pub crc32: Option<u32>,
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
}

impl Rom {
    /// Returns whether it is a CUE sheet: text that differs between programs, unlike the tracks.
    #[must_use]
    pub fn is_sheet(&self) -> bool {
        let name = self.name.as_bytes();
        name.len() >= 4 && name[name.len() - 4..].eq_ignore_ascii_case(b".cue")
    }

    /// Returns its name without the extension.
    #[must_use]
    pub fn stem(&self) -> &str {
        names::stem(&self.name)
    }
}
