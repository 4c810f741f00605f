//! Which disc an image holds: the console it is for, its id and its title.
//!
//! Everything is read from the *decoded* image, from three small files: `PSP_GAME/PARAM.SFO` and
//! `UMD_DATA.BIN` on PSP discs, `SYSTEM.CNF` on PS2 discs. Nothing here is needed to convert a disc, so
//! whatever is damaged or missing only leaves a field empty. The converter and the console's program both
//! name discs by it.
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
use self::iso9660::Volume;

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

/// What is known of a disc.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disc {
    /// The console; `None` when the disc has no file that tells.
    pub console: Option<Console>,
    /// Disc id in the form `ABCD-12345`, or as the disc has it when it is of another form.
    pub id: Option<String>,
    /// Title of a PSP disc. PS2 discs have none inside.
    pub title: Option<String>,
    /// Volume identifier of the file system: free text of the mastering studio, often empty or the
    /// same on all of its discs. A hint at most where there is no title.
    pub volume_id: Option<String>,
    /// Size of the volume in 2048-byte sectors, as the file system says.
    pub volume_sectors: Option<u32>,
    /// Whether sector 16 holds an ISO9660 volume descriptor.
    pub is_iso9660: bool,
    /// Whether the image consists of raw CD sectors of 2352 bytes instead of 2048-byte ones.
    pub is_raw_cd: bool,
}

/// More than any of the three files has on a real disc; what a larger one says further on is ignored.
const MAX_FILE: u32 = 64 << 10;

/// The first bytes of every raw CD sector (ECMA-130, 14.1).
const RAW_CD_SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

/// Finds out which disc a decoded image holds.
///
/// The work is bounded whatever the image says: four files or directories are looked at, none of them
/// further than a fixed size.
///
/// # Errors
///
/// Only those of the image itself. Damaged or missing volume structures leave fields empty.
pub fn identify<R: ReadAt>(image: &mut R) -> Result<Disc, R::Error> {
    let mut disc = Disc { is_raw_cd: is_raw_cd(image)?, ..Disc::default() };
    let Some(volume) = Volume::open(image)? else {
        return Ok(disc);
    };
    disc.is_iso9660 = true;
    disc.volume_id = volume.id();
    disc.volume_sectors = Some(volume.sectors());

    let umd_data = volume.read_file(image, &["UMD_DATA.BIN"], MAX_FILE)?;
    let param = volume.read_file(image, &["PSP_GAME", "PARAM.SFO"], MAX_FILE)?;
    if umd_data.is_some() || param.is_some() {
        let sfo = param.as_deref().and_then(sfo::Sfo::parse);
        disc.console = Some(Console::Psp);
        disc.title = sfo.and_then(|sfo| sfo.text("TITLE"));
        disc.id = sfo
            .and_then(|sfo| sfo.text("DISC_ID"))
            .or_else(|| umd_data.as_deref().and_then(id::from_umd_data))
            .map(|id| id::canonical(&id).unwrap_or(id));
        return Ok(disc);
    }
    let system = volume.read_file(image, &["SYSTEM.CNF"], MAX_FILE)?;
    if let Some(boot) = system.as_deref().and_then(id::ps2_boot_file) {
        disc.console = Some(Console::Ps2);
        disc.id = id::canonical(&boot);
    }
    Ok(disc)
}

fn is_raw_cd<R: ReadAt>(image: &mut R) -> Result<bool, R::Error> {
    let mut head = [0; RAW_CD_SYNC.len()];
    if image.byte_len()? < head.len() as u64 {
        return Ok(false);
    }
    image.read_exact_at(&mut head, 0)?;
    Ok(head == RAW_CD_SYNC)
}

/// Makes text from a disc fit for a terminal and a JSON field: valid UTF-8, in one line, without control
/// characters, without blanks around it. `None` when nothing is left.
fn clean(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}
