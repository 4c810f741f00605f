//! Finds the length of the disc.
//!
//! The drive reports the number of its last sector as its end, but drivers that serve an image report the
//! number of sectors. The volume descriptor counts the sectors of the file system, which may not be all of
//! the disc. So each of these lengths is tried, the largest first, and the first one whose last sector can be
//! read is right.
//!
//! PPSSPP claims to have read every sector, and returns zeros past the end. If a sector far past the end can
//! be read, the last one proves nothing, and the volume descriptor decides between the two meanings of the
//! end.

use sector_decode::SECTOR_SIZE;

use crate::code::Code;
use crate::dump::source;
use crate::failure::Failure;
use crate::platform::Platform;

/// How many times to try reading the last sector.
const TRIES: usize = 3;
/// The sector of the primary volume descriptor, which contains the number of sectors.
const DESCRIPTOR: u32 = 16;
const SECTORS_AT: usize = 80;
/// There is certainly nothing this far past the largest claim.
const FAR: u32 = 4096;

/// The length of a disc, and what it is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    /// Number of sectors.
    pub(super) sectors: u32,
    /// What the drive reports as its end.
    pub(super) end: u32,
    /// What the volume descriptor says.
    pub(super) volume: Option<u32>,
}

/// Finds the length of the disc in the drive.
pub(super) fn find(console: &dyn Platform) -> Result<Length, Failure> {
    let end = console.disc_end().map_err(Failure::of_first_access)?;
    let mut sector = [0; SECTOR_SIZE as usize];
    let mut last = source::read_some(console, DESCRIPTOR, &mut sector, TRIES).err();
    let is_volume = last.is_none() && sector.starts_with(b"\x01CD001");
    let volume = is_volume.then(|| {
        let bytes = [0, 1, 2, 3].map(|at| sector[SECTORS_AT + at]);
        u32::from_le_bytes(bytes)
    });
    let mut claims = [end, end.saturating_add(1), volume.unwrap_or(0)];
    claims.sort_unstable();
    if source::read_some(console, claims[2].saturating_add(FAR), &mut sector, 1).is_ok() {
        let meant = volume.filter(|&volume| volume == end || volume == end.saturating_add(1));
        return match meant.unwrap_or(end) {
            0 => Err(Failure::DiscUnreadable(Code::IO)),
            sectors => Ok(Length { sectors, end, volume }),
        };
    }
    for sectors in claims.into_iter().rev().filter(|&sectors| sectors > 0) {
        match source::read_some(console, sectors - 1, &mut sector, TRIES) {
            Ok(()) => return Ok(Length { sectors, end, volume }),
            Err(code) => last = last.or(Some(code)),
        }
    }
    Err(source::failure(console, last.unwrap_or(Code::IO)))
}
