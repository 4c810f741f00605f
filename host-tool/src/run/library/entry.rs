//! From what `info` and `verify` found to the library's entries, and back to the facts that readers are judged by.

use std::path::{Path, PathBuf};

use disc_info::{Console, OtherDisc};
use disc_library::{Digests, Disc, Entry, Layout, Outcome, Part, Stamp};
use sector_decode::Format;

use super::shelf::{now, stamp};
use crate::exit::Status;
use crate::failure::Failure;
use crate::readers::{self, Content, Facts, Reader, Verdict};
use crate::report::{Described, Verified};

/// The state of a file and of those that belong to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    stamp: Stamp,
    parts: Vec<Part>,
}

impl Snapshot {
    /// Takes the states.
    ///
    /// # Errors
    ///
    /// When one of the files cannot be looked at.
    pub(super) fn take(path: &Path, parts: &[PathBuf]) -> Result<Self, Failure> {
        let part = |path: &PathBuf| -> std::io::Result<Part> {
            Ok(Part { path: super::shelf::Keys::default().of(path), stamp: stamp(path)? })
        };
        let parts = parts.iter().map(part).collect::<Result<_, _>>().map_err(Failure::Open)?;
        Ok(Self { stamp: stamp(path).map_err(Failure::Open)?, parts })
    }
}

/// Makes the entry of a file that was read in this state. `outcome` is how that ended.
pub(super) fn of(
    key: PathBuf,
    snapshot: Snapshot,
    described: &Described,
    verified: Option<&Verified>,
    outcome: &Result<(), Failure>,
) -> Entry {
    let facts = described.facts.as_ref();
    let layout = described.layout.map(|layout| Layout {
        format: layout.format().name().into(),
        block_size: layout.block_size(),
        image_size: layout.image_size(),
        stored_size: described.stored_len,
        version: layout.version(),
        header_size: layout.header_size_field(),
        index_shift: layout.index_shift(),
        block_headers: layout.has_block_headers(),
        uncompressed_areas: layout.uncompressed_areas(),
        last_block_filled: facts.and_then(|facts| facts.last_block_filled),
        overlong_blocks: facts.and_then(|facts| facts.overlong_blocks),
        content: content_name(facts.map_or(Content::Unreadable, |facts| facts.content)).into(),
    });
    let mut entry = Entry {
        path: key,
        stamp: snapshot.stamp,
        parts: snapshot.parts,
        scanned: now(),
        source: described.source.as_ref().map(|source| source.kind.into()),
        layout,
        achievements: described.achievements,
        unsafe_streams: facts.and_then(|facts| facts.unsafe_streams),
        ..Entry::default()
    };
    if let Some(disc) = &described.disc {
        entry.disc = Disc {
            console: disc.console.map(|console| Console::name(console).into()),
            other: disc.other.map(|other| OtherDisc::name(other).into()),
            id: disc.id.clone(),
            title: disc.title.clone(),
        };
    }
    set_outcome(&mut entry, outcome);
    if let Some(verified) = verified {
        set_verified(&mut entry, verified, outcome);
    }
    entry
}

fn set_outcome(entry: &mut Entry, outcome: &Result<(), Failure>) {
    let failure = outcome.as_ref().err();
    entry.outcome = Outcome {
        status: failure.map_or(Status::Ok, Failure::status).name().into(),
        kind: failure.map(|failure| failure.kind().into()),
        message: failure.map(ToString::to_string),
    };
}

/// Notes the result of a verification.
pub(super) fn set_verified(entry: &mut Entry, verified: &Verified, outcome: &Result<(), Failure>) {
    set_outcome(entry, outcome);
    let status = outcome.as_ref().err().map_or(Status::Ok, Failure::status);
    // What could not be read to its end is not verified.
    if !matches!(status, Status::Ok | Status::Damaged | Status::Mismatch) {
        return;
    }
    entry.verified = Some(now());
    entry.digests = verified.digests.and_then(|digests| digests.all()).map(|digests| Digests {
        crc32: digests.crc32,
        md5: digests.md5,
        sha1: digests.sha1,
        sha256: digests.sha256,
    });
    if let Some(lint) = &verified.lint {
        entry.unsafe_streams = Some(u32::try_from(lint.failed()).unwrap_or(u32::MAX));
    }
}

/// Returns whether a result says anything about a file's state.
pub(super) fn is_result(outcome: &Result<(), Failure>) -> bool {
    !matches!(
        outcome,
        Err(Failure::Interrupted | Failure::InputChanged | Failure::NoThread(_) | Failure::Library(_))
    )
}

/// Returns why a reader cannot use the image; `None` if it can, if that is not known, or if the disc is for another
/// console.
pub(super) fn refusal(reader: Reader, entry: &Entry) -> Option<String> {
    let console = entry.disc.console.as_deref();
    if reader.console().is_some_and(|own| console.is_some_and(|console| console != own.name())) {
        return None;
    }
    if let Some(source) = &entry.source {
        return Some(format!("it is in a container ({source})"));
    }
    match readers::verdict(reader, &facts(entry)?) {
        Verdict::Refuses(why) => Some(why),
        Verdict::Reads | Verdict::Caution(_) | Verdict::Unknown(_) => None,
    }
}

fn facts(entry: &Entry) -> Option<Facts> {
    let layout = entry.layout.as_ref()?;
    Some(Facts {
        format: Format::ALL.into_iter().find(|format| format.name() == layout.format)?,
        version: layout.version,
        header_size: layout.header_size,
        block_size: layout.block_size,
        index_shift: layout.index_shift,
        image_size: layout.image_size,
        file_len: layout.stored_size,
        block_headers: layout.block_headers,
        uncompressed_areas: layout.uncompressed_areas,
        unsafe_streams: entry.unsafe_streams,
        last_block_filled: layout.last_block_filled,
        overlong_blocks: layout.overlong_blocks,
        damaged: entry.is_damaged(),
        content: CONTENTS
            .into_iter()
            .find(|content| content_name(*content) == layout.content)
            .unwrap_or(Content::Unreadable),
    })
}

const CONTENTS: [Content; 9] = [
    Content::Game,
    Content::GameOnCdrom1,
    Content::UmdVideo,
    Content::UmdMusic,
    Content::Ps1,
    Content::RawCd,
    Content::UnknownDisc,
    Content::NoDisc,
    Content::Unreadable,
];

const fn content_name(content: Content) -> &'static str {
    match content {
        Content::Game => "game",
        Content::GameOnCdrom1 => "game_on_cdrom1",
        Content::UmdVideo => "umd_video",
        Content::UmdMusic => "umd_music",
        Content::Ps1 => "ps1",
        Content::RawCd => "raw_cd",
        Content::UnknownDisc => "unknown_disc",
        Content::NoDisc => "no_disc",
        Content::Unreadable => "unreadable",
    }
}
