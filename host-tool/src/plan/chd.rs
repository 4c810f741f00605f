//! Which discs become a CHD, and how large its hunks are.

use disc_info::{Console, Disc, OtherDisc};
use image_writer::OutputFormat;
use sector_decode::SECTOR_SIZE;

use super::{CompressRequest, format_by_name};
use crate::failure::Failure;
use crate::image::Image;
use crate::opl;

/// Two sectors, as chdman has for DVDs.
const PS2_HUNK: u32 = 2 * SECTOR_SIZE;

/// Returns whether a CHD is asked for.
pub(super) fn is_wanted(request: &CompressRequest) -> bool {
    request.compress_options.to.or_else(|| format_by_name(&request.target)) == Some(OutputFormat::Chd)
}

/// Refuses a dump of a CD: its CHD would have to hold its tracks and raw sectors, which the 2048-byte sectors are not.
pub(super) fn refuse_dump(image: &Image) -> Result<(), Failure> {
    if opl::has_tracks(image) { Err(Failure::CdDump) } else { Ok(()) }
}

/// Refuses the plain image of a CD, unless the user knows better.
pub(super) fn refuse_image(image: &Image, disc: &Disc, ignore_limits: bool) -> Result<(), Failure> {
    let may_be_cd = disc.console == Some(Console::Ps2) || disc.other == Some(OtherDisc::Ps1);
    if may_be_cd && !ignore_limits && opl::is_cd(image) { Err(Failure::CdImage) } else { Ok(()) }
}

/// Returns the hunk size that readers of such a disc want. PPSSPP wants one sector, and PS2 emulators take that, too.
pub(super) fn hunk_size(disc: &Disc) -> u32 {
    if disc.console == Some(Console::Ps2) { PS2_HUNK } else { SECTOR_SIZE }
}
