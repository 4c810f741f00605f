//! Dry runs: what a run would do, and how large the files would become.
//!
//! Blocks from all over the image are packed for real, as the run would pack them. They are drawn in pieces
//! of neighbouring blocks, one piece from each of many equal parts of the image. The error is twice the
//! standard error of the mean of these pieces, as if they had been drawn from anywhere; since each part has
//! its own, the true error is smaller.

use std::path::Path;

use image_writer::{BlockSizer, OutputFormat, Plan};
use sector_decode::ReadAt;

use crate::failure::Failure;
use crate::image::{Image, Workspace};
use crate::interrupt;
use crate::plan::{CompressJob, ExtractJob, Planned as Job};
use crate::report::{Action, Compressed, Estimate, Extracted, Planned, Record, Reporter};
use crate::run;
use crate::tail::Resized;
use crate::volume;

/// How many pieces of an image are packed.
const PIECES: u32 = 256;
/// Bytes of the image in each piece, if that is more than a block.
const PIECE_BYTES: u32 = 16 << 10;
/// Only `--only-unsafe` reads all of a file.
const PASSES: &[f64] = &[1.0];

/// Reports what `compress` would do.
pub(super) fn compress(jobs: Vec<Job<CompressJob, Compressed>>, reporter: &mut Reporter) {
    run::each(jobs, PASSES, reporter, |job: &CompressJob, record: &mut Record<Compressed>, reporter| {
        if record.outcome.skipped.is_some() {
            return Ok(());
        }
        let image = open(&job.input, job.try_without_room)?;
        record.outcome.skipped = run::reason_to_skip(&image, job, reporter)?;
        if record.outcome.skipped.is_some() {
            return Ok(());
        }
        let (action, sizes) = (action(job.is_there, &job.target), (job.image_size, image.stored_len()));
        let mut planned = Planned::packed(&job.target, action, &job.plan, sizes.0, sizes.1);
        if action != Action::Compare {
            planned.estimate = image.settle(estimate(&image, &job.plan, job.image_size))?;
            check_room(job.try_without_room, &job.target, job.plan.worst_case_len(job.image_size))?;
        }
        record.outcome.planned = Some(planned);
        Ok(())
    });
}

/// Reports what `extract` would do.
pub(super) fn extract(jobs: Vec<Job<ExtractJob, Extracted>>, reporter: &mut Reporter) {
    run::each(jobs, PASSES, reporter, |job: &ExtractJob, record: &mut Record<Extracted>, _| {
        if record.outcome.skipped.is_some() {
            return Ok(());
        }
        let image = open(&job.input, job.try_without_room)?;
        record.outcome.layout = Some(*image.layout());
        let image_size = image.layout().image_size();
        let action = action(job.is_there, &job.target);
        if action != Action::Compare {
            check_room(job.try_without_room, &job.target, image_size)?;
        }
        record.outcome.planned = Some(Planned {
            target: job.target.clone(),
            action,
            packed_as: None,
            image_size,
            input_size: image.stored_len(),
            estimate: Estimate::exact(image_size),
        });
        Ok(())
    });
}

fn open(input: &Path, without_losses: bool) -> Result<Image, Failure> {
    let image = Image::open(input)?;
    if without_losses {
        image.take_losses();
    }
    Ok(image)
}

fn action(is_there: bool, target: &Path) -> Action {
    match target.exists() {
        _ if is_there => Action::Compare,
        true => Action::Replace,
        false => Action::Write,
    }
}

/// Refuses a target for which there is no room. Its folder may not exist yet.
pub(crate) fn check_room(anyway: bool, target: &Path, needed: u64) -> Result<(), Failure> {
    if anyway {
        return Ok(());
    }
    let name = target.file_name().unwrap_or_default();
    let folder = target.ancestors().skip(1).find(|folder| folder.is_dir());
    volume::check(&folder.map_or_else(|| target.to_owned(), |folder| folder.join(name)), needed)
}

/// Packs blocks from all over the image.
pub(crate) fn estimate(image: &Image, plan: &Plan, image_size: u64) -> Result<Estimate, Failure> {
    let mut workspace = Workspace::new(image);
    let mut source = Resized::new(workspace.reader(image), image_size);
    let mut sizer = BlockSizer::new(plan).map_err(|error| Failure::Internal(error.to_string()))?;
    let (size, align) = (u64::from(plan.block_size), 1u64 << plan.index_shift);
    let blocks = image_size.div_ceil(size);
    let in_piece = u64::from((PIECE_BYTES / plan.block_size).max(1));
    let pieces = blocks.div_ceil(in_piece).min(PIECES.into());
    let monitor = interrupt::monitor();

    let mut block = Vec::new();
    let (mut sum, mut squares, mut weights, mut sampled) = (0.0, 0.0, 0.0, 0u32);
    for piece in 0..pieces {
        if monitor.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        // Somewhere in its part of the image, the same place in each run.
        let (from, to) = (blocks * piece / pieces, blocks * (piece + 1) / pieces);
        let room = (to - from).saturating_sub(in_piece);
        let start = from + scatter(piece) % (room + 1);
        let (mut bytes, mut count) = (0u64, 0u32);
        for number in start..(start + in_piece).min(to) {
            let len = size.min(image_size - number * size);
            block.resize(usize::try_from(len).unwrap_or_default(), 0);
            source.read_exact_at(&mut block, number * size)?;
            let index = sector_decode::BlockIndex(u32::try_from(number).unwrap_or(u32::MAX));
            let packed = sizer.packed_len(&block).ok_or(Failure::Proof(index))?;
            bytes += packed.next_multiple_of(align);
            count += 1;
        }
        sampled += count;
        if count > 0 {
            let mean = as_float(bytes) / f64::from(count);
            let weight = as_float(to - from);
            sum += mean * weight;
            squares += mean * mean * weight;
            weights += weight;
        }
    }
    let is_complete = u64::from(sampled) >= blocks;
    let mean = sum / weights.max(1.0);
    let variance = (squares / weights.max(1.0) - mean * mean).max(0.0);
    let spread = if is_complete { 0.0 } else { 2.0 * (variance / as_float(pieces)).sqrt() };
    let entry = if plan.format == OutputFormat::Dax { 6 } else { 4 };
    let index = Plan { pad_file_to: 1, ..*plan }.worst_case_len(0).saturating_add(blocks * entry);
    let at = |mean: f64| {
        round(mean.max(0.0) * as_float(blocks))
            .saturating_add(index)
            .next_multiple_of(u64::from(plan.pad_file_to.max(1)))
    };
    Ok(Estimate { size: at(mean), low: at(mean - spread), high: at(mean + spread), sampled_blocks: sampled })
}

/// A number that looks random.
fn scatter(number: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 16
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
fn round(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image_writer::{DigestSet, Monitor, encode};

    use super::*;
    use crate::host_file::HostFile;
    use crate::level::Level;
    use crate::profile::{self, CompressOptions, Profile};

    fn plan(to: OutputFormat, size: u64) -> Plan {
        let options =
            CompressOptions { to: Some(to), level: Level::new(1).unwrap(), ..CompressOptions::default() };
        profile::choose(Profile::Any, &options, size).unwrap().plan
    }

    /// Areas of noise, zeros and increasing numbers.
    fn image(len: u64) -> Vec<u8> {
        let word = |at: u64| match scatter(at >> 12) % 3 {
            0 => scatter(at),
            1 => 0,
            _ => at * 3,
        };
        (0..len / 8).flat_map(|at| word(at).to_le_bytes()).collect()
    }

    fn estimate_and_size(to: OutputFormat, len: u64) -> (Estimate, u64) {
        let bytes = image(len);
        let plan = plan(to, len);
        let file = Image::of("a.iso".as_ref(), HostFile::of_bytes(&bytes)).unwrap();
        let mut packed = Cursor::new(Vec::new());
        encode(bytes.as_slice(), &mut packed, &plan, DigestSet::Sha256, &Monitor::new()).unwrap();
        (estimate(&file, &plan, len).unwrap(), packed.into_inner().len() as u64)
    }

    #[test]
    fn small_image_is_packed_completely() {
        for to in [OutputFormat::Cso, OutputFormat::Zso, OutputFormat::Cso2] {
            let (estimate, real) = estimate_and_size(to, 200 * 2048);
            assert_eq!((estimate.size, estimate.low, estimate.high), (real, real, real), "{to:?}");
            assert_eq!(estimate.sampled_blocks, 200);
        }
    }

    #[test]
    fn large_image_is_sampled() {
        let len = 12 << 20;
        let (estimate, real) = estimate_and_size(OutputFormat::Zso, len);
        assert!(u64::from(estimate.sampled_blocks) * 2048 < len / 2, "{estimate:?}");
        assert!((estimate.low..=estimate.high).contains(&real), "{estimate:?} for {real}");
        assert!(estimate.high - estimate.low < real / 3, "{estimate:?} for {real}");
    }
}
