//! The dump of a CD in a CHD: one BIN file and a CUE sheet, as `chdman extractcd` writes them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{CD_UNIT, Chd, ChdTrack};
use crate::bytes::Bytes;
use crate::dump::{Content, Dump, Section};
use crate::sheet::{self, Sheet, SheetOrigin, SheetTrack};

/// The sectors of all tracks, without padding and subcode.
struct Bin {
    chd: Arc<Chd>,
    tracks: Vec<Piece>,
    len: u64,
}

/// A track in the BIN.
#[derive(Clone, Copy)]
struct Piece {
    /// Offset in the BIN.
    start: u64,
    /// Length in the BIN, in bytes.
    len: u64,
    /// Number of its first sector in the CHD.
    first: u64,
    /// Bytes that the BIN has of each sector.
    sector_len: u32,
    /// A CHD has audio samples with the high byte first, a BIN with the low byte first.
    is_audio: bool,
}

/// Sectors of 100 minutes, which no time in a sheet can reach.
const MOST_FRAMES: u64 = 100 * 60 * 75;
const MOST_TRACKS: usize = 99;

/// The dump that a CHD holds. `None` if it is larger than a CD, has no tracks, or a kind of track that a BIN does not
/// hold.
pub(crate) fn dump(path: &Path, chd: &Arc<Chd>) -> Option<Dump> {
    let frames = chd.tracks().iter().fold(0, |sum: u64, track| sum.saturating_add(track.frames));
    if frames > MOST_FRAMES || chd.tracks().len() > MOST_TRACKS {
        return None;
    }
    let (mut pieces, mut start) = (Vec::new(), 0);
    for track in chd.tracks() {
        let (_, sector_len) = track.in_sheet()?;
        if track.silence.max(track.postgap) >= MOST_FRAMES {
            return None;
        }
        let end = track.start.checked_add(track.frames)?.checked_mul(CD_UNIT.into())?;
        if end > chd.len() || track.frames == track.pregap {
            return None;
        }
        let len = track.frames * u64::from(sector_len);
        pieces.push(Piece { start, len, first: track.start, sector_len, is_audio: track.is_audio() });
        start += len;
    }
    if pieces.is_empty() || chd.unit_bytes != CD_UNIT {
        return None;
    }
    let name = sheet::sibling(path, "bin");
    let sheet = Sheet {
        name: sheet::sibling(path, "cue"),
        text: sheet::text(None, &name, sheet_tracks(chd.tracks())),
        origin: SheetOrigin::Chd,
    };
    let mut dump = Dump::of_sheet(sheet);
    dump.add_file(name, Arc::new(Bin { chd: Arc::clone(chd), tracks: pieces.clone(), len: start }));
    for (track, piece) in chd.tracks().iter().zip(pieces) {
        let content = match (track.number, piece.is_audio) {
            (1, _) => Content::Image,
            (_, true) => Content::Sound,
            (_, false) => Content::Kept,
        };
        dump.add_track(&Section {
            number: u8::try_from(track.number).ok()?,
            start: piece.start,
            content_start: piece.start + track.pregap * u64::from(piece.sector_len),
            sector_len: piece.sector_len,
            content,
        });
    }
    Some(dump)
}

fn sheet_tracks(tracks: &[ChdTrack]) -> impl Iterator<Item = SheetTrack<'_>> {
    tracks.iter().scan(0, |start, track| {
        let (kind, _) = track.in_sheet()?;
        let of_sheet = SheetTrack {
            number: track.number,
            kind,
            start: *start,
            pregap: track.pregap,
            silence: track.silence,
            postgap: track.postgap,
        };
        *start += track.frames;
        Some(of_sheet)
    })
}

impl Bytes for Bin {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        /// Sectors that are decoded with one call.
        const RUN: u64 = 64;
        if offset.checked_add(buf.len() as u64).is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut units = Vec::new();
        while !buf.is_empty() {
            let track = self.tracks.partition_point(|track| track.start + track.len <= offset);
            let track = self.tracks.get(track).ok_or(io::ErrorKind::UnexpectedEof)?;
            let (sector_len, within) = (u64::from(track.sector_len), offset - track.start);
            let first = within / sector_len;
            let end = (within + buf.len() as u64).min(track.len).div_ceil(sector_len).min(first + RUN);
            units.resize(usize::try_from(end - first).expect("at most RUN") * CD_UNIT as usize, 0);
            self.chd.read_exact_at(&mut units, (track.first + first) * u64::from(CD_UNIT))?;
            let mut skip = usize::try_from(within % sector_len).expect("less than a sector");
            for unit in units.chunks_mut(CD_UNIT as usize) {
                let sector = &mut unit[..track.sector_len as usize];
                if track.is_audio {
                    sector.as_chunks_mut().0.iter_mut().for_each(|sample: &mut [u8; 2]| sample.reverse());
                }
                let sector = &sector[skip..];
                skip = 0;
                let count = sector.len().min(buf.len());
                let (now, rest) = std::mem::take(&mut buf).split_at_mut(count);
                now.copy_from_slice(&sector[..count]);
                offset += count as u64;
                buf = rest;
            }
        }
        Ok(())
    }
}
