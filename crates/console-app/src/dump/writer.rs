//! Writes the image: CSO v1 and ZSO with blocks of one sector, or the plain sectors.
//!
//! Both packed formats have a header of 24 bytes, an index of 32-bit positions whose top bit marks plain blocks, one more
//! than there are blocks, and then the blocks (docs/formats/cso.md, docs/formats/zso.md). The header is written last: a
//! file that was not finished has none.

use alloc::vec::Vec;

use sector_decode::SECTOR_SIZE;

use crate::console::{Console, Mode};
use crate::dump::Kind;
use crate::dump::pack::Packer;
use crate::failure::Failure;
use crate::files::{Buffer, File};

const HEADER_LEN: u64 = 24;
const PLAIN: u32 = 1 << 31;
/// Bytes that are collected before they are written.
const BUFFER: usize = 256 << 10;

/// An image that is being written.
pub(super) struct Writer<'c> {
    file: File<'c>,
    kind: Kind,
    sectors: u32,
    packer: Packer,
    index: Vec<u32>,
    buffer: Vec<u8>,
    /// Where the next block goes.
    position: u64,
}

impl<'c> Writer<'c> {
    /// Returns the most bytes that an image can take. `None` when the format cannot hold that many sectors.
    pub(super) fn most_bytes(kind: Kind, sectors: u32) -> Option<u64> {
        let plain = u64::from(sectors) * u64::from(SECTOR_SIZE);
        if kind == Kind::Iso {
            return Some(plain);
        }
        let most = index_end(sectors) + plain;
        (most < u64::from(PLAIN)).then_some(most)
    }

    /// Makes the file, with zeros where header and index go.
    pub(super) fn create(
        console: &'c dyn Console,
        path: &str,
        kind: Kind,
        sectors: u32,
    ) -> Result<Self, Failure> {
        let mut index = Vec::new();
        if kind != Kind::Iso {
            let entries = sectors as usize + 1;
            index.try_reserve_exact(entries).map_err(|_| Failure::OutOfMemory { bytes: 4 * entries })?;
        }
        let mut buffer = Vec::new();
        let bytes = BUFFER + SECTOR_SIZE as usize;
        buffer.try_reserve_exact(bytes).map_err(|_| Failure::OutOfMemory { bytes })?;
        let file = File::open(console, path, Mode::Create)?;
        let mut writer = Self { file, kind, sectors, packer: Packer::new(kind), index, buffer, position: 0 };
        if kind != Kind::Iso {
            let mut left = index_end(sectors);
            let zeros = Buffer::new(BUFFER)?;
            while left > 0 {
                let part = left.min(BUFFER as u64);
                writer.file.write(&zeros[..usize::try_from(part).unwrap_or(0)])?;
                left -= part;
            }
            writer.position = index_end(sectors);
        }
        Ok(writer)
    }

    /// Adds whole sectors.
    pub(super) fn add(&mut self, sectors: &[u8]) -> Result<(), Failure> {
        for sector in sectors.chunks(SECTOR_SIZE as usize) {
            let packed = self.packer.pack(sector);
            let flag = if packed.is_none() { PLAIN } else { 0 };
            let bytes = packed.unwrap_or(sector);
            if self.kind != Kind::Iso {
                self.index.push(flag | position(self.position));
            }
            self.buffer.extend_from_slice(bytes);
            self.position += bytes.len() as u64;
            if self.buffer.len() >= BUFFER {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes what is left, then the index, then the header; returns the file's length.
    pub(super) fn finish(mut self) -> Result<u64, Failure> {
        self.flush()?;
        if self.kind != Kind::Iso {
            self.index.push(position(self.position));
            self.file.seek(HEADER_LEN)?;
            for entries in self.index.chunks(BUFFER / 4) {
                self.buffer.clear();
                self.buffer.extend(entries.iter().flat_map(|entry| entry.to_le_bytes()));
                self.file.write(&self.buffer)?;
            }
            self.file.seek(0)?;
            self.file.write(&self.header())?;
        }
        self.file.close()?;
        Ok(self.position)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.file.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn header(&self) -> [u8; 24] {
        let mut header = [0; 24];
        header[..4].copy_from_slice(if self.kind == Kind::Zso { b"ZISO" } else { b"CISO" });
        header[4..8].copy_from_slice(&24_u32.to_le_bytes());
        let size = u64::from(self.sectors) * u64::from(SECTOR_SIZE);
        header[8..16].copy_from_slice(&size.to_le_bytes());
        header[16..20].copy_from_slice(&SECTOR_SIZE.to_le_bytes());
        // Version 1; positions are not shifted.
        header[20] = 1;
        header
    }
}

fn index_end(sectors: u32) -> u64 {
    HEADER_LEN + 4 * (u64::from(sectors) + 1)
}

/// A position as the index has it. `most_bytes` has made sure that all of them fit.
fn position(position: u64) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX) & !PLAIN
}
