//! The files that the page has handed over, as one disc image.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use image_source::{Bytes, Kind, Loss, Source};
use sector_decode::ReadAt;

use crate::file::PageFile;

/// A file of the page: its name and its length in bytes.
pub(crate) struct Named {
    name: String,
    len: u64,
}

/// Where an image is read from.
pub(crate) enum Input {
    /// The file is the image, plain or in one of the formats of `sector-decode`.
    File(PageFile),
    /// Something that holds the sectors of an image.
    Source(image_source::UserData),
}

/// The file could not be read, or what was in it was damaged.
#[derive(Debug)]
pub(crate) struct Fault(String);

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl ReadAt for Input {
    type Error = Fault;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Fault> {
        match self {
            Self::File(file) => file.read_exact_at(buf, offset).map_err(|error| Fault(error.to_string())),
            Self::Source(data) => data.read_exact_at(buf, offset).map_err(|error| Fault(error.to_string())),
        }
    }

    fn byte_len(&mut self) -> Result<u64, Fault> {
        match self {
            Self::File(file) => file.byte_len().map_err(|error| Fault(error.to_string())),
            Self::Source(data) => Ok(data.len()),
        }
    }
}

/// A file of the page as image-source wants it. There is one thread, so the lock is always free.
struct Shared {
    len: u64,
    file: Mutex<PageFile>,
}

impl Bytes for Shared {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.read_exact_at(buf, offset).map_err(|error| io::Error::other(error.to_string()))
    }
}

/// The container of an image.
pub(crate) struct Container {
    source: Source,
    /// Names of the files that it consists of, besides the first.
    pub(crate) parts: Vec<String>,
}

impl Container {
    /// What it is, for people.
    pub(crate) fn name(&self) -> String {
        let kind = match self.source.kind() {
            Kind::Chd(facts) if facts.codecs.is_empty() => "CHD".to_owned(),
            Kind::Chd(facts) => format!("CHD ({})", facts.codecs.join(", ")),
            Kind::Cue => "BIN/CUE".to_owned(),
            Kind::RawCd(stride) => format!("CD, {stride}"),
            Kind::Image => String::new(),
        };
        let archive = self.source.archive().map(|facts| {
            let word = match facts.kind {
                image_source::ArchiveKind::Zip => "ZIP",
                image_source::ArchiveKind::SevenZip => "7z",
            };
            format!("{word}: {}", facts.name)
        });
        [archive.unwrap_or_default(), kind]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The tracks that are not in the image: number, kind as in a CUE sheet, and number of sectors.
    pub(crate) fn lost_tracks(&self) -> impl Iterator<Item = (u32, &str, u64)> {
        self.source
            .losses()
            .iter()
            .map(|Loss::Track(track)| (track.number, track.kind.as_str(), track.sectors))
    }

    /// Whether reading anywhere but forward costs much.
    pub(crate) fn is_forward(&self) -> bool {
        self.source.is_forward()
    }

    /// SHA-1 that the image has according to the container; `None` if that does not say it.
    pub(crate) fn sha1(&self) -> Option<String> {
        match self.source.kind() {
            Kind::Chd(facts) if self.source.is_only_user_data() => {
                facts.raw_sha1.map(|sha1| sha1.iter().map(|byte| format!("{byte:02x}")).collect())
            }
            _ => None,
        }
    }

    /// Whether it is a CD, whose tracks DATs list one by one: the image is not what they describe.
    pub(crate) fn has_tracks(&self) -> bool {
        match self.source.kind() {
            Kind::Image => false,
            Kind::RawCd(_) | Kind::Cue => true,
            // One track of 2048-byte sectors is what an ISO holds; older programs pack DVDs like this.
            Kind::Chd(_) => match self.source.tracks() {
                [] => false,
                [track] => !track.kind.ends_with("/2048"),
                _ => true,
            },
        }
    }

    /// The lengths of what DATs list of a CD, in bytes: its tracks or its files.
    pub(crate) fn track_lens(&self) -> impl Iterator<Item = u64> {
        let listed = if self.has_tracks() { self.source.listed() } else { Vec::new() };
        listed.into_iter().map(|part| part.len)
    }

    /// Fills `buf` with the bytes of such a part from `offset` on.
    pub(crate) fn read_track(&self, number: usize, buf: &mut [u8], offset: u64) -> Result<(), String> {
        let listed = self.source.listed();
        let part =
            listed.get(number).filter(|part| offset <= part.len && buf.len() as u64 <= part.len - offset);
        let content = part.zip(self.source.raw()).ok_or("there is no such track")?;
        let (part, dump) = content;
        let bytes = dump.files()[part.file].bytes();
        bytes.read_exact_at(buf, part.start + offset).map_err(|error| error.to_string())
    }

    /// Compares a file in an archive with the CRC-32 in the archive, which is quick after it was read.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.source.check_archive(|_| true).map(drop).map_err(|error| error.to_string())
    }
}

/// Reads the page's list of files: length and name of each, separated by zeros.
pub(crate) fn files(list: &[u8]) -> Option<Vec<Named>> {
    let text = std::str::from_utf8(list).ok()?;
    let fields: Vec<&str> = text.split_terminator('\0').collect();
    let named =
        |pair: &[&str]| Some(Named { len: pair.first()?.parse().ok()?, name: (*pair.get(1)?).to_owned() });
    fields.chunks(2).map(named).collect()
}

/// A file of the page by its number.
pub(crate) fn shared(number: usize, len: u64) -> Arc<dyn Bytes> {
    Arc::new(Shared { len, file: Mutex::new(PageFile::new(number, len)) })
}

/// Opens the first file; the others are those beside it, which a CUE sheet may name.
pub(crate) fn open(files: &[Named]) -> Result<(Input, Option<Container>), String> {
    let first = files.first().ok_or("no file was given")?;
    let beside = |name: &str| {
        let same = |(_, file): &(usize, &Named)| file.name.eq_ignore_ascii_case(name);
        files.iter().enumerate().skip(1).find(same).map(|(number, file)| shared(number, file.len))
    };
    let source = Source::among(Path::new(&first.name), shared(0, first.len), beside);
    Ok(match source.map_err(|error| error.to_string())? {
        None => (Input::File(PageFile::new(0, first.len)), None),
        Some(source) => {
            if let Kind::Chd(facts) = source.kind()
                && facts.wrong_sha1().is_some()
            {
                return Err(
                    "the CHD's header or its list of tracks is damaged: its SHA-1 does not match".to_owned()
                );
            }
            let dump = source.dump().filter(|dump| dump.sheet().is_some());
            let parts =
                dump.map_or(&[][..], |dump| dump.files()).iter().map(|file| file.name().to_owned()).collect();
            (Input::Source(source.data()), Some(Container { source, parts }))
        }
    })
}

/// Returns the size of the files that the image consists of.
pub(crate) fn size(files: &[Named], container: Option<&Container>) -> u64 {
    let is_part = |file: &&Named| {
        let parts = container.map_or(&[][..], |container| &container.parts);
        parts.iter().any(|part| part.eq_ignore_ascii_case(&file.name))
    };
    let (first, beside) = files.split_at(files.len().min(1));
    first.iter().chain(beside.iter().filter(is_part)).map(|file| file.len).sum()
}
