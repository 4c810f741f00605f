//! Writes the image: CSO v1 and ZSO with blocks of one sector, or the sectors as they are.
//!
//! Header and index come from [`sector_decode::container`]. The header is written last, so an unfinished file
//! does not have one.

use alloc::vec::Vec;

use sector_decode::SECTOR_SIZE;
use sector_decode::container::ciso::{self, Entry, Variant};
use sector_decode::container::{cso, zso};

use crate::dump::Kind;
use crate::dump::pack::Packer;
use crate::failure::Failure;
use crate::files::{Buffer, File};
use crate::platform::{Mode, Platform};

/// Bytes collected before they are written.
const BUFFER: usize = 256 << 10;

/// An image being written.
pub(super) struct Writer<'c> {
    file: File<'c>,
    /// The container around the blocks; an ISO does not have one.
    container: Option<Variant>,
    sectors: u32,
    packer: Packer,
    index: Vec<[u8; 4]>,
    buffer: Vec<u8>,
    /// The position of the next block.
    position: u64,
}

impl<'c> Writer<'c> {
    /// Returns the maximum size of an image in bytes. `None` when the format cannot hold that many sectors.
    pub(super) fn most_bytes(kind: Kind, sectors: u32) -> Option<u64> {
        let plain = u64::from(sectors) * u64::from(SECTOR_SIZE);
        if container(kind).is_none() {
            return Some(plain);
        }
        let most = ciso::index_end(sectors) + plain;
        (most <= u64::from(ciso::WRITTEN.max_position)).then_some(most)
    }

    /// Creates the file, with zeros in place of the header and index.
    pub(super) fn create(
        console: &'c dyn Platform,
        path: &str,
        kind: Kind,
        sectors: u32,
    ) -> Result<Self, Failure> {
        let (container, mut index) = (container(kind), Vec::new());
        if container.is_some() {
            let entries = sectors as usize + 1;
            index.try_reserve_exact(entries).map_err(|_| Failure::OutOfMemory { bytes: 4 * entries })?;
        }
        let mut buffer = Vec::new();
        let bytes = BUFFER + SECTOR_SIZE as usize;
        buffer.try_reserve_exact(bytes).map_err(|_| Failure::OutOfMemory { bytes })?;
        let file = File::open(console, path, Mode::Create)?;
        let packer = Packer::new(kind);
        let mut writer = Self { file, container, sectors, packer, index, buffer, position: 0 };
        if container.is_some() {
            let mut left = ciso::index_end(sectors);
            let zeros = Buffer::new(BUFFER)?;
            while left > 0 {
                let part = left.min(BUFFER as u64);
                writer.file.write(&zeros[..usize::try_from(part).unwrap_or(0)])?;
                left -= part;
            }
            writer.position = ciso::index_end(sectors);
        }
        Ok(writer)
    }

    /// Adds whole sectors.
    pub(super) fn add(&mut self, sectors: &[u8]) -> Result<(), Failure> {
        for sector in sectors.chunks(SECTOR_SIZE as usize) {
            let packed = self.packer.pack(sector);
            let is_plain = packed.is_none();
            let bytes = packed.unwrap_or(sector);
            if self.container.is_some() {
                self.index.push(entry(self.position, is_plain, self.sectors)?);
            }
            self.buffer.extend_from_slice(bytes);
            self.position += bytes.len() as u64;
            if self.buffer.len() >= BUFFER {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes the remaining data, then the index, then the header; returns the file's length.
    pub(super) fn finish(mut self) -> Result<u64, Failure> {
        self.flush()?;
        if let Some(variant) = self.container {
            self.index.push(entry(self.position, false, self.sectors)?);
            self.file.seek(ciso::HEADER_LEN as u64)?;
            for entries in self.index.chunks(BUFFER / 4) {
                self.file.write(entries.as_flattened())?;
            }
            let size = u64::from(self.sectors) * u64::from(SECTOR_SIZE);
            self.file.seek(0)?;
            self.file.write(&variant.to_bytes(&variant.header(size, SECTOR_SIZE, SHIFT)))?;
        }
        self.file.close()?;
        Ok(self.position)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.file.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Positions are not shifted: UMDs are always smaller than 2 GiB.
const SHIFT: u8 = 0;

/// The container for an image of this kind; none for an ISO.
const fn container(kind: Kind) -> Option<Variant> {
    match kind {
        Kind::Cso => Some(cso::VARIANT),
        Kind::Zso => Some(zso::VARIANT),
        Kind::Iso => None,
    }
}

/// The index entry of a block. `most_bytes` has made sure that the position fits.
fn entry(position: u64, flag: bool, sectors: u32) -> Result<[u8; 4], Failure> {
    Entry { position, flag }.encode(SHIFT).ok_or(Failure::TooLarge { sectors })
}
