//! Identifies the disc in an image: the console it is for, its id and its title.
//!
//! Everything is read from the *decoded* image, from small files: `PARAM.SFO` (in `PSP_GAME`, `UMD_VIDEO` or
//! `UMD_AUDIO`) and `UMD_DATA.BIN` on PSP discs, `SYSTEM.CNF` on PS2 discs. None of this is needed to convert
//! a disc, so damaged or missing data only leaves a field empty. The converter and the console's program both
//! use this to name discs.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "achievements")]
mod achievements;
mod id;
mod iso9660;
mod sfo;
#[cfg(any(test, feature = "test-disc"))]
pub mod test_disc;
#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;

use sector_decode::ReadAt;

#[cfg(feature = "achievements")]
pub use self::achievements::achievements_hash;
use self::iso9660::{File, Volume};

/// The console that a disc was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Console {
    /// PlayStation Portable (UMD).
    Psp,
    /// PlayStation 2 (CD or DVD).
    Ps2,
}

impl Console {
    /// Returns the console's short name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Psp => "PSP",
            Self::Ps2 => "PS2",
        }
    }
}

/// The kind of a disc that is not a PSP or PS2 game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OtherDisc {
    /// A film on a UMD.
    UmdVideo,
    /// Music on a UMD.
    UmdMusic,
    /// A game of the first PlayStation.
    Ps1,
}

impl OtherDisc {
    /// Returns the kind's short name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UmdVideo => "UMD Video",
            Self::UmdMusic => "UMD Music",
            Self::Ps1 => "PS1",
        }
    }
}

/// What is known about a disc.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disc {
    /// The console; `None` when none of the disc's files identifies it. UMDs are always for the PSP.
    pub console: Option<Console>,
    /// What else it is, if it is not a game for that console.
    pub other: Option<OtherDisc>,
    /// Disc id in the form `ABCD-12345`, or as found on the disc if it has another form.
    pub id: Option<String>,
    /// Title of a PSP disc. PS2 discs do not contain one.
    pub title: Option<String>,
    /// Volume identifier of the file system: free text from the mastering studio, often empty or the same on
    /// all of its discs. At best a hint when there is no title.
    pub volume_id: Option<String>,
    /// Size of the volume in 2048-byte sectors, according to the file system.
    pub volume_sectors: Option<u32>,
    /// Whether sector 16 holds an ISO9660 volume descriptor.
    pub is_iso9660: bool,
    /// Whether the image consists of raw CD sectors of 2352 bytes instead of 2048-byte ones.
    pub is_raw_cd: bool,
    /// Whether a PS2 disc names its executable as `cdrom1:`, the second drive, instead of `cdrom0:`.
    pub boots_from_cdrom1: bool,
    /// Whether something that might have held more information could not be read.
    pub is_partly_unreadable: bool,
}

/// Larger than any of the three files on a real disc; the rest of a larger one is ignored.
const MAX_FILE: u32 = 64 << 10;

/// The first bytes of every raw CD sector (ECMA-130, 14.1).
const RAW_CD_SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

/// Identifies the disc in a decoded image.
///
/// The work is bounded whatever the image contains: only a handful of files and directories are examined,
/// none of them beyond a fixed size.
///
/// # Errors
///
/// Those of the image itself if the volume descriptor cannot be read. Any other damage, or missing
/// structures, leave fields empty.
pub fn identify<R: ReadAt>(image: &mut R) -> Result<Disc, R::Error> {
    let mut disc = Disc::default();
    // The descriptor is worth more than the first sector, which is meaningless on most discs.
    disc.is_raw_cd = is_raw_cd(image).unwrap_or_else(|_| {
        disc.is_partly_unreadable = true;
        false
    });
    let Some(volume) = Volume::open(image)? else {
        return Ok(disc);
    };
    disc.is_iso9660 = true;
    disc.volume_id = volume.id();
    disc.volume_sectors = Some(volume.sectors());

    let mut file = |path: &[&str]| {
        let file = volume.read_file(image, path, MAX_FILE);
        disc.is_partly_unreadable |= matches!(file, File::Unreadable | File::Unknown);
        file
    };
    let umd_data = file(&["UMD_DATA.BIN"]);
    let kinds = [
        ("PSP_GAME", None),
        ("UMD_VIDEO", Some(OtherDisc::UmdVideo)),
        ("UMD_AUDIO", Some(OtherDisc::UmdMusic)),
    ];
    // A film that comes with a game on the same disc counts as a game.
    let umd = kinds.into_iter().find_map(|(folder, other)| {
        let param = file(&[folder, "PARAM.SFO"]);
        param.is_there().then_some((param, other))
    });
    if umd_data.is_there() || umd.is_some() {
        let (param, other) = umd.unwrap_or((File::Missing, None));
        let sfo = param.bytes().and_then(sfo::Sfo::parse);
        disc.console = Some(Console::Psp);
        disc.other = other;
        disc.title = sfo.and_then(|sfo| sfo.text("TITLE"));
        disc.id = sfo
            .and_then(|sfo| sfo.text("DISC_ID"))
            .or_else(|| umd_data.bytes().and_then(id::from_umd_data))
            .map(|id| id::canonical(&id).unwrap_or(id));
        return Ok(disc);
    }
    let system = file(&["SYSTEM.CNF"]);
    if let Some(boot) = system.bytes().and_then(|file| id::boot_file(file, "BOOT2")) {
        disc.console = Some(Console::Ps2);
        disc.id = id::canonical(&boot.name);
        disc.boots_from_cdrom1 = boot.from_cdrom1;
    } else if system.bytes().is_some_and(|file| id::boot_file(file, "BOOT").is_some())
        // A disc without SYSTEM.CNF boots this file.
        || !system.is_there() && file(&["PSX.EXE"]).is_there()
    {
        disc.other = Some(OtherDisc::Ps1);
    }
    Ok(disc)
}

/// The first bytes of every PNG.
const PNG: [u8; 8] = *b"\x89PNG\r\n\x1A\n";

/// Larger than the picture of any game: the console's menu shows 144 by 80 pixels.
const MAX_ICON: u32 = 512 << 10;

/// Returns the picture that the console's menu shows for a PSP game, a PNG; `None` if there is none, or if it cannot be
/// read.
pub fn icon<R: ReadAt>(image: &mut R) -> Option<Vec<u8>> {
    let volume = Volume::open(image).ok()??;
    match volume.read_file(image, &["PSP_GAME", "ICON0.PNG"], MAX_ICON) {
        File::Read(bytes) if bytes.starts_with(&PNG) => Some(bytes),
        _ => None,
    }
}

fn is_raw_cd<R: ReadAt>(image: &mut R) -> Result<bool, R::Error> {
    let mut head = [0; RAW_CD_SYNC.len()];
    if image.byte_len()? < head.len() as u64 {
        return Ok(false);
    }
    image.read_exact_at(&mut head, 0)?;
    Ok(head == RAW_CD_SYNC)
}

/// Makes text from a disc safe for a terminal and a JSON field: valid UTF-8 on a single line, without control
/// characters, without characters that change the writing direction, and without surrounding spaces. `None`
/// when nothing is left.
fn clean(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let text: String = text.chars().map(|c| if c.is_control() || turns_text(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Whether a character makes a terminal reorder the characters around it, or breaks lines there (UAX 9, UAX
/// 14).
const fn turns_text(c: char) -> bool {
    matches!(
        c,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}
