//! Whether the card has room for what is to be written, before anything is.

use crate::batch::estimate;
use crate::failure::Failure;
use crate::human;
use crate::image::Image;
use crate::interrupt;
use crate::plan::CompressJob;
use crate::report::{Compressed, Estimate, Record, Reporter};
use crate::run;

/// How large a file will be, and whether it is a copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) estimate: Estimate,
    pub(super) is_copy: bool,
}

/// Finds out how large a file is going to be, from a sample of its blocks if it has to be packed.
///
/// # Errors
///
/// When its source cannot be read, or at an interruption.
pub(super) fn size(
    job: &CompressJob,
    record: &Record<Compressed>,
    reporter: &Reporter,
) -> Result<Size, Failure> {
    if interrupt::requested() {
        return Err(Failure::Interrupted);
    }
    let image = Image::open(&job.input)?;
    if job.try_without_room {
        image.take_losses();
    }
    if run::is_right(&image, job, record, reporter)? {
        return Ok(Size { estimate: Estimate::exact(image.file_len()), is_copy: true });
    }
    let estimate = image.settle(estimate::estimate(&image, &job.plan, job.image_size))?;
    Ok(Size { estimate, is_copy: false })
}

/// The sizes of several files together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Total {
    files: u64,
    size: u64,
    /// The errors of files are independent of each other, so their squares add up.
    variance: f64,
}

impl Total {
    pub(super) fn add(&mut self, estimate: Estimate) {
        self.files += 1;
        self.size += estimate.size;
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let error = (estimate.high - estimate.low) as f64 / 2.0;
        self.variance += error * error;
    }

    /// Refuses to begin if the files are not likely to fit.
    ///
    /// # Errors
    ///
    /// [`Failure::CardFull`].
    pub(super) fn check(self, free: u64, freed: u64) -> Result<(), Failure> {
        if self.size <= free.saturating_add(freed) {
            return Ok(());
        }
        let mut what = human::count(self.files, "file", "files");
        let error = self.variance.sqrt();
        if error >= 1.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
            let error = human::size(error as u64);
            what += &format!(", by samples of their blocks (± {error}),");
        }
        Err(Failure::CardFull { what, needed: self.size, free, freed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_that_is_too_small_is_refused_with_the_error_of_the_estimate() {
        let mut total = Total::default();
        total.add(Estimate { size: 1000, low: 700, high: 1300, sampled_blocks: 10 });
        total.add(Estimate { size: 2000, low: 1600, high: 2400, sampled_blocks: 10 });
        assert!(total.check(3000, 0).is_ok() && total.check(1000, 2000).is_ok());
        let text = total.check(2000, 999).unwrap_err().to_string();
        assert!(text.contains("2 files, by samples of their blocks (± 500 bytes)"), "{text}");
        assert!(text.contains("would be deleted"), "{text}");
        let mut exact = Total::default();
        exact.add(Estimate::exact(10));
        let text = exact.check(9, 0).unwrap_err().to_string();
        assert!(text.starts_with("1 file would need 10 bytes, and 9 bytes are free"), "{text}");
    }
}
