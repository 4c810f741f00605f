//! Dumps the disc in the drive to an image on the card, in one pass while reading it.
//!
//! The file is written under a temporary name. It gets its final name only after it has been read back,
//! decoded and compared with what came from the disc. If anything goes wrong before that, nothing is left.

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
use crate::digest::{Digests, Hasher};
use crate::failure::Failure;
use crate::files::{self, Buffer};
use crate::paths;
use crate::platform::{DiscState, Platform};
use crate::watch::{Question, Unit, Watch};

use length::Length;
use source::{RawDisc, Source};
use writer::Writer;

/// How many sectors are read at a time: 256 KiB, which takes the drive a fifth of a second.
const CHUNK: u32 = 128;

/// Space reserved for the log and for the card's own tables.
const SPARE: u64 = 128 << 10;

/// The output format of a dump.
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

    /// Returns the file extension.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cso => "cso",
            Self::Zso => "zso",
            Self::Iso => "iso",
        }
    }
}

/// What is known about the disc in the drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id and title.
    pub disc: Disc,
    /// Its length in sectors.
    pub sectors: u32,
    /// What the drive reports as its end, and what its volume descriptor says.
    pub claims: (u32, Option<u32>),
}

/// The result of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The image.
    pub path: String,
    /// Its format.
    pub kind: Kind,
    /// The disc.
    pub found: Found,
    /// Bytes of the file.
    pub stored_size: u64,
    /// Digests of the disc, with zeros for sectors that could not be read.
    pub digests: Digests,
    /// Sectors that could not be read and are zeros in the image.
    pub unreadable: Vec<RangeInclusive<u32>>,
    /// The log next to the image.
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

/// Inspects the disc in the drive.
///
/// # Errors
///
/// When the drive is empty, or the disc cannot be read.
pub fn look(console: &dyn Platform) -> Result<Found, Failure> {
    if console.disc() == DiscState::None {
        return Err(Failure::NoDisc);
    }
    console.disc_start().map_err(Failure::of_first_access)?;
    let Length { sectors, end, volume } = length::find(console)?;
    // A disc without readable names is still a disc.
    let disc = disc_info::identify(&mut RawDisc { console, sectors }).unwrap_or_default();
    Ok(Found { disc, sectors, claims: (end, volume) })
}

/// Dumps the disc in the drive. `target` is the path of a file, or the path of a folder with its slash; in a
/// folder, the file is named after the disc.
///
/// # Errors
///
/// When the drive is empty, the card lacks space, the disc or the card fails, or the user cancels.
/// In these cases nothing is left under the file's name.
pub fn run(
    console: &dyn Platform,
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
            // If the card is gone this fails too; the partial file then still has the name that marks it as
            // such.
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
    // Before the image gets its final name: an image without its log would look finished, but would not be.
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
    console: &dyn Platform,
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

/// The path for the image.
fn target_path(console: &dyn Platform, target: &str, disc: &Disc, kind: Kind) -> Result<String, Failure> {
    let (folder, name) = paths::split(target);
    // New cards do not have any folders. Any other problem shows up when the file is created.
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

/// Rejects what the format cannot hold, and asks about what the card may not hold.
fn make_room(
    console: &dyn Platform,
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
    // The length of a packed file is not known before it is written; that of an ISO is.
    if kind != Kind::Iso && watch.ask(Question::MayNotFit { needed, free }) {
        return Ok(());
    }
    Err(Failure::NoSpace { needed, free })
}

fn bytes_of(sectors: u32) -> u64 {
    u64::from(sectors) * u64::from(SECTOR_SIZE)
}
