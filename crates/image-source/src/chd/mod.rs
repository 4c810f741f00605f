//! CHD version 5, as MAME's chdman writes it (formats.md has the layout).
//!
//! The crate `chd` reads the header and the hunk map and provides the codecs. This module adds limits for
//! untrusted numbers before the map is read, decoding on any number of threads, and the CRC check of each
//! hunk.

mod bin;
mod hunk;
mod metadata;

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use ::chd::header::Header;
use ::chd::map::Map;
use sha1::{Digest, Sha1};

pub(crate) use self::bin::dump;
use self::hunk::{Codec, Decoder};
pub(crate) use self::metadata::ChdTrack;
use self::metadata::Metadata;
use crate::bytes::{Bytes, is_more_than_zeros};
use crate::error::Error;

/// The first bytes of every CHD.
pub(crate) const MAGIC: [u8; 8] = *b"MComprHD";
/// Length of the header of version 5.
const HEADER_LEN: usize = 124;
/// The largest hunk that chdman allows. It bounds the memory for decoding, together with the codecs' own
/// buffers.
const MAX_HUNK: u32 = 1 << 20;
/// More than a dual-layer DVD holds, even at 2448 bytes per sector. It bounds the map's memory.
const MAX_LOGICAL: u64 = 11 << 30;
/// One unit of a CD: a raw sector and its subcode.
pub(crate) const CD_UNIT: u32 = 2448;

/// An open CHD.
pub(crate) struct Chd {
    file: Arc<dyn Bytes>,
    pub(crate) hunk_bytes: u32,
    pub(crate) unit_bytes: u32,
    logical_bytes: u64,
    /// `None` if it was never computed: chdman omits it from uncompressed CHDs.
    pub(crate) raw_sha1: Option<[u8; 20]>,
    /// The SHA-1 of content and metadata in the header, and what it is by both.
    pub(crate) overall_sha1: Option<[[u8; 20]; 2]>,
    codecs: Vec<Codec>,
    map: Map,
    map_end: u64,
    metadata: Metadata,
    /// Idle decoders.
    idle: Mutex<Vec<Decoder>>,
}

impl Chd {
    /// Reads header, map and metadata.
    pub(crate) fn open(file: Arc<dyn Bytes>) -> Result<Self, Error> {
        let mut head = [0; HEADER_LEN];
        let head_len = head.len().min(usize::try_from(file.len()).unwrap_or(usize::MAX));
        file.read_exact_at(&mut head[..head_len], 0).map_err(Error::io("the header"))?;
        let field = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let wide = |at: usize| u64::from(field(at)) << 32 | u64::from(field(at + 4));
        if head_len < 16 {
            return Err(Error::Chd("the file ends inside of its header"));
        }
        if field(12) != 5 {
            return Err(Error::ChdVersion(field(12)));
        }
        if head_len < HEADER_LEN || field(8) as usize != HEADER_LEN {
            return Err(Error::Chd("the header has a wrong length"));
        }
        if head[104..124] != [0; 20] {
            return Err(Error::NeedsParent { parent: hex(&head[104..124]) });
        }
        let (logical_bytes, map_at) = (wide(32), wide(40));
        let (hunk_bytes, unit_bytes) = (field(56), field(60));
        check_sizes(logical_bytes, hunk_bytes, unit_bytes)?;
        let codecs = [16, 20, 24, 28].map(|at| [head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let codecs: Vec<Codec> = codecs
            .into_iter()
            .filter(|tag| *tag != [0; 4])
            .map(|tag| Codec::of_tag(tag, hunk_bytes))
            .collect::<Result<_, _>>()?;
        let map_end =
            check_map(&*file, map_at, logical_bytes.div_ceil(hunk_bytes.into()), !codecs.is_empty())?;
        let map = guarded(|| {
            let mut cursor = Cursor { bytes: &*file, at: 0 };
            let header = Header::try_read_header(&mut cursor)?;
            Map::try_read_map(&header, &mut cursor)
        })
        .ok_or(Error::Chd("its map of hunks cannot be read"))?;
        let metadata = Metadata::read(&*file, wide(48))?;
        let raw_sha1 = head[64..84].first_chunk().copied().filter(|sha1| *sha1 != [0; 20]);
        let overall = head[84..104].first_chunk().copied().filter(|sha1| *sha1 != [0; 20]);
        let computed = raw_sha1.and_then(|raw| metadata.overall_sha1(raw));
        let overall_sha1 = overall.zip(computed).map(|(overall, computed)| [overall, computed]);
        Ok(Self {
            file,
            hunk_bytes,
            unit_bytes,
            logical_bytes,
            raw_sha1,
            overall_sha1,
            codecs,
            map,
            map_end,
            metadata,
            idle: Mutex::default(),
        })
    }

    /// Returns the tracks of a CD; none for a DVD or a raw CHD.
    pub(crate) fn tracks(&self) -> &[ChdTrack] {
        &self.metadata.tracks
    }

    /// Returns whether it is marked as a DVD.
    pub(crate) fn is_dvd(&self) -> bool {
        self.metadata.is_dvd
    }

    /// Returns the codecs' tags; none when nothing is packed.
    pub(crate) fn codecs(&self) -> Vec<&'static str> {
        self.codecs.iter().map(|codec| codec.name()).collect()
    }

    /// Returns whether the file goes on after header, map, metadata and hunks with more than zeros.
    pub(crate) fn goes_on(&self) -> bool {
        let hunks = (0..self.map.len()).filter_map(|hunk| hunk::end(&self.map, hunk));
        let end = hunks.chain([self.map_end, self.metadata.end]).fold(HEADER_LEN as u64, u64::max);
        is_more_than_zeros(end..self.file.len(), |buf, at| self.file.read_exact_at(buf, at))
    }

    /// Decodes everything and returns its SHA-1.
    pub(crate) fn sha1(&self, mut go_on: impl FnMut(u64) -> bool) -> Result<Option<[u8; 20]>, Error> {
        let mut digest = Sha1::new();
        let mut buf = vec![0; 1 << 20];
        let mut at = 0;
        while at < self.logical_bytes {
            let left = usize::try_from(self.logical_bytes - at).unwrap_or(usize::MAX);
            let piece = left.min(buf.len());
            self.read_exact_at(&mut buf[..piece], at).map_err(Error::io("the CHD"))?;
            digest.update(&buf[..piece]);
            at += piece as u64;
            if !go_on(piece as u64) {
                return Ok(None);
            }
        }
        Ok(Some(digest.finalize().into()))
    }
}

impl Bytes for Chd {
    fn len(&self) -> u64 {
        self.logical_bytes
    }

    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        if offset.checked_add(buf.len() as u64).is_none_or(|end| end > self.logical_bytes) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut decoder = match taken {
            Some(decoder) => decoder,
            None => Decoder::new(&self.codecs, self.hunk_bytes)?,
        };
        while !buf.is_empty() {
            let within = usize::try_from(offset % u64::from(self.hunk_bytes)).expect("less than a hunk");
            // The number fits: check_sizes has bounded the number of hunks.
            let hunk = u32::try_from(offset / u64::from(self.hunk_bytes)).expect("a hunk's number");
            let count = buf.len().min(self.hunk_bytes as usize - within);
            let (now, rest) = std::mem::take(&mut buf).split_at_mut(count);
            now.copy_from_slice(&decoder.hunk(&*self.file, &self.map, hunk)?[within..within + count]);
            buf = rest;
            offset += count as u64;
        }
        idle().push(decoder);
        Ok(())
    }
}

/// Refuses impossible sizes before anything is allocated.
fn check_sizes(logical_bytes: u64, hunk_bytes: u32, unit_bytes: u32) -> Result<(), Error> {
    if logical_bytes == 0 || logical_bytes > MAX_LOGICAL {
        return Err(Error::Chd("its size is none of a disc"));
    }
    if unit_bytes == 0 || hunk_bytes == 0 || hunk_bytes > MAX_HUNK || !hunk_bytes.is_multiple_of(unit_bytes) {
        return Err(Error::Chd("its hunk size cannot be right"));
    }
    // The number of hunks of a disc whose hunks are one sector each; the map takes 12 bytes for each.
    if logical_bytes / u64::from(hunk_bytes) > MAX_LOGICAL / 2048 {
        return Err(Error::Chd("it has more hunks than a disc has sectors"));
    }
    Ok(())
}

/// Refuses a map that extends past the end of the file, before it is read; returns where it ends.
fn check_map(file: &dyn Bytes, map_at: u64, hunks: u64, is_packed: bool) -> Result<u64, Error> {
    let needed = if is_packed {
        let mut len = [0; 4];
        file.read_exact_at(&mut len, map_at).map_err(|_| Error::Chd("its map lies outside of the file"))?;
        16 + u64::from(u32::from_be_bytes(len))
    } else {
        hunks * 4
    };
    let end = map_at.checked_add(needed).filter(|&end| end <= file.len());
    end.ok_or(Error::Chd("its map lies outside of the file"))
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether a panic of this thread would be caught right now, and be an error about the file.
///
/// A program asks for it in its panic hook, which is called all the same: such a panic is not worth a message.
#[must_use]
pub fn catches_panics() -> bool {
    IS_GUARDED.get()
}

/// Runs code that may panic on crafted input.
fn guarded<T>(work: impl FnOnce() -> ::chd::Result<T>) -> Option<T> {
    IS_GUARDED.set(true);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    IS_GUARDED.set(false);
    result.ok()?.ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file in the form that the crate `chd` expects.
struct Cursor<'a> {
    bytes: &'a dyn Bytes,
    at: u64,
}

impl Read for Cursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.bytes.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let count = left.min(buf.len());
        self.bytes.read_exact_at(&mut buf[..count], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
