//! `cisor verify`: decodes everything once and takes all digests in the same pass.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use image_encode::{Digests, ParallelHasher};

use crate::cli::{VerifyArgs, threads_or_default};
use crate::failure::Failure;
use crate::image::Image;
use crate::interrupt;
use crate::plan;
use crate::report::{Record, Reporter};
use crate::run::{bars, check_header_md5, each, records};
use crate::scan::{self, OnDamage, Options};

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
    let image = plan::open(&input, record, reporter)?;
    record.set_layout(image.layout());
    let mut hasher = ParallelHasher::new();
    let monitor = interrupt::monitor();
    let seen = {
        let _bar = bars(reporter).start("verifying", &input, image.layout().image_size(), &monitor);
        let options = Options { threads, on_damage: OnDamage::Collect, lint: false };
        scan::run(&image, options, &monitor, |bytes| {
            hasher.update(bytes);
            Ok(())
        })?
    };
    record.set_blocks("decoding", seen.blocks);
    if seen.damage.is_empty() {
        Ok((hasher.finish(), image))
    } else {
        Err(Failure::DamagedBlocks(seen.damage))
    }
}
