//! 7z archives: where their files are, and how they are packed (7zFormat.txt of the LZMA SDK).

use std::io::{self, Read};
use std::sync::Arc;

use super::coder::{self, Coder};
use super::entry::{Entry, Stored, Unpacked, shown};
use super::fields::Fields;
use super::forward::Forward;
use super::section::{Section, Stop};
use super::sevenz_header::{self, Folder, Header, Method, Streams};
use super::{MOST_DIRECTORY, MOST_FILES};
use crate::archive_error::ArchiveError;
use crate::bytes::Bytes;
use crate::error::Error;

const START_LEN: usize = 32;
/// A header that is packed may contain another one that is, but not for ever.
const MOST_LAYERS: u32 = 4;

const CUT_OFF: ArchiveError = ArchiveError::Structure(
    "the directory at its end is missing or wrong, so it is probably cut off, or the first of several volumes",
);
const WRONG_HEADER: ArchiveError = ArchiveError::Structure("its directory has impossible entries");

/// The directory of an archive.
pub(super) struct SevenZ {
    file: Arc<dyn Bytes>,
    folders: Vec<Folder>,
    files: Vec<File>,
    /// Where the directory ends, which is last.
    end: u64,
}

struct File {
    entry: Entry,
    /// The folder that it is packed in.
    folder: usize,
    /// Unpacked bytes before it in its folder.
    skip: u64,
    crc: Option<u32>,
}

impl SevenZ {
    pub(super) fn open(file: Arc<dyn Bytes>) -> Result<Self, Error> {
        let (mut bytes, end) = directory(&*file)?;
        for _ in 0..MOST_LAYERS {
            match sevenz_header::parse(&bytes, MOST_FILES).ok_or(WRONG_HEADER)? {
                Header::Packed(streams) => bytes = unpack_header(&file, &streams)?,
                Header::Files { streams, names } => return Self::of(file, streams, names, end),
            }
        }
        Err(WRONG_HEADER.into())
    }

    fn of(
        file: Arc<dyn Bytes>,
        streams: Streams,
        names: Vec<Option<String>>,
        end: u64,
    ) -> Result<Self, Error> {
        let mut files = Vec::new();
        // Files that are not empty have their streams in the same order.
        let mut filled = names.into_iter().flatten();
        for (number, folder) in streams.folders.iter().enumerate() {
            let mut skip = 0_u64;
            for stream in &folder.streams {
                let name = shown(&filled.next().ok_or(WRONG_HEADER)?);
                let is_encrypted = folder.coders.iter().any(|coder| coder.method == Method::Aes);
                let packed = folder.packed_len;
                let entry = Entry { name, len: stream.len, packed, is_encrypted };
                files.push(File { entry, folder: number, skip, crc: stream.crc });
                skip = skip.checked_add(stream.len).ok_or(WRONG_HEADER)?;
            }
            if skip > folder.len().unwrap_or(0) && !folder.streams.is_empty() {
                return Err(WRONG_HEADER.into());
            }
        }
        if filled.next().is_some() {
            return Err(WRONG_HEADER.into());
        }
        Ok(Self { file, folders: streams.folders, files, end })
    }

    /// Returns whether it has bytes after its directory, which is its end.
    pub(super) fn has_more(&self) -> bool {
        self.end != self.file.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.files.iter().map(|file| &file.entry)
    }

    /// Opens a file by its place in the directory.
    pub(super) fn unpack(&self, place: usize) -> Result<Unpacked, Error> {
        let file = &self.files[place];
        let (name, len, skip) = (file.entry.name.clone(), file.entry.len, file.skip);
        let folder = &self.folders[file.folder];
        let coders = coders(folder, &name)?;
        let start = folder.start;
        if start.checked_add(folder.packed_len).is_none_or(|end| end > self.file.len()) {
            return Err(CUT_OFF.into());
        }
        let archive = self.file.clone();
        if coders == [Coder::Copy] {
            if skip.checked_add(len).is_none_or(|end| end > folder.packed_len) {
                return Err(WRONG_HEADER.into());
            }
            let start = start + skip;
            return Ok(Unpacked::Stored(Stored { archive, name, start, len, crc: file.crc }));
        }
        let packed = folder.packed_len;
        let open = move |stop: Stop| {
            let section = Section::new(archive.clone(), start, packed, stop);
            let mut decoder = coder::chain(section, &coders)?;
            let skipped = io::copy(&mut decoder.by_ref().take(skip), &mut io::sink())?;
            if skipped < skip {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(decoder)
        };
        Ok(Unpacked::Forward(Forward::new(name, len, file.crc, false, Box::new(open))))
    }
}

/// Reads the directory that the first bytes of the archive refer to.
fn directory(file: &dyn Bytes) -> Result<(Vec<u8>, u64), Error> {
    let mut start = [0; START_LEN];
    if file.len() < start.len() as u64 {
        return Err(CUT_OFF.into());
    }
    file.read_exact_at(&mut start, 0).map_err(Error::io("the archive"))?;
    let mut fields = Fields::new(&start[8..]);
    let crc = fields.u32();
    if crc != Some(crc32fast::hash(&start[12..])) {
        return Err(ArchiveError::Structure("its first bytes do not have the CRC that they say").into());
    }
    let place = (|| Some((fields.u64()?, fields.u64()?, fields.u32()?)))();
    let (offset, len, crc) = place.expect("the rest of the start");
    let at = offset.checked_add(START_LEN as u64).ok_or(CUT_OFF)?;
    if len == 0 {
        return Err(ArchiveError::NoDisc.into());
    }
    let end = at.checked_add(len).filter(|&end| end <= file.len()).ok_or(CUT_OFF)?;
    let mut bytes = vec![0; small(len)?];
    file.read_exact_at(&mut bytes, at).map_err(Error::io("the archive"))?;
    if crc32fast::hash(&bytes) == crc { Ok((bytes, end)) } else { Err(CUT_OFF.into()) }
}

/// The length of a directory, which must fit into memory.
fn small(len: u64) -> Result<usize, Error> {
    if len > MOST_DIRECTORY {
        return Err(ArchiveError::Structure("its directory is too large").into());
    }
    Ok(usize::try_from(len).expect("at most a few MiB"))
}

fn unpack_header(file: &Arc<dyn Bytes>, streams: &Streams) -> Result<Vec<u8>, Error> {
    let [folder] = &streams.folders[..] else { return Err(WRONG_HEADER.into()) };
    let name = "the list of files";
    let coders = coders(folder, name).map_err(|error| match error {
        ArchiveError::Encrypted(_) => ArchiveError::Encrypted(None),
        error => error,
    })?;
    let len = folder.len().ok_or(WRONG_HEADER)?;
    let section = Section::new(file.clone(), folder.start, folder.packed_len, Stop::default());
    let mut bytes = vec![0; small(len)?];
    let read = coder::chain(section, &coders).and_then(|mut decoder| decoder.read_exact(&mut bytes));
    read.map_err(|_| WRONG_HEADER)?;
    let expected = folder.streams.first().and_then(|stream| stream.crc);
    if expected.is_some_and(|expected| expected != crc32fast::hash(&bytes)) {
        return Err(WRONG_HEADER.into());
    }
    Ok(bytes)
}

/// Finds the decoders of a folder, in the order in which they are applied.
fn coders(folder: &Folder, name: &str) -> Result<Vec<Coder>, ArchiveError> {
    if folder.coders.iter().any(|coder| coder.method == Method::Aes) {
        return Err(ArchiveError::Encrypted(Some(name.to_owned())));
    }
    let method = |method: &str| ArchiveError::Method { name: name.to_owned(), method: method.to_owned() };
    let order = folder.order().ok_or_else(|| method("several streams (BCJ2)"))?;
    let mut coders = Vec::new();
    for step in order {
        let len = step.len;
        let mut properties = Fields::new(&step.properties);
        let parsed = match &step.method {
            Method::Copy => Some(Coder::Copy),
            Method::Deflate => Some(Coder::Deflate),
            Method::Deflate64 => Some(Coder::Deflate64),
            Method::Bzip2 => Some(Coder::Bzip2),
            Method::Zstd => Some(Coder::Zstd { len }),
            Method::Lzma => Coder::lzma(properties, len),
            Method::Lzma2 => properties
                .u8()
                .and_then(lzma2_dictionary)
                .map(|size| Coder::Lzma2 { dictionary: coder::dictionary(size, len) }),
            Method::Ppmd => (|| {
                let (order, memory) = (properties.u8()?, properties.u32()?);
                Some(Coder::Ppmd { order, memory, len })
            })(),
            Method::Delta => properties.u8().map(|byte| Coder::Delta { distance: u16::from(byte) + 1 }),
            Method::Jumps(of) => {
                let start = if properties.is_empty() { Some(0) } else { properties.u32() };
                start.map(|start| Coder::Jumps { of: *of, start })
            }
            Method::Aes => unreachable!("refused above"),
            Method::Other(id) => return Err(method(id)),
        };
        coders.push(parsed.ok_or(WRONG_HEADER)?);
    }
    coder::check_memory(name, &coders)?;
    Ok(coders)
}

fn lzma2_dictionary(size: u8) -> Option<u32> {
    match size {
        0..=39 => Some((2 | u32::from(size & 1)) << (size / 2 + 11)),
        40 => Some(u32::MAX),
        _ => None,
    }
}
