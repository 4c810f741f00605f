//! Where the tracks are that a sheet or a CHD lists.

use crate::bytes::Bytes;
use crate::cd::{Place, Shape};
use crate::chd::{CD_UNIT, Chd, ChdTrack};
use crate::cue::{self, CueError, FileType, TrackMode};
use crate::error::Error;
use crate::kind::TrackInfo;

pub(crate) fn raw_mode(dump: &dyn Bytes, place: Place) -> &'static str {
    let mut mode = [0];
    match dump.read_exact_at(&mut mode, place.start + 15) {
        Ok(()) if place.shape == Shape::Raw && mode == [1] => "MODE1",
        _ => "MODE2",
    }
}

pub(crate) fn chd_track_info(track: &ChdTrack) -> TrackInfo {
    let kind = track.in_sheet().map_or(track.kind.as_str(), |(kind, _)| kind);
    TrackInfo { number: track.number, kind: kind.to_owned(), sectors: track.frames - track.pregap }
}

/// Position of the first track of a CHD, which must be a data track.
pub(crate) fn chd_place(chd: &Chd, track: &ChdTrack) -> Result<Place, Error> {
    let shape = match track.kind.as_str() {
        "MODE1" | "MODE2_FORM1" => Shape::User,
        "MODE1_RAW" | "MODE2_RAW" => Shape::Raw,
        "MODE2" | "MODE2_FORM_MIX" => Shape::Mode2,
        "AUDIO" => return Err(Error::NoDataTrack),
        other => return Err(Error::TrackKind(other.to_owned())),
    };
    if chd.unit_bytes != CD_UNIT {
        return Err(Error::Chd("it has CD tracks, but its units are not CD sectors"));
    }
    let unit = u64::from(CD_UNIT);
    if (track.start + track.frames) * unit > chd.len() {
        return Err(Error::Chd("its tracks are longer than it is"));
    }
    let sectors = u32::try_from(track.frames - track.pregap).map_err(|_| Error::NoDataTrack)?;
    Ok(Place { start: (track.start + track.pregap) * unit, stride: CD_UNIT, shape, sectors })
}

/// Position of a CUE sheet's track in its file.
pub(crate) struct TrackPlace {
    pub(crate) number: u8,
    pub(crate) mode: TrackMode,
    /// Where it begins, perhaps with a pregap, in bytes.
    pub(crate) start: u64,
    /// Where its content begins, in bytes.
    pub(crate) content: u64,
    pub(crate) sectors: u64,
}

pub(crate) fn track_places(file: &cue::CueFile, len: u64) -> Result<Vec<TrackPlace>, Error> {
    let size = || CueError::Size { name: file.name.clone(), len };
    let mut places = Vec::new();
    let mut at = file.tracks.first().and_then(cue::Track::first_frame).unwrap_or(0);
    let mut offset =
        file.tracks.first().map_or(0, |track| u64::from(at) * u64::from(track.mode.sector_len()));
    for (place, track) in file.tracks.iter().enumerate() {
        let sector = u64::from(track.mode.sector_len());
        let start = track.content_frame().ok_or(CueError::Order)?;
        let content = offset + u64::from(start - at) * sector;
        let end = match file.tracks.get(place + 1).and_then(cue::Track::first_frame) {
            Some(next) => {
                let end = offset + u64::from(next - at) * sector;
                at = next;
                end
            }
            None => len,
        };
        let is_sound = file.file_type == FileType::Sound;
        if !is_sound && (end > len || content >= end || !(end - content).is_multiple_of(sector)) {
            return Err(size().into());
        }
        let sectors = end.saturating_sub(content) / sector;
        places.push(TrackPlace { number: track.number, mode: track.mode, start: offset, content, sectors });
        offset = end;
    }
    Ok(places)
}

/// Position of the first track of a CUE sheet, which must be a data track.
pub(crate) fn cue_place(
    file_type: FileType,
    mode: TrackMode,
    start: u64,
    sectors: u64,
) -> Result<Place, Error> {
    let shape = match mode {
        TrackMode::Mode1(2048) | TrackMode::Mode2(2048) => Shape::User,
        TrackMode::Mode1(2352) | TrackMode::Mode2(2352) => Shape::Raw,
        TrackMode::Mode2(2336) => Shape::Mode2,
        TrackMode::Audio => return Err(Error::NoDataTrack),
        other => return Err(Error::TrackKind(other.to_string())),
    };
    if file_type == FileType::Sound {
        return Err(Error::NoDataTrack);
    }
    let sectors = u32::try_from(sectors).map_err(|_| Error::NoDataTrack)?;
    Ok(Place { start, stride: mode.sector_len(), shape, sectors })
}
