//! `cisor verify`: decodes everything once and takes all digests in the same pass.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use image_writer::{Digests, ParallelHasher};

use crate::cli::{VerifyArgs, threads_or_default};
use crate::failure::Failure;
use crate::image::Image;
use crate::interrupt;
use crate::plan;
use crate::report::{Record, Reporter};
use crate::run::{bars, check_header_md5, each, records};
use crate::scan::{self, OnDamage, Options, Part};

/// Verifies every image.
pub fn verify(args: VerifyArgs, reporter: &mut Reporter) {
    let threads = threads_or_default(args.threads);
    each(records("verify", args.inputs), reporter, |(), record, reporter| {
        let digests = digests(threads, record, reporter)?;
        record.set_digests(&digests.0);
        check_header_md5(&digests.1, Some(&digests.0))
    });
}

/// Prints the CRC-32 of every image in a line that `form` makes, as other tools do.
pub fn crc32(
    inputs: Vec<PathBuf>,
    threads: NonZeroUsize,
    reporter: &mut Reporter,
    form: impl Fn(&Record, u32) -> String,
) {
    each(records("crc", inputs), reporter, |(), record, reporter| {
        let (digests, image) = digests(threads, record, reporter)?;
        reporter.print(&form(record, digests.crc32));
        check_header_md5(&image, Some(&digests))
    });
}

fn digests(
    threads: NonZeroUsize,
    record: &mut Record,
    reporter: &mut Reporter,
) -> Result<(Digests, Image), Failure> {
    let input = record.input.clone();
    let image = plan::open_steady(&input, record, reporter)?;
    record.set_layout(image.layout());
    let mut hasher = Some(ParallelHasher::new().map_err(|error| Failure::NoThread(error.kind()))?);
    let monitor = interrupt::monitor();
    let seen = {
        let _bar = bars(reporter).start("verifying", &input, image.layout().image_size(), &monitor);
        let listed = reporter.list_limit();
        let options = Options { threads, on_damage: OnDamage::Collect, listed, lint: false };
        image.settle(scan::run(&image, options, &monitor, |part| {
            match part {
                Part::Data(bytes) => hasher.iter_mut().for_each(|hasher| hasher.update(bytes)),
                // An image with gaps has no digests that anybody could compare.
                Part::Missing(_) => hasher = None,
            }
            Ok(())
        }))?
    };
    record.set_blocks("decoding", seen.blocks);
    match hasher {
        Some(hasher) if seen.damage.is_empty() => Ok((hasher.finish(), image)),
        _ => Err(Failure::DamagedBlocks(seen.damage)),
    }
}
