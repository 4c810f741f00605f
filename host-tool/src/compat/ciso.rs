//! ciso, `ciso LEVEL IN OUT`, and ciso.py,
//! `ciso.py [-c LEVEL] [-b SIZE] [-m] [-t PCT] [-a SHIFT] [-p BYTE] IN OUT`.

use std::ffi::OsString;
use std::path::Path;

use image_writer::OutputFormat;

use super::options::{ScriptArguments, in_and_out, number, parse};
use super::{Limits, Misuse, Outcome, compress, extract, request};
use crate::cli::{Verbosity, threads_or_default};
use crate::image::Image;
use crate::output::Existing;
use crate::plan;
use crate::profile::{self, CompressOptions, Profile};
use crate::report::Reporter;
use crate::target::{Claims, Target};

pub(super) const USAGE: &str = "\
Usage: ciso LEVEL IN OUT
       ciso [-c LEVEL] [-b SIZE] [-t PERCENT] [-a SHIFT] [-m] [-p BYTE] IN OUT
  LEVEL       1 (fast, large) to 9 (slow, small): compress to CSO; 0: decompress to ISO
  -b SIZE     block size; only 2048 works in every firmware
  -t PERCENT  store a block plain from this size on, in percent of it
  -a SHIFT    begin blocks at multiples of 2 to this power
  -m          ignored: all processors are used anyway
  -p BYTE     ignored: padding is always zeros, and no reader looks at it
  --ignore-limits  begin even if the disk may be too small
  -h          this text

This is cisor, taking ciso's arguments; cisor --help says what else it does.
";

pub(super) fn run(args: &[OsString], limits: Limits) -> Result<Outcome, Misuse> {
    let Some((first, files)) = args.split_first() else {
        return Err(Misuse("a level and two file names are needed".into()));
    };
    if first == "-h" || first == "--help" {
        return Ok(Outcome::Help);
    }
    // The C program takes three arguments; the Python script takes options.
    let is_script = first.as_encoded_bytes().starts_with(b"-") || args.len() == 2;
    let (asked, files) = if is_script {
        let parsed = parse(args, ScriptArguments::FLAGS, ScriptArguments::VALUED, &[])?;
        (ScriptArguments::of(&parsed.options, 0..=9)?, parsed.files)
    } else {
        let level = number("LEVEL", &first.to_string_lossy(), 0..=9)?;
        (ScriptArguments::of(&[('c', level.to_string())], 0..=9)?, files.iter().map(Into::into).collect())
    };
    let (input, output) = in_and_out(files)?;
    let mut reporter = Reporter::new(Verbosity::default());
    let threads = threads_or_default(None);
    let target = Target::File(output);
    if asked.level == 0 {
        extract(&[(input, target)], threads, limits, &mut reporter);
        return Ok(Outcome::Done(reporter.worst()));
    }

    let level = asked.level();
    let compress_options = CompressOptions {
        to: Some(OutputFormat::Cso),
        block_size: asked.block_size.or(Some(2048)),
        level,
        threshold: asked.threshold,
        align: asked.align.filter(|&align| align > 1),
        ignore_limits: limits == Limits::Ignored,
        threads,
        ..CompressOptions::default()
    };
    let profile = profile_of(&input, &compress_options);
    let request = request(input, target, Existing::Replace, profile, compress_options, limits);
    let mut jobs = plan::compress(&request, &mut Claims::new(&request.inputs), &mut reporter);
    for (job, record) in &mut jobs {
        if profile == Profile::Any {
            reporter.warn(record, "not every PSP firmware reads such a file; emulators do");
        }
        // ciso has only zlib, and its files are known to work.
        job.plan.deflate = level.zlib();
        job.plan.firmware_safe = Profile::firmware_takes_blocks_of(job.plan.block_size);
    }
    compress(jobs, &mut reporter);
    Ok(Outcome::Done(reporter.worst()))
}

/// ciso writes for the PSP, but never refuses: if the profile's limits are exceeded, only the format's own
/// apply.
fn profile_of(input: &Path, compress_options: &CompressOptions) -> Profile {
    let fits = |size| profile::choose(Profile::Psp, compress_options, size).is_ok();
    match Image::open(input) {
        Ok(image) if !fits(image.layout().image_size()) => Profile::Any,
        _ => Profile::Psp,
    }
}
