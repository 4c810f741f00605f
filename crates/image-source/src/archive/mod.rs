//! ZIP and 7z archives with one disc in them.
//!
//! A stored disc is read in place. A packed one is decoded from its beginning in a thread of its own, and
//! what was decoded last is kept. The archive's CRC-32 of it is compared by [`Disc::check`].

mod coder;
mod entry;
mod fields;
mod forward;
mod section;
mod sevenz;
mod sevenz_header;
mod zip;

use std::sync::Arc;

use self::entry::Entry;
use self::sevenz::SevenZ;
use self::zip::Zip;
use crate::archive_error::ArchiveError;
use crate::bytes::Bytes;
use crate::cue::{self, Cue, CueError};
use crate::error::Error;

pub(crate) use self::entry::Unpacked;
pub(crate) use self::forward::MOST_HEAD;

/// Files that an archive may have.
const MOST_FILES: u64 = 1 << 16;
/// Length that a directory may have in bytes.
const MOST_DIRECTORY: u64 = 16 << 20;
/// Smaller files are no discs, unless they are called so: the descriptor of a file system ends here.
const LEAST_DISC: u64 = 17 * 2048;
/// Extensions of discs. They only tell where to look.
const EXTENSIONS: [&str; 9] = ["iso", "cso", "ciso", "zso", "dax", "jso", "chd", "img", "bin"];
/// How many files are looked into.
const MOST_CANDIDATES: usize = 16;

/// The kinds of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveKind {
    /// A ZIP archive.
    Zip,
    /// A 7z archive.
    SevenZip,
}

impl ArchiveKind {
    /// Recognises an archive by its first bytes.
    pub(crate) fn recognise(file: &dyn Bytes) -> Option<Self> {
        let mut start = [0; 6];
        file.read_exact_at(&mut start, 0).ok()?;
        match &start {
            b"7z\xBC\xAF\x27\x1C" => Some(Self::SevenZip),
            // The second one is of an archive without files, the third one of a volume.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => Some(Self::Zip),
            _ if zip::is_last_volume(file) => Some(Self::Zip),
            _ => None,
        }
    }
}

/// Which file of an archive the disc is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// The kind of archive.
    pub kind: ArchiveKind,
    /// Its name in the archive.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Bytes that it occupies in the archive; in a solid archive, those of all files that it is packed with.
    pub packed_size: u64,
    /// Whether the archive holds nothing else: no other file, no comment, no bytes that belong to none.
    pub is_only_file: bool,
}

/// The disc in an archive.
pub(crate) struct Disc {
    pub(crate) facts: ArchiveFacts,
    pub(crate) content: DiscContent,
}

/// What a disc consists of.
pub(crate) enum DiscContent {
    /// One file.
    Image(Arc<Unpacked>),
    /// A CUE sheet and the files that it names, in its order.
    Cue(Cue, Vec<Arc<Unpacked>>),
}

enum Archive {
    Zip(Zip),
    SevenZip(SevenZ),
}

impl Archive {
    fn entries(&self) -> Vec<&Entry> {
        match self {
            Self::Zip(zip) => zip.entries().collect(),
            Self::SevenZip(archive) => archive.entries().collect(),
        }
    }

    fn has_more(&self) -> bool {
        match self {
            Self::Zip(zip) => zip.has_more(),
            Self::SevenZip(archive) => archive.has_more(),
        }
    }

    fn unpack(&self, place: usize) -> Result<Unpacked, Error> {
        match self {
            Self::Zip(zip) => zip.unpack(place),
            Self::SevenZip(archive) => archive.unpack(place),
        }
    }
}

/// A ZIP archive with files that need not be discs.
pub struct ZipFiles(Zip);

impl ZipFiles {
    /// Reads the archive's directory.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is damaged.
    pub fn open(file: Arc<dyn Bytes>) -> Result<Self, Error> {
        Zip::open(file).map(Self)
    }

    /// Returns the name and the size of each file.
    pub fn entries(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.entries().map(|entry| (entry.name.as_str(), entry.len))
    }

    /// Unpacks a file by its place among [`entries`](Self::entries). Mind its size first.
    ///
    /// # Errors
    ///
    /// When it cannot be unpacked, or its CRC-32 is wrong.
    ///
    /// # Panics
    ///
    /// When there is no such file.
    pub fn content(&self, place: usize) -> Result<Vec<u8>, Error> {
        self.0.content(place)
    }
}

/// Finds the only disc in an archive.
pub(crate) fn open(kind: ArchiveKind, file: Arc<dyn Bytes>) -> Result<Disc, Error> {
    let archive = match kind {
        ArchiveKind::Zip => Archive::Zip(Zip::open(file)?),
        ArchiveKind::SevenZip => Archive::SevenZip(SevenZ::open(file)?),
    };
    let entries = archive.entries();
    let count = entries.iter().filter(|entry| entry.len > 0).count();
    let facts = |place: usize, used: usize| {
        let Entry { name, len, packed, .. } = entries[place];
        let is_only_file = count == used && !archive.has_more();
        ArchiveFacts { kind, name: name.clone(), size: *len, packed_size: *packed, is_only_file }
    };

    let mut used = Vec::new();
    let mut discs = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if entry.len > cue::MAX_LEN || !entry.has_extension("cue") {
            continue;
        }
        let Some(sheet) = read_cue(&archive, place)? else { continue };
        let mut parts = Vec::new();
        for file in &sheet.files {
            let same = |entry: &&Entry| entry.file_name().eq_ignore_ascii_case(&file.name);
            let part = entries.iter().position(same);
            parts.push(part.ok_or_else(|| CueError::Missing(file.name.clone()))?);
        }
        used.extend(&parts);
        used.push(place);
        discs.push((place, Found::Sheet(sheet, parts)));
    }
    let is_called_disc =
        |place: usize| EXTENSIONS.into_iter().any(|extension| entries[place].has_extension(extension));
    let may_be_disc = |place: usize| entries[place].len >= LEAST_DISC || is_called_disc(place);
    let candidates: Vec<usize> =
        (0..entries.len()).filter(|place| may_be_disc(*place) && !used.contains(place)).collect();
    if candidates.len() > MOST_CANDIDATES {
        return Err(ArchiveError::TooManyFiles(candidates.len() as u64).into());
    }
    let mut unread = None;
    for place in candidates {
        let looked_at = archive.unpack(place).and_then(|unpacked| Ok((is_disc(&unpacked)?, unpacked)));
        match looked_at {
            Ok((true, unpacked)) => discs.push((place, Found::Image(Arc::new(unpacked)))),
            // Perhaps it is damaged.
            Ok((false, unpacked)) if is_called_disc(place) => _ = unpacked.check(|_| true)?,
            Ok(_) => {}
            // Perhaps a program beside the disc: they are often packed in a way of their own.
            Err(Error::Archive(error)) if error.is_about_one_file() && !is_called_disc(place) => {
                unread.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    let names: Vec<String> = discs.iter().map(|(place, _)| entries[*place].name.clone()).collect();
    let Ok([(place, found)]) = <[_; 1]>::try_from(discs) else {
        let error = match &names[..] {
            [] => unread.unwrap_or(ArchiveError::NoDisc),
            names => ArchiveError::SeveralDiscs(names.join(", ")),
        };
        return Err(error.into());
    };
    match found {
        Found::Image(image) => Ok(Disc { facts: facts(place, 1), content: DiscContent::Image(image) }),
        Found::Sheet(sheet, parts) => {
            let unpack = |&part: &usize| archive.unpack(part).map(Arc::new);
            let files = parts.iter().map(unpack).collect::<Result<_, _>>()?;
            let mut facts = facts(place, used.len());
            // Its name is the sheet's; its data is in the first file.
            let first = parts.first().map(|&part| entries[part]);
            facts.size = first.map_or(0, |entry| entry.len);
            facts.packed_size = first.map_or(0, |entry| entry.packed);
            Ok(Disc { facts, content: DiscContent::Cue(sheet, files) })
        }
    }
}

/// Something in an archive that is a disc.
enum Found {
    Image(Arc<Unpacked>),
    /// A sheet, and the places of the files that it names.
    Sheet(Cue, Vec<usize>),
}

/// Reads a CUE sheet; `None` if it is none.
fn read_cue(archive: &Archive, place: usize) -> Result<Option<Cue>, Error> {
    let unpacked = archive.unpack(place)?;
    let mut text = vec![0; usize::try_from(unpacked.len()).expect("a small file")];
    unpacked.read_exact_at(&mut text, 0).map_err(Error::io("the archive"))?;
    unpacked.check(|_| true)?;
    if Cue::is_one(&text) { Ok(Some(Cue::parse(&text)?)) } else { Ok(None) }
}

/// Whether a file begins like a disc image of any kind.
fn is_disc(file: &dyn Bytes) -> Result<bool, Error> {
    let mut start = vec![0; usize::try_from(LEAST_DISC + 2048).expect("a few KiB")];
    let len = file.len().min(start.len() as u64);
    let start = &mut start[..usize::try_from(len).expect("a few KiB")];
    file.read_exact_at(start, 0).map_err(Error::io("the archive"))?;
    let starts = [&b"CISO"[..], b"ZISO", b"DAX\0", b"JISO", b"MComprHD", &crate::cd::SYNC];
    let descriptors = [16 * 2048, 16 * 2336 + 8];
    let has = |at: usize| start.get(at..).is_some_and(|bytes| bytes.starts_with(b"\x01CD001"));
    Ok(starts.iter().any(|bytes| start.starts_with(bytes)) || descriptors.into_iter().any(has))
}
