//! Reads the disc, sector by sector, and handles unreadable sectors.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use sector_decode::{ReadAt, SECTOR_SIZE};

use crate::code::Code;
use crate::failure::Failure;
use crate::platform::{DiscState, Platform};
use crate::watch::{Question, Watch};

const SECTOR: usize = SECTOR_SIZE as usize;

/// How many times a sector is tried before it counts as unreadable. The drive itself also tries several
/// times.
const TRIES: usize = 4;

/// The disc during a dump.
pub(super) struct Source<'c> {
    console: &'c dyn Platform,
    /// Sectors that were filled with zeros because they could not be read.
    pub(super) unreadable: Vec<RangeInclusive<u32>>,
}

impl<'c> Source<'c> {
    pub(super) fn new(console: &'c dyn Platform) -> Self {
        Self { console, unreadable: Vec::new() }
    }

    /// Fills `buf` with whole sectors, starting at `lba`.
    pub(super) fn read(&mut self, lba: u32, buf: &mut [u8], watch: &mut dyn Watch) -> Result<(), Failure> {
        let mut at = lba;
        let mut rest = buf;
        while !rest.is_empty() {
            let read = match self.console.disc_read(at, rest) {
                Ok(read) if read > 0 => read,
                Ok(_) | Err(_) => {
                    self.read_single(at, &mut rest[..SECTOR], watch)?;
                    1
                }
            };
            let read = (read as usize).min(rest.len() / SECTOR);
            rest = &mut rest[read * SECTOR..];
            at += u32::try_from(read).unwrap_or(0);
        }
        Ok(())
    }

    /// Reads one sector that has failed before, or fills it with zeros if the user agrees.
    fn read_single(&mut self, lba: u32, sector: &mut [u8], watch: &mut dyn Watch) -> Result<(), Failure> {
        let Err(code) = read_some(self.console, lba, sector, TRIES) else { return Ok(()) };
        let failure = failure(self.console, code);
        if failure == Failure::DiscRemoved {
            return Err(failure);
        }
        if self.unreadable.is_empty() && !watch.ask(Question::FillWithZeros { lba }) {
            return Err(Failure::SectorUnreadable { lba, code });
        }
        // Each failed sector takes seconds: Circle must work in between.
        watch.advance(u64::from(lba) * u64::from(SECTOR_SIZE))?;
        sector.fill(0);
        match self.unreadable.last_mut() {
            Some(range) if range.end() + 1 == lba => *range = *range.start()..=lba,
            _ => self.unreadable.push(lba..=lba),
        }
        Ok(())
    }
}

/// Fills `buf` with sectors starting at `lba`, or returns why that failed this many times.
pub(super) fn read_some(console: &dyn Platform, lba: u32, buf: &mut [u8], tries: usize) -> Result<(), Code> {
    let wanted = buf.len() / SECTOR;
    let mut last = Code::IO;
    for _ in 0..tries {
        match console.disc_read(lba, buf) {
            Ok(read) if read as usize == wanted => return Ok(()),
            Ok(_) => last = Code::IO,
            Err(code) => last = code,
        }
        if console.disc() == DiscState::None {
            return Err(Code::NO_MEDIUM);
        }
    }
    Err(last)
}

/// Interprets a failed read of the disc.
pub(super) fn failure(console: &dyn Platform, code: Code) -> Failure {
    if code == Code::NO_MEDIUM || console.disc() == DiscState::None {
        Failure::DiscRemoved
    } else {
        Failure::DiscUnreadable(code)
    }
}

/// The disc as bytes, for identifying it.
pub(super) struct RawDisc<'c> {
    pub(super) console: &'c dyn Platform,
    pub(super) sectors: u32,
}

impl ReadAt for RawDisc<'_> {
    type Error = Code;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Code> {
        let mut sector = [0; SECTOR];
        let (mut at, mut rest) = (offset, buf);
        while !rest.is_empty() {
            let lba = u32::try_from(at / SECTOR as u64).map_err(|_| Code::IO)?;
            let inside = usize::try_from(at % SECTOR as u64).map_err(|_| Code::IO)?;
            read_some(self.console, lba, &mut sector, 2)?;
            let part = (SECTOR - inside).min(rest.len());
            rest[..part].copy_from_slice(&sector[inside..inside + part]);
            rest = &mut rest[part..];
            at += part as u64;
        }
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Code> {
        Ok(u64::from(self.sectors) * u64::from(SECTOR_SIZE))
    }
}
