//! Just enough of ISO9660 (ECMA-119) to find one file by its path and read it.
//!
//! Every step is bounded. A path has as many components as the caller names, so directories that contain
//! themselves are harmless. A directory is read up to a fixed size. Nothing outside the image is requested.
//! Numbers that the standard stores in both byte orders are read from the little-endian half, the native
//! order of both consoles.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use sector_decode::{Lba, ReadAt, SECTOR_SIZE};

use crate::clean;

const SECTOR: usize = SECTOR_SIZE as usize;
/// The first volume descriptor; where both consoles expect the primary one.
const PRIMARY_DESCRIPTOR: Lba = Lba(16);
/// Only the first 256 KiB of a directory are searched: about 5000 entries, far more than a root directory
/// has.
const MAX_DIRECTORY_SECTORS: u32 = 128;

/// A file or directory: some sectors of the image.
#[derive(Clone, Copy, Debug)]
struct Extent {
    first: Lba,
    /// In bytes.
    len: u32,
    is_directory: bool,
}

/// Where a file's content is.
#[cfg(feature = "achievements")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FilePlace {
    /// In bytes from the beginning of the image. It may be past the end.
    pub(crate) start: u64,
    /// In bytes.
    pub(crate) len: u32,
}

/// The result of looking for a file.
pub(crate) enum File {
    /// It does not exist, or is outside the image.
    Missing,
    /// A directory that may contain it could not be read.
    Unknown,
    /// It exists, but its bytes cannot be read.
    Unreadable,
    /// Its first bytes.
    Read(Vec<u8>),
}

impl File {
    /// Whether a directory lists the file.
    pub(crate) const fn is_there(&self) -> bool {
        matches!(self, Self::Unreadable | Self::Read(_))
    }

    /// Its bytes, if they could be read.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Read(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The file system of a disc.
#[derive(Clone, Debug)]
pub(crate) struct Volume {
    image_len: u64,
    sectors: u32,
    id: [u8; 32],
    root: Extent,
}

impl Volume {
    /// Reads the primary volume descriptor. `None` when there is none, or when its sector size differs.
    pub(crate) fn open<R: ReadAt>(image: &mut R) -> Result<Option<Self>, R::Error> {
        let image_len = image.byte_len()?;
        let mut descriptor = [0; SECTOR];
        if PRIMARY_DESCRIPTOR.byte_offset() + u64::from(SECTOR_SIZE) > image_len {
            return Ok(None);
        }
        image.read_exact_at(&mut descriptor, PRIMARY_DESCRIPTOR.byte_offset())?;
        // Type 1, standard identifier, version 1.
        if !descriptor.starts_with(b"\x01CD001\x01") || u16_at(&descriptor, 128) != 2048 {
            return Ok(None);
        }
        let mut id = [0; 32];
        id.copy_from_slice(&descriptor[40..72]);
        // The descriptor itself contains the root's record. If that is invalid, the volume is still valid,
        // just without files.
        let root = Record::parse(&descriptor[156..190])
            .map_or(Extent { first: Lba(0), len: 0, is_directory: true }, |record| record.extent);
        Ok(Some(Self { image_len, sectors: u32_at(&descriptor, 80), id, root }))
    }

    /// Returns the volume identifier without its padding spaces.
    pub(crate) fn id(&self) -> Option<String> {
        clean(self.id.split(|&byte| byte == 0).next().unwrap_or_default())
    }

    /// Returns the size of the volume in sectors, by its descriptor.
    pub(crate) const fn sectors(&self) -> u32 {
        self.sectors
    }

    /// Reads the first `limit` bytes of the file at `path`, ignoring case.
    pub(crate) fn read_file<R: ReadAt>(&self, image: &mut R, path: &[&str], limit: u32) -> File {
        let mut at = self.root;
        for name in path {
            if !at.is_directory {
                return File::Missing;
            }
            match self.find(image, at, name) {
                Ok(Some(found)) => at = found,
                Ok(None) => return File::Missing,
                Err(_) => return File::Unknown,
            }
        }
        let start = at.first.byte_offset();
        let len = u64::from(at.len.min(limit)).min(self.image_len.saturating_sub(start));
        let len = usize::try_from(len).unwrap_or(0);
        if at.is_directory || (len == 0 && at.len > 0) {
            return File::Missing;
        }
        let mut bytes = vec![0; len];
        match image.read_exact_at(&mut bytes, start) {
            Ok(()) => File::Read(bytes),
            Err(_) => File::Unreadable,
        }
    }

    /// Looks for the file at `path`, ignoring case.
    #[cfg(feature = "achievements")]
    pub(crate) fn find_file<R: ReadAt>(
        &self,
        image: &mut R,
        path: &[&str],
    ) -> Result<Option<FilePlace>, R::Error> {
        let mut at = self.root;
        for name in path {
            if !at.is_directory {
                return Ok(None);
            }
            match self.find(image, at, name)? {
                Some(found) => at = found,
                None => return Ok(None),
            }
        }
        Ok((!at.is_directory).then(|| FilePlace { start: at.first.byte_offset(), len: at.len }))
    }

    /// Looks for `name` in a directory. An unreadable sector is an error only if none of the others contains
    /// the name.
    fn find<R: ReadAt>(
        &self,
        image: &mut R,
        directory: Extent,
        name: &str,
    ) -> Result<Option<Extent>, R::Error> {
        let sectors = directory.len.div_ceil(SECTOR_SIZE).min(MAX_DIRECTORY_SECTORS);
        let mut sector = [0; SECTOR];
        let mut outcome = Ok(None);
        for number in 0..sectors {
            let Some(lba) = directory.first.0.checked_add(number).map(Lba) else { break };
            if lba.byte_offset() + u64::from(SECTOR_SIZE) > self.image_len {
                break;
            }
            if let Err(error) = image.read_exact_at(&mut sector, lba.byte_offset()) {
                outcome = Err(error);
            } else if let Some(found) = find_in_sector(&sector, name) {
                return Ok(Some(found));
            }
        }
        outcome
    }
}

/// Looks through the records of one sector. Records never cross into the next one; a length of zero means
/// that the rest of the sector is unused.
fn find_in_sector(mut records: &[u8], name: &str) -> Option<Extent> {
    while let Some(&len) = records.first().filter(|&&len| len > 0) {
        let (record, rest) = records.split_at_checked(usize::from(len))?;
        // An invalid record may still be followed by the wanted one.
        if let Some(record) = Record::parse(record).filter(|record| record.is_named(name)) {
            return Some(record.extent);
        }
        records = rest;
    }
    None
}

/// A directory record.
struct Record<'a> {
    extent: Extent,
    name: &'a [u8],
}

impl<'a> Record<'a> {
    /// Everything before the name.
    const HEAD: usize = 33;

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let name_len = usize::from(*bytes.get(Self::HEAD - 1)?);
        let name = bytes.get(Self::HEAD..Self::HEAD + name_len)?;
        // Data begins after the extended attribute record, if there is one.
        let first = u32_at(bytes, 2).checked_add(u32::from(bytes[1]))?;
        let is_directory = bytes[25] & 2 != 0;
        Some(Self { extent: Extent { first: Lba(first), len: u32_at(bytes, 10), is_directory }, name })
    }

    /// Compares without the version (`;1`) and without the trailing dot of names that do not have an
    /// extension.
    fn is_named(&self, wanted: &str) -> bool {
        let name = self.name.split(|&byte| byte == b';').next().unwrap_or_default();
        let name = name.strip_suffix(b".").unwrap_or(name);
        name.eq_ignore_ascii_case(wanted.as_bytes())
    }
}

/// Callers pass offsets inside the descriptor or record, whose length they have checked.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
