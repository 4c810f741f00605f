//! Which files have to be written again because a PSP's firmware may not read them.

use sector_decode::Format;

use crate::failure::Failure;
use crate::image::Image;
use crate::interrupt;
use crate::plan::CompressJob;
use crate::report::{Reporter, Skipped};
use crate::run::bars;
use crate::scan::{self, OnDamage, Options};

/// Returns why a file need not be written again; `None` if it has to be, or if nothing was said about that.
/// All of it is decoded to find out.
///
/// # Errors
///
/// When it cannot be decoded.
pub(crate) fn reason_to_skip(
    image: &Image,
    job: &CompressJob,
    reporter: &Reporter,
) -> Result<Option<Skipped>, Failure> {
    if !job.handling.only_unsafe {
        return Ok(None);
    }
    if matches!(image.layout().format(), Format::Iso | Format::Zso) {
        return Ok(Some(Skipped::NoStreams));
    }
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("checking", image.path(), image.layout().image_size(), &monitor);
    let threads = job.plan.packing_threads();
    let options = Options { threads, on_damage: OnDamage::Stop, listed: reporter.list_limit(), lint: true };
    let seen = image.settle(scan::run(image, options, &monitor, |_| Ok(())))?;
    Ok(match seen.lint.failed() {
        _ if seen.lint.streams == 0 => Some(Skipped::NoStreams),
        0 => Some(Skipped::Safe),
        _ => None,
    })
}
