//! The raw content of a CD dump: every byte of its files, and what each part of them is.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use crate::bytes::{Bytes, UserData};
use crate::cd::{self, Place, Shape};
use crate::sheet::{self, Sheet, SheetOrigin, SheetTrack};

/// All files of a dump.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    sheet: Option<Sheet>,
    files: Vec<DumpFile>,
    tracks: Vec<DumpTrack>,
}

/// One file of a dump.
#[derive(Clone)]
pub struct DumpFile {
    name: String,
    bytes: Arc<dyn Bytes>,
    areas: Vec<Area>,
}

/// A track, with the pregap that its file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DumpTrack {
    /// Its number, from 1 on.
    pub number: u8,
    /// Index of its file.
    pub file: usize,
    /// Whether it is audio.
    pub is_audio: bool,
    /// Offset in the file.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
}

/// A part of a dump that DATs list as a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Index of the file that it is in.
    pub file: usize,
    /// Offset in that file.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
}

/// Bytes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Offset in the file.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// Bytes of each sector; 1 if these are not sectors.
    pub sector_len: u32,
    /// What it is.
    pub content: Content,
}

/// What bytes of a dump are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The sectors that the image of 2048-byte sectors consists of.
    Image,
    /// Sectors that are not in the image.
    Kept,
    /// Audio, which is not in the image either.
    Sound,
}

/// A track's place in the file that was added last.
pub(crate) struct Section {
    pub(crate) number: u8,
    /// Where the track begins, perhaps with a pregap.
    pub(crate) start: u64,
    /// Where its content begins.
    pub(crate) content_start: u64,
    pub(crate) sector_len: u32,
    pub(crate) content: Content,
}

impl Dump {
    /// A dump without a CUE sheet: its data track, then audio. `mode` is that of its first sector.
    pub(crate) fn of_file(path: &Path, bytes: Arc<dyn Bytes>, place: Place, mode: &str) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let len = bytes.len();
        let rest = len / u64::from(place.stride) - u64::from(place.sectors);
        let mut dump = Self { sheet: rebuilt(path, &name, place, mode, rest), ..Self::default() };
        dump.add_file(name, bytes);
        let data = Section {
            number: 1,
            start: 0,
            content_start: place.start,
            sector_len: place.stride,
            content: Content::Image,
        };
        dump.add_track(&data);
        let end = place.start + u64::from(place.sectors) * u64::from(place.stride);
        if end < len {
            let content = Content::Sound;
            dump.add_track(&Section { number: 2, start: end, content_start: end, content, ..data });
        }
        dump
    }

    /// A dump with a CUE sheet, without its files yet.
    pub(crate) fn of_sheet(sheet: Sheet) -> Self {
        Self { sheet: Some(sheet), ..Self::default() }
    }

    /// As [`Dump::of_sheet`], for the sheet with this text in a file.
    pub(crate) fn of_sheet_file(path: &Path, text: Vec<u8>) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self::of_sheet(Sheet { name, text, origin: SheetOrigin::File })
    }

    pub(crate) fn add_file(&mut self, name: String, bytes: Arc<dyn Bytes>) {
        // Until there are tracks.
        let areas = vec![Area { start: 0, len: bytes.len(), sector_len: 1, content: Content::Kept }];
        self.files.push(DumpFile { name, bytes, areas });
    }

    /// Adds a track, which ends where the next one begins or the file ends.
    pub(crate) fn add_track(&mut self, track: &Section) {
        let index = self.files.len() - 1;
        let file = &mut self.files[index];
        let end = file.bytes.len();
        // Sound files may be shorter than their tracks, as they are packed.
        let (track_start, content_start) = (track.start.min(end), track.content_start.min(end));
        let pregap = if track.content == Content::Image { Content::Kept } else { track.content };
        for (start, content) in [(track_start, pregap), (content_start, track.content)] {
            if let Some(last) = file.areas.last_mut() {
                last.len = start - last.start;
            }
            file.areas.push(Area { start, len: end - start, sector_len: track.sector_len, content });
        }
        file.areas.retain(|area| area.len > 0);
        if let Some(last) = self.tracks.last_mut().filter(|last| last.file == index) {
            last.len = track_start - last.start;
        }
        self.tracks.push(DumpTrack {
            number: track.number,
            file: index,
            is_audio: track.content == Content::Sound,
            start: track_start,
            len: end - track_start,
        });
    }

    /// Returns the CUE sheet, given or rebuilt; `None` if a sheet cannot describe the dump.
    #[must_use]
    pub fn sheet(&self) -> Option<&Sheet> {
        self.sheet.as_ref()
    }

    /// Returns the files, in order.
    #[must_use]
    pub fn files(&self) -> &[DumpFile] {
        &self.files
    }

    /// Returns its files, each as a whole.
    pub(crate) fn listed_files(&self) -> Vec<Listed> {
        let files = self.files.iter().enumerate();
        files.map(|(file, content)| Listed { file, start: 0, len: content.bytes.len() }).collect()
    }

    /// Returns its tracks with their pregaps.
    pub(crate) fn listed_tracks(&self) -> Vec<Listed> {
        let tracks = self.tracks.iter();
        tracks.map(|track| Listed { file: track.file, start: track.start, len: track.len }).collect()
    }

    /// Returns the tracks, in order.
    #[must_use]
    pub fn tracks(&self) -> &[DumpTrack] {
        &self.tracks
    }
}

/// A sheet for a dump that was opened without one: a data track, then `rest` sectors of audio. Where one audio track
/// ends and the next one begins cannot be seen in the sectors.
fn rebuilt(path: &Path, name: &str, place: Place, mode: &str, rest: u64) -> Option<Sheet> {
    const REMARK: &str = "made by Cisor from the sectors, because the dump had no sheet";
    // Sheets cannot describe sectors with subcode.
    let kind = match (place.shape, place.stride) {
        (Shape::Raw, cd::RAW) => format!("{mode}/2352"),
        (Shape::Mode2, cd::MODE2) => "MODE2/2336".to_owned(),
        _ => return None,
    };
    if !sheet::is_writable_name(name) {
        return None;
    }
    let track = |number, kind, start| SheetTrack { number, kind, start, pregap: 0, silence: 0, postgap: 0 };
    let audio = (rest > 0).then(|| track(2, "AUDIO", place.sectors.into()));
    let tracks = std::iter::once(track(1, &kind, 0)).chain(audio);
    let text = sheet::text(Some(REMARK), name, tracks);
    Some(Sheet { name: sheet::sibling(path, "cue"), text, origin: SheetOrigin::Sectors })
}

impl DumpFile {
    /// Returns the name, which is never a path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the content.
    #[must_use]
    pub fn bytes(&self) -> &dyn Bytes {
        &*self.bytes
    }

    /// Returns the content for a single reader that reads forward: this many threads decode for it.
    #[must_use]
    pub fn reader(&self, threads: NonZeroUsize) -> UserData {
        UserData::new(Arc::clone(&self.bytes)).with_threads(threads)
    }

    /// Returns what the bytes are, without gaps.
    #[must_use]
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }
}

impl std::fmt::Debug for DumpFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DumpFile")
            .field("name", &self.name)
            .field("areas", &self.areas)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_cover_each_file() {
        let mut dump = Dump::default();
        dump.add_file("a.bin".into(), Arc::new(vec![0; 1000]));
        let section = |number, start, content_start, content| Section {
            number,
            start,
            content_start,
            sector_len: 10,
            content,
        };
        dump.add_track(&section(1, 50, 70, Content::Image));
        dump.add_track(&section(2, 400, 400, Content::Kept));
        dump.add_track(&section(3, 600, 700, Content::Sound));
        dump.add_file("b.bin".into(), Arc::new(vec![0; 30]));
        dump.add_track(&section(4, 0, 0, Content::Sound));
        let areas = |file: usize| -> Vec<_> {
            dump.files()[file].areas().iter().map(|area| (area.start, area.len, area.content)).collect()
        };
        let expected = [
            (0, 50, Content::Kept),
            (50, 20, Content::Kept),
            (70, 330, Content::Image),
            (400, 200, Content::Kept),
            (600, 100, Content::Sound),
            (700, 300, Content::Sound),
        ];
        assert_eq!(areas(0), expected);
        assert_eq!(areas(1), [(0, 30, Content::Sound)]);
        let tracks: Vec<_> = dump.tracks().iter().map(|track| (track.file, track.start, track.len)).collect();
        assert_eq!(tracks, [(0, 50, 350), (0, 400, 200), (0, 600, 400), (1, 0, 30)]);
    }
}
