//! A container of a disc: its kind, and its sectors.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sector_decode::{Layout, OpenError};

use crate::archive::{self, ArchiveFacts, ArchiveKind, DiscContent, Unpacked};
use crate::archive_error::ArchiveError;
use crate::bytes::{Bytes, FileBytes, UserData};
use crate::cd::{self, DataTrack, Place, Strictness};
use crate::chd::{self, Chd, MAGIC};
use crate::cue::{self, Cue, CueError, FileType, TrackMode};
use crate::dump::{Content, Dump, Listed, Section};
use crate::error::Error;
use crate::kind::{ChdFacts, Kind, Loss, TrackInfo};
use crate::other::Other;
use crate::packed_cd;
use crate::place::{chd_place, chd_track_info, cue_place, raw_mode, track_places};

/// An open source.
pub struct Source {
    kind: Kind,
    tracks: Vec<TrackInfo>,
    losses: Vec<Loss>,
    data: UserData,
    chd: Option<Arc<Chd>>,
    cd: Option<Arc<DataTrack>>,
    parts: Vec<(PathBuf, File)>,
    dump: Option<Dump>,
    archive: Option<ArchiveFacts>,
    /// The files in the archive that the disc consists of.
    unpacked: Vec<Arc<Unpacked>>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("kind", &self.kind)
            .field("tracks", &self.tracks)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// Examines the content of a file and opens it if it is a source. `None` means that this crate does not
    /// handle it: it is a plain image, one of `sector-decode`'s formats, or anything else. `path` is only
    /// used to find the files that a CUE sheet names.
    ///
    /// # Errors
    ///
    /// When it is a source that cannot be used, or a known kind of file that is not supported.
    pub fn open(path: &Path, file: &File) -> Result<Option<Self>, Error> {
        let name = || Error::io("the file");
        let clone = file.try_clone().map_err(name())?;
        Self::of(path, Arc::new(FileBytes::new(clone).map_err(name())?))
    }

    /// As [`Source::open`], for bytes that need not come from a file.
    ///
    /// # Errors
    ///
    /// As [`Source::open`].
    pub fn of(path: &Path, file: Arc<dyn Bytes>) -> Result<Option<Self>, Error> {
        Self::recognise(path, file, |text| Self::of_cue(path, text))
    }

    /// As [`Source::of`], where there is no file system: `beside` finds the files that a CUE sheet names.
    ///
    /// # Errors
    ///
    /// As [`Source::open`].
    pub fn among(
        name: &Path,
        file: Arc<dyn Bytes>,
        beside: impl Fn(&str) -> Option<Arc<dyn Bytes>>,
    ) -> Result<Option<Self>, Error> {
        Self::recognise(name, file, |text| {
            let cue = Cue::parse(&text)?;
            let find = |name: &String| beside(name).ok_or_else(|| CueError::Missing(name.clone()));
            let files = cue.files.iter().map(|file| find(&file.name)).collect::<Result<_, _>>()?;
            Self::of_sheet(&cue, files, Some(Dump::of_sheet_file(name, text)))
        })
    }

    fn recognise(
        path: &Path,
        file: Arc<dyn Bytes>,
        of_cue: impl FnOnce(Vec<u8>) -> Result<Self, Error>,
    ) -> Result<Option<Self>, Error> {
        let mut start = [0; MAGIC.len()];
        if file.len() < start.len() as u64 {
            return Ok(None);
        }
        file.read_exact_at(&mut start, 0).map_err(Error::io("the file"))?;
        if start == MAGIC {
            return Self::of_chd(path, Arc::new(Chd::open(file)?)).map(Some);
        }
        if let Some(kind) = ArchiveKind::recognise(&*file) {
            return Self::of_archive(kind, file).map(Some);
        }
        if let Some(other) = Other::recognise(&*file) {
            return Err(Error::Other(other));
        }
        if file.len() <= cue::MAX_LEN {
            let mut text = vec![0; usize::try_from(file.len()).expect("a small file")];
            file.read_exact_at(&mut text, 0).map_err(Error::io("the file"))?;
            if Cue::is_one(&text) {
                return of_cue(text).map(Some);
            }
        }
        Self::of_sectors(path, &file, true)
    }

    /// A dump of raw sectors, which may be packed like an image. `None` if the file is none.
    fn of_sectors(path: &Path, file: &Arc<dyn Bytes>, is_random: bool) -> Result<Option<Self>, Error> {
        let unpacked = packed_cd::open(file);
        let is_dump = unpacked.is_none();
        let bytes = unpacked.unwrap_or_else(|| Arc::clone(file));
        let Some(place) = cd::recognise(&bytes, is_random)? else { return Ok(None) };
        let dump = is_dump.then(|| Dump::of_file(path, Arc::clone(file), place, raw_mode(&**file, place)));
        Ok(Some(Self { dump, ..Self::of_raw(Kind::RawCd(place.stride), bytes, place) }))
    }

    fn of_chd(path: &Path, chd: Arc<Chd>) -> Result<Self, Error> {
        let facts = ChdFacts {
            hunk_bytes: chd.hunk_bytes,
            codecs: chd.codecs(),
            is_dvd: chd.is_dvd(),
            is_cd: !chd.tracks().is_empty(),
            raw_sha1: chd.raw_sha1,
            overall_sha1: chd.overall_sha1,
        };
        let kind = Kind::Chd(facts);
        let bytes: Arc<dyn Bytes> = chd.clone();
        let mut source = if let Some(first) = chd.tracks().first() {
            let place = chd_place(&chd, first)?;
            let mut source = Self::of_raw(kind, bytes, place);
            source.tracks = chd.tracks().iter().map(chd_track_info).collect();
            source
        } else if let Some(place) = cd::recognise(&bytes, true)? {
            Self::of_raw(kind, bytes, place)
        } else {
            Self::plain(kind, bytes)
        };
        source.dump = chd::dump(path, &chd);
        source.chd = Some(chd);
        if source.losses.is_empty() {
            source.losses = source.tracks.iter().skip(1).cloned().map(Loss::Track).collect();
        }
        Ok(source)
    }

    fn plain(kind: Kind, bytes: Arc<dyn Bytes>) -> Self {
        Self {
            kind,
            tracks: Vec::new(),
            losses: Vec::new(),
            data: UserData::new(bytes),
            chd: None,
            cd: None,
            parts: Vec::new(),
            dump: None,
            archive: None,
            unpacked: Vec::new(),
        }
    }

    fn of_archive(kind: ArchiveKind, file: Arc<dyn Bytes>) -> Result<Self, Error> {
        let disc = archive::open(kind, file)?;
        let (mut source, unpacked) = match disc.content {
            DiscContent::Image(image) => (Self::of_unpacked(&image, &disc.facts.name)?, vec![image]),
            DiscContent::Cue(cue, files) => {
                let bytes = files.iter().map(|file| Arc::clone(file) as Arc<dyn Bytes>).collect();
                (Self::of_sheet(&cue, bytes, Some(Dump::default()))?, files)
            }
        };
        (source.archive, source.unpacked) = (Some(disc.facts), unpacked);
        Ok(source)
    }

    /// The disc image in an archive.
    fn of_unpacked(image: &Arc<Unpacked>, entry: &str) -> Result<Self, Error> {
        let name = || entry.to_owned();
        let bytes: Arc<dyn Bytes> = image.clone();
        let mut start = [0; MAGIC.len()];
        bytes.read_exact_at(&mut start, 0).map_err(Error::io(name()))?;
        if start == MAGIC {
            if !image.is_random() {
                return Err(ArchiveError::PackedChd { name: name() }.into());
            }
            return Self::of_chd(Path::new(entry), Arc::new(Chd::open(bytes)?));
        }
        // The index first: everything after it is read forward. Other errors in the header are reported when the
        // image is read.
        let layout = Layout::probe(&mut UserData::new(Arc::clone(&bytes)));
        if let Ok(layout) = layout
            && !image.is_random()
        {
            let index = layout.data_start().0;
            if index > archive::MOST_HEAD {
                return Err(ArchiveError::LargeIndex { name: name() }.into());
            }
            image.keep(index);
        }
        let found = Self::of_sectors(Path::new(entry), &bytes, image.is_random())?;
        Ok(found.unwrap_or_else(|| Self::plain(Kind::Image, bytes)))
    }

    /// A dump whose first track is at `place`. The kind of the rest is unknown, so it is treated as audio.
    fn of_raw(kind: Kind, dump: Arc<dyn Bytes>, place: Place) -> Self {
        let rest = (dump.len().saturating_sub(place.start) / u64::from(place.stride))
            .saturating_sub(place.sectors.into());
        let is_all = matches!(&kind, Kind::Chd(facts) if facts.is_cd);
        let mode = raw_mode(&*dump, place);
        let mut tracks = vec![TrackInfo {
            number: 1,
            kind: format!("{mode}/{}", place.stride),
            sectors: place.sectors.into(),
        }];
        let mut losses = Vec::new();
        if rest > 0 && !is_all {
            let track = TrackInfo { number: 2, kind: "AUDIO".into(), sectors: rest };
            losses.push(Loss::Track(track.clone()));
            tracks.push(track);
        }
        let cd = Arc::new(DataTrack::new(dump, place));
        Self { tracks, losses, cd: Some(Arc::clone(&cd)), ..Self::plain(kind, cd) }
    }

    fn of_cue(path: &Path, text: Vec<u8>) -> Result<Self, Error> {
        let cue = Cue::parse(&text)?;
        let dump = Dump::of_sheet_file(path, text);
        let folder = path.parent().unwrap_or(Path::new(""));
        let (mut parts, mut files) = (Vec::new(), Vec::new());
        for file in &cue.files {
            let at = folder.join(&file.name);
            let missing = || CueError::Missing(file.name.clone());
            // Opened only after this check: opening a pipe can block for ever.
            if !std::fs::metadata(&at).is_ok_and(|metadata| metadata.is_file()) {
                return Err(missing().into());
            }
            let open = File::open(&at).map_err(Error::io(&file.name))?;
            let clone = open.try_clone().map_err(Error::io(&file.name))?;
            files.push(Arc::new(FileBytes::new(clone).map_err(Error::io(&file.name))?) as Arc<dyn Bytes>);
            parts.push((at, open));
        }
        Ok(Self { parts, ..Self::of_sheet(&cue, files, Some(dump))? })
    }

    /// A sheet with the files that it names. What its dump consists of is added to `dump`.
    fn of_sheet(cue: &Cue, files: Vec<Arc<dyn Bytes>>, mut dump: Option<Dump>) -> Result<Self, Error> {
        let mut tracks = Vec::new();
        let mut first: Option<(Arc<dyn Bytes>, Place)> = None;
        for (file, bytes) in cue.files.iter().zip(files) {
            if let Some(dump) = &mut dump {
                dump.add_file(file.name.clone(), Arc::clone(&bytes));
            }
            let is_sound = file.file_type == FileType::Sound;
            for track in track_places(file, bytes.len())? {
                let content = if first.is_none() {
                    Content::Image
                } else if is_sound || track.mode == TrackMode::Audio {
                    Content::Sound
                } else {
                    Content::Kept
                };
                if let Some(dump) = &mut dump {
                    dump.add_track(&Section {
                        number: track.number,
                        start: track.start,
                        content_start: track.content,
                        sector_len: if is_sound { 1 } else { track.mode.sector_len() },
                        content,
                    });
                }
                if first.is_none() {
                    let place = cue_place(file.file_type, track.mode, track.content, track.sectors)?;
                    first = Some((Arc::clone(&bytes), place));
                }
                let kind = track.mode.to_string();
                tracks.push(TrackInfo { number: track.number.into(), kind, sectors: track.sectors });
            }
        }
        let (raw, place) = first.ok_or(CueError::NoTrack)?;
        let mut source = Self::of_raw(Kind::Cue, raw, place);
        source.losses = tracks.iter().skip(1).cloned().map(Loss::Track).collect();
        source.tracks = tracks;
        source.dump = dump;
        Ok(source)
    }

    /// Returns what it is.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Returns the tracks of a CD; none for a DVD or UMD.
    #[must_use]
    pub fn tracks(&self) -> &[TrackInfo] {
        &self.tracks
    }

    /// Returns what an image of the data track loses.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Returns whether the user data is everything that the source stands for. Whether a CHD has bytes after it is another
    /// question, for [`has_bytes_after_chd`](Self::has_bytes_after_chd): only where it has none does deleting it lose nothing.
    #[must_use]
    pub fn is_only_user_data(&self) -> bool {
        self.cd.is_none() && self.archive.as_ref().is_none_or(|archive| archive.is_only_file)
    }

    /// Returns whether a CHD goes on after all that it refers to, with more than zeros. What cannot be read counts as more.
    #[must_use]
    pub fn has_bytes_after_chd(&self) -> bool {
        self.chd.as_ref().is_some_and(|chd| chd.goes_on())
    }

    /// Returns whether sectors of a CD were read of which no checksum (EDC) told that they are right.
    #[must_use]
    pub fn has_unchecked_sectors(&self) -> bool {
        self.cd.as_ref().is_some_and(|cd| cd.has_unchecked())
    }

    /// Returns which file of an archive it is; `None` if it is not in an archive.
    #[must_use]
    pub fn archive(&self) -> Option<&ArchiveFacts> {
        self.archive.as_ref()
    }

    /// Returns whether reading anywhere but forward costs much.
    #[must_use]
    pub fn is_forward(&self) -> bool {
        self.unpacked.iter().any(|file| !file.is_random())
    }

    /// Reads the files of a disc in an archive to their ends, and compares them with the CRC-32 in the
    /// archive. That is cheap after the disc was read. `go_on` receives the number of newly read bytes and
    /// returns whether to continue; the result is `false` when it stopped.
    ///
    /// # Errors
    ///
    /// When a file is damaged or cannot be read.
    pub fn check_archive(&self, mut go_on: impl FnMut(u64) -> bool) -> Result<bool, Error> {
        for file in &self.unpacked {
            if !file.check(&mut go_on)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Forgets what was decoded, so that it is read from the file again.
    pub fn forget(&self) {
        self.unpacked.iter().for_each(|file| file.forget());
    }

    /// Returns the sectors.
    #[must_use]
    pub fn data(&self) -> UserData {
        self.data.clone()
    }

    /// Recognises the image that the sectors hold. No sector is refused for this.
    ///
    /// # Errors
    ///
    /// When its header cannot be read or is unusable.
    pub fn layout(&self) -> Result<Layout, OpenError<io::Error>> {
        let Some(cd) = &self.cd else { return Layout::probe(&mut self.data()) };
        let strictness = cd.be(Strictness::TakesAll);
        let layout = Layout::probe(&mut self.data());
        cd.be(strictness);
        layout
    }

    /// Takes the bytes that [`Source::data`] has out of a raw sector, which is sector `sector` of the data track.
    ///
    /// # Errors
    ///
    /// When the sector is refused.
    pub fn user_data<'s>(&self, sector: u32, raw: &'s [u8]) -> Result<&'s [u8; 2048], Error> {
        self.cd.as_ref().ok_or(Error::NoDataTrack)?.of_raw(sector, raw)
    }

    /// Returns its other files: those that a CUE sheet names.
    #[must_use]
    pub fn parts(&self) -> &[(PathBuf, File)] {
        &self.parts
    }

    /// From now on, sectors with a wrong EDC and Form 2 sectors in files are read as their first 2048 bytes
    /// instead of being refused.
    pub fn take_losses(&self) {
        if let Some(cd) = &self.cd {
            cd.be(Strictness::TakesLosses);
        }
    }

    /// From now on, no sector is refused: each is read as 2048 bytes, whatever it holds. For those who keep
    /// the rest of the [`Dump`], too.
    pub fn take_all(&self) {
        if let Some(cd) = &self.cd {
            cd.be(Strictness::TakesAll);
        }
    }

    /// Returns the raw content, if this is a CUE sheet, a dump of raw sectors, or the CHD of a CD.
    #[must_use]
    pub fn dump(&self) -> Option<&Dump> {
        self.dump.as_ref().filter(|_| self.archive.is_none())
    }

    /// As [`dump`](Self::dump), also of what is in an archive. Of that there is no sheet, and
    /// [`is_forward`](Self::is_forward) says how it has to be read.
    #[must_use]
    pub fn raw(&self) -> Option<&Dump> {
        self.dump.as_ref()
    }

    /// Returns the parts of [`raw`](Self::raw) that DATs list: its tracks with their pregaps, or its files where each has a
    /// track of its own or no sheet tells the tracks. Empty for what is not a CD, and where DATs list something else.
    #[must_use]
    pub fn listed(&self) -> Vec<Listed> {
        let Some(dump) = self.raw().filter(|_| !self.has_subcode()) else { return Vec::new() };
        let is_by_file = match self.kind {
            Kind::RawCd(_) => true,
            Kind::Cue => dump.files().len() >= dump.tracks().len(),
            Kind::Chd(_) | Kind::Image => false,
        };
        if is_by_file { dump.listed_files() } else { dump.listed_tracks() }
    }

    /// Decodes the whole CHD and compares it with the SHA-1 in its header. `go_on` receives the number of
    /// newly decoded bytes and returns whether to continue. `None` when this is not a CHD or `go_on`
    /// stopped it.
    ///
    /// # Errors
    ///
    /// When a hunk is damaged or cannot be read.
    pub fn chd_sha1(&self, go_on: impl FnMut(u64) -> bool) -> Result<Option<[u8; 20]>, Error> {
        self.chd.as_ref().map_or(Ok(None), |chd| chd.sha1(go_on))
    }

    /// Returns whether a CHD holds subcode, of which its [`Dump`] has nothing.
    #[must_use]
    pub fn has_subcode(&self) -> bool {
        self.chd.as_ref().is_some_and(|chd| chd.tracks().iter().any(|track| track.has_subcode))
    }

    /// Returns how many bytes [`chd_sha1`](Self::chd_sha1) decodes.
    #[must_use]
    pub fn chd_len(&self) -> u64 {
        self.chd.as_ref().map_or(0, |chd| chd.len())
    }
}
