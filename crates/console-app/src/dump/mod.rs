//! Dumps the disc in the drive to an image on the card while reading it, in one pass.
//!
//! The file is written beside its name and gets the name only after it has been read back, decoded and found to
//! be what came from the disc. Whatever goes wrong before leaves nothing behind.

mod length;
mod log;
mod pack;
mod source;
#[cfg(test)]
mod tests;
mod writer;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use disc_info::Disc;
use sector_decode::SECTOR_SIZE;

use crate::check;
use crate::console::{Console, DiscState};
use crate::digest::{Digests, Hasher};
use crate::failure::Failure;
use crate::files::{self, Buffer};
use crate::paths;
use crate::watch::{Question, Unit, Watch};

use length::Length;
use source::{RawDisc, Source};
use writer::Writer;

/// How many sectors are read at a time: 256 KiB, a fifth of a second for the drive.
const CHUNK: u32 = 128;

/// Room that is kept for the log and for the card's own tables.
const SPARE: u64 = 128 << 10;

/// What a disc is dumped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// CSO: deflate, for every custom firmware.
    Cso,
    /// ZSO: LZ4, larger and faster.
    Zso,
    /// ISO: every sector as it is.
    Iso,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Cso, Self::Zso, Self::Iso];

    /// Returns the ending of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cso => "cso",
            Self::Zso => "zso",
            Self::Iso => "iso",
        }
    }
}

/// What is known of the disc in the drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id and title.
    pub disc: Disc,
    /// How long it is.
    pub sectors: u32,
    /// What the drive says is its end, and what its volume descriptor says.
    pub claims: (u32, Option<u32>),
}

/// What was dumped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The image.
    pub path: String,
    /// Its kind.
    pub kind: Kind,
    /// The disc.
    pub found: Found,
    /// Bytes of the file.
    pub stored_size: u64,
    /// Digests of the disc, zeros where it could not be read.
    pub digests: Digests,
    /// Sectors that could not be read and are zeros in the image.
    pub unreadable: Vec<RangeInclusive<u32>>,
    /// The log beside the image.
    pub log: String,
    /// How long it took.
    pub micros: u64,
}

impl Report {
    /// Returns the number of bytes of the disc.
    #[must_use]
    pub fn size(&self) -> u64 {
        bytes_of(self.found.sectors)
    }

    /// Returns the number of sectors that could not be read.
    #[must_use]
    pub fn unreadable_count(&self) -> u32 {
        self.unreadable.iter().map(|range| range.end() - range.start() + 1).sum()
    }
}

/// Looks at the disc in the drive.
///
/// # Errors
///
/// When there is none, or it cannot be read.
pub fn look(console: &dyn Console) -> Result<Found, Failure> {
    if console.disc() == DiscState::None {
        return Err(Failure::NoDisc);
    }
    console.disc_start().map_err(Failure::of_first_access)?;
    let Length { sectors, end, volume } = length::find(console)?;
    // A disc without readable names still is one.
    let disc = disc_info::identify(&mut RawDisc { console, sectors }).unwrap_or_default();
    Ok(Found { disc, sectors, claims: (end, volume) })
}

/// Dumps the disc in the drive. `target` is the path of a file, or that of a folder with its slash, in which the file
/// is named after the disc.
///
/// # Errors
///
/// When there is no disc or too little room, when the disc or the card fails, or when the user cancels.
/// Nothing is left under the file's name then.
pub fn run(
    console: &dyn Console,
    kind: Kind,
    target: &str,
    watch: &mut dyn Watch,
) -> Result<Report, Failure> {
    let started = console.micros();
    let found = look(console)?;
    let path = target_path(console, target, &found.disc, kind)?;
    if files::exists(console, &path) {
        return Err(Failure::TargetExists { path });
    }
    make_room(console, &path, kind, found.sectors, watch)?;

    let part = format!("{path}.part");
    let written = write_part(console, &part, kind, found.sectors, watch);
    let Written { digests, stored_size, unreadable } = match written {
        Ok(written) => written,
        Err(error) => {
            // Where the card is gone this fails too, and the part keeps the name that says what it is.
            let _ = console.remove(&part);
            return Err(error);
        }
    };
    let mut report = Report {
        log: format!("{path}.log"),
        path,
        kind,
        found,
        stored_size,
        digests,
        unreadable,
        micros: console.micros().saturating_sub(started),
    };
    // Before the image gets its name: one without its log would look finished and is not.
    if let Err(error) = log::write(console, &report) {
        let _ = console.remove(&part);
        return Err(error);
    }
    if let Err(code) = console.rename(&part, &report.path) {
        return Err(Failure::Rename { path: part, code });
    }
    report.micros = console.micros().saturating_sub(started);
    Ok(report)
}

struct Written {
    digests: Digests,
    stored_size: u64,
    unreadable: Vec<RangeInclusive<u32>>,
}

/// Writes the part file and proves it.
fn write_part(
    console: &dyn Console,
    part: &str,
    kind: Kind,
    sectors: u32,
    watch: &mut dyn Watch,
) -> Result<Written, Failure> {
    let mut writer = Writer::create(console, part, kind, sectors)?;
    let mut source = Source::new(console);
    let mut hasher = Hasher::default();
    let mut buf = Buffer::new((CHUNK * SECTOR_SIZE) as usize)?;
    watch.begin("Dumping", bytes_of(sectors), Unit::Bytes);
    let mut lba = 0;
    while lba < sectors {
        watch.advance(bytes_of(lba))?;
        console.stay_awake();
        let count = CHUNK.min(sectors - lba);
        let chunk = &mut buf[..(count * SECTOR_SIZE) as usize];
        source.read(lba, chunk, watch)?;
        hasher.update(chunk);
        writer.add(chunk)?;
        lba += count;
    }
    watch.advance(bytes_of(sectors))?;
    let stored_size = writer.finish()?;
    let digests = hasher.finish();
    let proof = check::check(console, part, watch)?;
    if proof.digests != Some(digests) || proof.size != bytes_of(sectors) {
        return Err(Failure::Proof);
    }
    Ok(Written { digests, stored_size, unreadable: source.unreadable })
}

/// Where the image goes.
fn target_path(console: &dyn Console, target: &str, disc: &Disc, kind: Kind) -> Result<String, Failure> {
    let (folder, name) = paths::split(target);
    // Cards begin without any folder. Whatever else is wrong with one, creating the file tells.
    let root = paths::device(folder).len() + 1;
    for (at, _) in folder.match_indices('/').filter(|&(at, _)| at >= root) {
        let made = console.make_folder(&folder[..at]);
        if made.is_err() && !console.card_present(paths::device(folder)) {
            return Err(Failure::NoCard { device: paths::device(folder).into() });
        }
    }
    if !name.is_empty() {
        return Ok(target.into());
    }
    let id = disc.id.as_deref().filter(|id| {
        !id.is_empty()
            && id.len() <= 32
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    Ok(format!("{folder}{}.{}", id.unwrap_or("UMD"), kind.name()))
}

/// Refuses what the format cannot hold, and asks about what the card may not hold.
fn make_room(
    console: &dyn Console,
    path: &str,
    kind: Kind,
    sectors: u32,
    watch: &mut dyn Watch,
) -> Result<(), Failure> {
    let device = paths::device(path);
    let most = Writer::most_bytes(kind, sectors).ok_or(Failure::TooLarge { sectors })?;
    let free = console.free_bytes(device).map_err(|code| Failure::of_open(console, path, code))?;
    let needed = most + SPARE;
    if needed <= free {
        return Ok(());
    }
    // Of a packed file nobody knows the length before it is written; that of an ISO is known.
    if kind != Kind::Iso && watch.ask(Question::MayNotFit { needed, free }) {
        return Ok(());
    }
    Err(Failure::NoSpace { needed, free })
}

fn bytes_of(sectors: u32) -> u64 {
    u64::from(sectors) * u64::from(SECTOR_SIZE)
}
