//! What DATs say about content whose size and digests are known.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dat_file::{Catalogue, Differing, Expected, Hashes, KnownBy, Rom, RomId, names};

use super::hash::named;
use crate::failure::Failure;
use crate::human;
use crate::report::{DatRecord, DatVerdict};
use crate::source::Stamp;
use crate::target;

/// How many other games are named.
const MOST_OTHERS: usize = 16;

/// A judgement.
pub(super) struct Judged {
    pub(super) record: DatRecord,
    /// All entries with this content.
    pub(super) entries: Vec<RomId>,
    /// The one that the file should be named after.
    pub(super) entry: Option<RomId>,
    pub(super) failure: Option<Failure>,
    /// The state of the name before the file was read.
    pub(super) stamp: Option<Stamp>,
}

impl Judged {
    const fn of(record: DatRecord) -> Self {
        Self { record, entries: Vec::new(), entry: None, failure: None, stamp: None }
    }
}

/// The judgement of what is not compared.
pub(super) fn not_covered(why: &str) -> Judged {
    let (verdict, note) = (DatVerdict::NotCovered, Some(why.to_owned()));
    Judged::of(DatRecord { verdict, note, ..DatRecord::default() })
}

/// Judges one file. `id` finds the disc's id, and is only called for content that does not match.
pub(super) fn one(
    catalogue: &Catalogue,
    path: &Path,
    size: u64,
    hashes: &Hashes,
    id: impl FnOnce() -> Option<String>,
) -> Judged {
    let record = DatRecord { size: Some(size), hashes: named(hashes), ..DatRecord::default() };
    if let Some((by, entries)) = catalogue.find(size, hashes)
        && let Some(entry) = catalogue.best_named(entries, &stem(path))
    {
        let record = DatRecord {
            verdict: DatVerdict::Match,
            game: Some(catalogue.game(entry).name.clone()),
            file: Some(catalogue.rom(entry).name.clone()),
            dat: Some(catalogue.dat_of(entry.game).to_owned()),
            by: Some(by.name()),
            misnamed: Some(
                path.file_name() != target_name(catalogue.rom(entry), path).as_deref().map(Path::as_os_str),
            ),
            others: others(catalogue, entries.iter().map(|id| id.game), entry.game),
            ..record
        };
        return Judged { entries: entries.to_vec(), entry: Some(entry), ..Judged::of(record) };
    }
    // Everybody writes sheets in another way, and the tracks tell everything.
    if super::content::has_extension(path, &["cue"]) {
        let note = Some("sheets differ between programs, the tracks count".to_owned());
        return Judged::of(DatRecord { note, ..record });
    }
    wrong(catalogue, path, size, hashes, id(), record)
}

/// Judges the raw files of one disc.
pub(super) fn set(
    catalogue: &Catalogue,
    path: &Path,
    files: &[(PathBuf, u64, Hashes)],
    id: impl FnOnce() -> Option<String>,
) -> Judged {
    if let [(part, size, hashes)] = files {
        let mut judged = one(catalogue, path, *size, hashes, || None);
        if judged.record.verdict == DatVerdict::Match {
            judged.record.note = lacking(catalogue, &judged.entries);
            // The name of a sheet is not that of the track.
            judged.record.misnamed = judged.record.misnamed.filter(|_| part == path);
            return judged;
        }
    }
    let entries: Vec<&[RomId]> = files
        .iter()
        .map(|(_, size, hashes)| catalogue.find(*size, hashes).map_or(&[][..], |(_, entries)| entries))
        .collect();
    let common = catalogue.with_all(files.iter().map(|(_, size, hashes)| (*size, hashes)));
    let size = files.iter().map(|(_, size, _)| size).sum();
    let record = DatRecord { size: Some(size), ..DatRecord::default() };
    let all: Vec<RomId> = entries.concat();
    if let Some(&game) = common.first() {
        let note = lacking(catalogue, &all.iter().filter(|id| id.game == game).copied().collect::<Vec<_>>());
        let record = DatRecord {
            verdict: DatVerdict::Match,
            game: Some(catalogue.games()[game].name.clone()),
            dat: Some(catalogue.dat_of(game).to_owned()),
            by: entries
                .first()
                .and_then(|_| catalogue.find(files[0].1, &files[0].2))
                .map(|(by, _)| by.name()),
            others: others(catalogue, common.iter().copied(), game),
            note,
            ..record
        };
        return Judged { entries: all, ..Judged::of(record) };
    }
    let differing = entries.iter().position(|entries| entries.is_empty()).unwrap_or_default();
    let (part, size, hashes) = files.get(differing).cloned().unwrap_or_default();
    // By the sheet's name or the disc's id, and else by the track's own name.
    let judged = wrong(catalogue, path, size, &hashes, id(), record.clone());
    if judged.record.verdict == DatVerdict::Wrong {
        return judged;
    }
    wrong(catalogue, &part, size, &hashes, None, record)
}

/// Names the tracks of the games that were found which are not among these entries.
fn lacking(catalogue: &Catalogue, entries: &[RomId]) -> Option<String> {
    let game = entries.first()?.game;
    let roms = catalogue.games()[game].roms.iter().enumerate();
    let lacks = |place: usize| !entries.contains(&RomId { game, rom: place });
    let missing = roms.filter(|(place, rom)| !rom.is_sheet() && lacks(*place)).count() as u64;
    (missing > 0).then(|| {
        format!("{} of the game not compared here", human::count(missing, "other file is", "other files are"))
    })
}

fn wrong(
    catalogue: &Catalogue,
    path: &Path,
    size: u64,
    hashes: &Hashes,
    id: Option<String>,
    record: DatRecord,
) -> Judged {
    let Some(Expected { by, entry, games }) = catalogue.expected(&stem(path), id.as_deref(), size) else {
        return Judged::of(record);
    };
    let (by, by_what) = match by {
        KnownBy::Name => ("name", "this name"),
        KnownBy::Serial => ("serial", "this disc id"),
    };
    let game = catalogue.game(entry).name.clone();
    let difference = catalogue.rom(entry).difference(size, hashes);
    let (what, expected, got) =
        difference.map(|differs| (another(differs.what), differs.expected, differs.got)).unwrap_or_default();
    let failure = Failure::DatWrong { by: by_what, game: game.clone(), what, expected, got };
    let record = DatRecord {
        verdict: DatVerdict::Wrong,
        game: Some(game),
        file: Some(catalogue.rom(entry).name.clone()),
        dat: Some(catalogue.dat_of(entry.game).to_owned()),
        by: Some(by),
        others: others(catalogue, games.iter().copied(), entry.game),
        ..record
    };
    Judged { failure: Some(failure), ..Judged::of(record) }
}

const fn another(what: Differing) -> &'static str {
    match what {
        Differing::Size => "another size",
        Differing::Sha1 => "another SHA-1",
        Differing::Md5 => "another MD5",
        Differing::Crc32 => "another CRC-32",
    }
}

fn others(catalogue: &Catalogue, games: impl Iterator<Item = usize>, but: usize) -> Vec<String> {
    let others: BTreeSet<usize> = games.filter(|&game| game != but).collect();
    others.into_iter().take(MOST_OTHERS).map(|game| catalogue.games()[game].name.clone()).collect()
}

/// A file's name without an image's extension.
fn stem(path: &Path) -> String {
    let stem = if target::known_extension(path).is_some() { path.file_stem() } else { path.file_name() };
    stem.unwrap_or_default().to_string_lossy().into_owned()
}

/// The name that a file with the content of this entry should have: the entry's, with the file's own
/// extension. `None` for a file without one, whose kind its name would not tell.
pub(super) fn target_name(rom: &Rom, path: &Path) -> Option<PathBuf> {
    target::known_extension(path)?;
    let extension = path.extension()?.to_str()?;
    Some(PathBuf::from(format!("{}.{extension}", names::legal(rom.stem(), extension.len() + 1))))
}
