//! The directory of a ZIP archive (APPNOTE.TXT 6.3.10, 4.3 and 4.5.3).

use std::sync::Arc;

use super::coder::{self, Coder};
use super::entry::{Entry, Stored, Unpacked, shown};
use super::fields::Fields;
use super::forward::Forward;
use super::section::{Section, Stop};
use super::{MOST_DIRECTORY, MOST_FILES};
use crate::archive_error::ArchiveError;
use crate::bytes::Bytes;
use crate::error::Error;

const LOCAL: u32 = 0x0403_4B50;
const DESCRIPTOR: u32 = 0x0807_4B50;
const CENTRAL: u32 = 0x0201_4B50;
const END: u32 = 0x0605_4B50;
const END_64: u32 = 0x0606_4B50;
const LOCATOR_64: u32 = 0x0706_4B50;

const END_LEN: usize = 22;
const LOCATOR_LEN: usize = 20;
const END_64_LEN: usize = 56;
const LOCAL_LEN: usize = 30;
const MOST_COMMENT: u64 = 0xFFFF;

const ENCRYPTED: u16 = 1;
const HAS_DESCRIPTOR: u16 = 1 << 3;
const STRONG_ENCRYPTION: u16 = 1 << 6;

const NO_DIRECTORY: ArchiveError =
    ArchiveError::Structure("there is no directory at its end, so it is probably cut off");

const WRONG_SETTINGS: ArchiveError =
    ArchiveError::Structure("a file in it has impossible settings of its decoder");

/// The directory of an archive.
pub(super) struct Zip {
    file: Arc<dyn Bytes>,
    files: Vec<File>,
    /// Where the directory begins, and the files end.
    directory: u64,
    /// Bytes of the directory and of what follows it.
    end_len: u64,
}

struct File {
    entry: Entry,
    raw_name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    /// Whether its sizes are those of ZIP64.
    is_large: bool,
    /// Where its local header is.
    header: u64,
}

/// Position of the directory.
struct Place {
    start: u64,
    len: u64,
    count: u64,
    /// Where it must have ended.
    end: u64,
    /// Bytes after the directory that are accounted for.
    rest: u64,
}

impl Zip {
    pub(super) fn open(file: Arc<dyn Bytes>) -> Result<Self, Error> {
        let place = find_directory(&*file)?;
        if place.count > MOST_FILES || place.len > MOST_DIRECTORY {
            return Err(ArchiveError::TooManyFiles(place.count).into());
        }
        if place.start.checked_add(place.len).is_none_or(|end| end > place.end) {
            return Err(ArchiveError::Structure("its directory is longer than it is").into());
        }
        let mut bytes = vec![0; usize::try_from(place.len).expect("a small directory")];
        file.read_exact_at(&mut bytes, place.start).map_err(Error::io("the archive"))?;
        let mut fields = Fields::new(&bytes);
        let mut files = Vec::new();
        for _ in 0..place.count {
            let wrong = ArchiveError::Structure("its directory ends too early or has wrong entries");
            files.push(central(&mut fields).ok_or(wrong)?);
        }
        let zip = Self { file, files, directory: place.start, end_len: place.len + place.rest };
        zip.check_overlaps()?;
        Ok(zip)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.files.iter().map(|file| &file.entry)
    }

    /// Returns whether it has bytes that belong to no file: a comment, a file that is not in the directory, anything before or
    /// after it.
    pub(super) fn has_more(&self) -> bool {
        /// The longest descriptor after a file, and the records of ZIP64 at the end.
        const SLACK: u64 = 24;
        const RECORDS: u64 = (END_64_LEN + LOCATOR_LEN) as u64;
        let of_file = |file: &File| {
            let mut extra = [0; 2];
            let at = file.header + LOCAL_LEN as u64 - 2;
            let extra =
                self.file.read_exact_at(&mut extra, at).map_or(0, |()| u16::from_le_bytes(extra).into());
            (LOCAL_LEN + file.raw_name.len()) as u64 + extra + file.entry.packed
        };
        let used: u64 = self.files.iter().map(of_file).sum::<u64>() + self.end_len;
        self.file.len().saturating_sub(used) > SLACK * self.files.len() as u64 + RECORDS
    }

    /// Refuses files that share bytes, as only archives do that are made to be harmful.
    fn check_overlaps(&self) -> Result<(), ArchiveError> {
        let mut files: Vec<&File> = self.files.iter().collect();
        files.sort_by_key(|file| file.header);
        let end = |file: &File| {
            let header = (LOCAL_LEN + file.raw_name.len()) as u64;
            file.header.checked_add(header)?.checked_add(file.entry.packed)
        };
        for pair in files.windows(2) {
            if end(pair[0]).is_none_or(|end| end > pair[1].header) {
                let name = |file: &File| file.entry.name.clone();
                return Err(ArchiveError::Overlap(name(pair[0]), name(pair[1])));
            }
        }
        let is_inside = files.last().is_none_or(|file| end(file).is_some_and(|end| end <= self.directory));
        if is_inside { Ok(()) } else { Err(ArchiveError::Structure("a file in it overlaps its directory")) }
    }

    /// Opens a file by its place in the directory.
    pub(super) fn unpack(&self, place: usize) -> Result<Unpacked, Error> {
        let file = &self.files[place];
        let (name, len, packed) = (file.entry.name.clone(), file.entry.len, file.entry.packed);
        if file.entry.is_encrypted {
            return Err(ArchiveError::Encrypted(Some(name)).into());
        }
        let (mut start, mut left) = (self.local(file)?, packed);
        // Settings of the decoder, before what it decodes.
        let mut settings = |bytes: &mut [u8]| -> Result<(), Error> {
            let count = bytes.len() as u64;
            let short = ArchiveError::Size { name: name.clone(), expected: len, is_longer: false };
            left = left.checked_sub(count).ok_or(short)?;
            self.file.read_exact_at(bytes, start).map_err(Error::io("the archive"))?;
            start += count;
            Ok(())
        };
        let coder = match file.method {
            0 => {
                if packed != len {
                    return Err(disagree(file, "directory", "size").into());
                }
                let crc = Some(file.crc);
                return Ok(Unpacked::Stored(Stored { archive: self.file.clone(), name, start, len, crc }));
            }
            8 => Coder::Deflate,
            9 => Coder::Deflate64,
            12 => Coder::Bzip2,
            14 => {
                // The packing program's version, the number of properties, and the properties.
                let mut bytes = [0; 9];
                settings(&mut bytes)?;
                if bytes[2..4] != [5, 0] {
                    return Err(WRONG_SETTINGS.into());
                }
                Coder::lzma(Fields::new(&bytes[4..]), len).ok_or(WRONG_SETTINGS)?
            }
            93 => Coder::Zstd { len },
            95 => Coder::Xz,
            98 => {
                let mut bytes = [0; 2];
                settings(&mut bytes)?;
                ppmd(u16::from_le_bytes(bytes), len).ok_or(WRONG_SETTINGS)?
            }
            other => {
                let method = method_name(other);
                return Err(ArchiveError::Method { name, method }.into());
            }
        };
        if matches!(coder, Coder::Deflate | Coder::Deflate64) && len > coder::most_deflated(packed) {
            return Err(ArchiveError::Size { name, expected: len, is_longer: false }.into());
        }
        coder::check_memory(&name, &[coder])?;
        let archive = self.file.clone();
        let open = move |stop: Stop| {
            let section = Section::new(archive.clone(), start, left, stop);
            coder::chain(section, &[coder])
        };
        Ok(Unpacked::Forward(Forward::new(name, len, Some(file.crc), true, Box::new(open))))
    }

    /// Unpacks a file by its place in the directory, and compares its CRC-32.
    pub(super) fn content(&self, place: usize) -> Result<Vec<u8>, Error> {
        let unpacked = self.unpack(place)?;
        let too_large = ArchiveError::Structure("a file in it is too large for the memory");
        let mut content = vec![0; usize::try_from(unpacked.len()).map_err(|_| too_large)?];
        unpacked.read_exact_at(&mut content, 0).map_err(Error::io("the archive"))?;
        unpacked.check(|_| true)?;
        Ok(content)
    }

    /// Compares the local header and the data descriptor with the directory; returns where the data begins.
    fn local(&self, file: &File) -> Result<u64, Error> {
        let mut header = [0; LOCAL_LEN];
        let read = |buf: &mut [u8], at: u64| {
            self.file.read_exact_at(buf, at).map_err(Error::io("the archive"))?;
            Ok::<_, Error>(())
        };
        read(&mut header, file.header)?;
        let parsed = Local::parse(&mut Fields::new(&header));
        let local = parsed.ok_or(ArchiveError::Structure("a file in it has no header"))?;
        let mut name = vec![0; local.name_len.into()];
        read(&mut name, file.header + LOCAL_LEN as u64)?;
        if name != file.raw_name {
            return Err(disagree(file, "header", "name").into());
        }
        if local.method != file.method {
            return Err(disagree(file, "header", "method").into());
        }
        let start = file.header + LOCAL_LEN as u64 + u64::from(local.name_len) + u64::from(local.extra_len);
        let end = start.checked_add(file.entry.packed).filter(|&end| end <= self.directory);
        let end = end.ok_or(ArchiveError::Structure("a file in it overlaps its directory"))?;
        if file.flags & HAS_DESCRIPTOR != 0 {
            self.descriptor(file, end)?;
        } else if local.crc != file.crc {
            return Err(disagree(file, "header", "CRC-32").into());
        } else if [(local.len, file.entry.len), (local.packed, file.entry.packed)]
            .into_iter()
            .any(|(local, size)| local != u32::MAX && u64::from(local) != size)
        {
            return Err(disagree(file, "header", "size").into());
        }
        Ok(start)
    }

    /// Compares the descriptor after a file's data with the directory. Its signature may be missing.
    fn descriptor(&self, file: &File, at: u64) -> Result<(), Error> {
        let left = usize::try_from(self.directory - at).unwrap_or(usize::MAX);
        let mut bytes = [0; 24];
        let bytes = &mut bytes[..left.min(24)];
        self.file.read_exact_at(bytes, at).map_err(Error::io("the archive"))?;
        let sizes = |fields: &mut Fields<'_>, is_large: bool| {
            let mut size = || if is_large { fields.u64() } else { fields.u32().map(u64::from) };
            Some((size()?, size()?))
        };
        let mut fields = Fields::new(bytes);
        let mut after = fields;
        if after.u32() == Some(DESCRIPTOR) {
            fields = after;
        }
        if fields.u32() != Some(file.crc) {
            return Err(disagree(file, "data descriptor", "CRC-32").into());
        }
        // Some programs use the large form without need.
        let expected = Some((file.entry.packed, file.entry.len));
        let is_right = |is_large| sizes(&mut { fields }, is_large) == expected;
        if is_right(file.is_large) || is_right(true) {
            return Ok(());
        }
        Err(disagree(file, "data descriptor", "size").into())
    }
}

/// PPMd's settings: order, memory in MiB, and what is done when that is full. `None` if they are impossible.
fn ppmd(settings: u16, len: u64) -> Option<Coder> {
    let [order, memory, restore] = [settings & 0xF, settings >> 4 & 0xFF, settings >> 12];
    let small = |number: u16| u8::try_from(number).ok();
    let (order, restore) = (small(order + 1)?, small(restore).filter(|&restore| restore < 2)?);
    (order > 1).then_some(Coder::PpmdI { order, memory: u32::from(memory + 1) << 20, restore, len })
}

fn disagree(file: &File, place: &'static str, what: &'static str) -> ArchiveError {
    ArchiveError::Disagree { name: file.entry.name.clone(), place, what }
}

fn method_name(method: u16) -> String {
    match method {
        1..=6 => "a method from before deflate".into(),
        10 => "PKWARE's Implode".into(),
        96 => "JPEG".into(),
        97 => "WavPack".into(),
        other => format!("method {other}"),
    }
}

/// Finds the directory by the record at the end of the archive.
fn find_directory(file: &dyn Bytes) -> Result<Place, Error> {
    let most = file.len().min(END_LEN as u64 + MOST_COMMENT);
    let mut tail = vec![0; usize::try_from(most).expect("a short tail")];
    let tail_start = file.len() - most;
    file.read_exact_at(&mut tail, tail_start).map_err(Error::io("the archive"))?;
    let last = tail.len().checked_sub(END_LEN).ok_or(NO_DIRECTORY)?;
    // The last record whose comment fits.
    let found = (0..=last).rev().find_map(|at| {
        let end = End::parse(&mut Fields::new(&tail[at..]))?;
        (usize::from(end.comment_len) <= last - at).then_some((tail_start + at as u64, end))
    });
    let (at, end) = match found {
        Some(found) => found,
        None if is_first_volume(file) => return Err(ArchiveError::Split.into()),
        None => return Err(NO_DIRECTORY.into()),
    };
    let comment = &tail[usize::try_from(at - tail_start).expect("in the tail") + END_LEN..];
    let comment = &comment[..end.comment_len.into()];
    // Archives of a fixed form have the digest of their directory there.
    let is_torrent_zip = comment.len() == 22 && comment.starts_with(b"TORRENTZIPPED-");
    let rest = (END_LEN + if is_torrent_zip { comment.len() } else { 0 }) as u64;
    let mut place =
        Place { start: end.start.into(), len: end.len.into(), count: end.count.into(), end: at, rest };
    let mut is_split = end.disks != (0, 0) && end.disks != (u16::MAX, u16::MAX);
    if let Some(locator_at) = at.checked_sub(LOCATOR_LEN as u64) {
        let mut bytes = [0; LOCATOR_LEN];
        file.read_exact_at(&mut bytes, locator_at).map_err(Error::io("the archive"))?;
        let mut fields = Fields::new(&bytes);
        if fields.u32() == Some(LOCATOR_64) {
            let missing = ArchiveError::Structure("its ZIP64 record is missing");
            let (_, end_at, disks) = (fields.u32(), fields.u64(), fields.u32());
            is_split |= disks.is_some_and(|disks| disks > 1);
            let end_at = end_at
                .filter(|&end_at| end_at.checked_add(END_64_LEN as u64).is_some_and(|end| end <= locator_at))
                .ok_or_else(|| missing.clone())?;
            let mut bytes = [0; END_64_LEN];
            file.read_exact_at(&mut bytes, end_at).map_err(Error::io("the archive"))?;
            place = Place { rest, ..end_64(&mut Fields::new(&bytes), end_at).ok_or(missing)? };
        }
    }
    if is_split {
        return Err(ArchiveError::Split.into());
    }
    Ok(place)
}

/// Whether a file is the first volume of an archive: it begins with a mark of its own (APPNOTE.TXT, 8.5.3).
fn is_first_volume(file: &dyn Bytes) -> bool {
    let mut start = [0; 4];
    file.read_exact_at(&mut start, 0).is_ok() && u32::from_le_bytes(start) == DESCRIPTOR
}

/// Whether a file ends like the last volume of an archive, which begins with anything.
pub(super) fn is_last_volume(file: &dyn Bytes) -> bool {
    let mut end = [0; END_LEN];
    let Some(at) = file.len().checked_sub(END_LEN as u64) else { return false };
    let end = file.read_exact_at(&mut end, at).ok().and_then(|()| End::parse(&mut Fields::new(&end)));
    end.is_some_and(|end| !matches!(end.disks.0, 0 | u16::MAX) && end.comment_len == 0)
}

/// The record at the end.
struct End {
    disks: (u16, u16),
    count: u16,
    len: u32,
    start: u32,
    comment_len: u16,
}

impl End {
    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        if fields.u32()? != END {
            return None;
        }
        let disks = (fields.u16()?, fields.u16()?);
        let _count_here = fields.u16()?;
        Some(Self {
            disks,
            count: fields.u16()?,
            len: fields.u32()?,
            start: fields.u32()?,
            comment_len: fields.u16()?,
        })
    }
}

fn end_64(fields: &mut Fields<'_>, at: u64) -> Option<Place> {
    if fields.u32()? != END_64 {
        return None;
    }
    // Its size, two versions, two disk numbers, and how many files are on this disk.
    fields.bytes(8 + 2 + 2 + 4 + 4 + 8)?;
    let (count, len, start) = (fields.u64()?, fields.u64()?, fields.u64()?);
    Some(Place { start, len, count, end: at, rest: 0 })
}

/// The header before a file's data.
struct Local {
    method: u16,
    crc: u32,
    packed: u32,
    len: u32,
    name_len: u16,
    extra_len: u16,
}

impl Local {
    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        if fields.u32()? != LOCAL {
            return None;
        }
        let (_version, _flags) = (fields.u16()?, fields.u16()?);
        let method = fields.u16()?;
        let _time = fields.u32()?;
        Some(Self {
            method,
            crc: fields.u32()?,
            packed: fields.u32()?,
            len: fields.u32()?,
            name_len: fields.u16()?,
            extra_len: fields.u16()?,
        })
    }
}

/// Reads one entry of the directory.
fn central(fields: &mut Fields<'_>) -> Option<File> {
    if fields.u32()? != CENTRAL {
        return None;
    }
    let (_made_by, _needs) = (fields.u16()?, fields.u16()?);
    let (flags, method) = (fields.u16()?, fields.u16()?);
    let _time = fields.u32()?;
    let crc = fields.u32()?;
    let (packed, len) = (fields.u32()?, fields.u32()?);
    let (name_len, extra_len, comment_len) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let (_disk, _attributes, _more_attributes) = (fields.u16()?, fields.u16()?, fields.u32()?);
    let header = fields.u32()?;
    let raw_name = fields.bytes(name_len.into())?.to_vec();
    let mut large = zip64(fields.bytes(extra_len.into())?);
    fields.bytes(comment_len.into())?;
    // The extra field has only those numbers that do not fit.
    let mut size = |small: u32| {
        if small == u32::MAX { large.as_mut().and_then(Fields::u64) } else { Some(small.into()) }
    };
    let entry_len = size(len)?;
    let entry_packed = size(packed)?;
    let header = size(header)?;
    let name = shown(&String::from_utf8_lossy(&raw_name));
    let is_encrypted = flags & (ENCRYPTED | STRONG_ENCRYPTION) != 0 || method == 99;
    let entry = Entry { name, len: entry_len, packed: entry_packed, is_encrypted };
    let is_large = len == u32::MAX || packed == u32::MAX;
    Some(File { entry, raw_name, flags, method, crc, is_large, header })
}

/// Finds the ZIP64 numbers in an extra field.
fn zip64(extra: &[u8]) -> Option<Fields<'_>> {
    let mut fields = Fields::new(extra);
    loop {
        let (id, len) = (fields.u16()?, fields.u16()?);
        let content = fields.bytes(len.into())?;
        if id == 1 {
            return Some(Fields::new(content));
        }
    }
}
