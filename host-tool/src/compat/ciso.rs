//! ciso and ciso.py: `ciso LEVEL IN OUT`.

use std::ffi::OsString;
use std::path::Path;

use image_writer::{Optimize, OutputFormat};

use super::options::{in_and_out, number};
use super::{Limits, Misuse, Outcome, compress, extract};
use crate::cli::{Talk, threads_or_default};
use crate::image::Image;
use crate::level::Level;
use crate::output::Existing;
use crate::plan::{self, CompressRequest};
use crate::profile::{self, Profile, Wishes};
use crate::report::Reporter;
use crate::target::{Claims, Target};

pub(super) const USAGE: &str = "\
Usage: ciso LEVEL IN OUT
  LEVEL  1 (fast, large) to 9 (slow, small): compress to CSO; 0: decompress to ISO
  --ignore-limits  begin even if the disk may be too small

This is cisor, taking ciso's arguments; cisor --help says what else it does.
";

pub(super) fn run(args: &[OsString], limits: Limits) -> Result<Outcome, Misuse> {
    let Some((level, files)) = args.split_first() else {
        return Err(Misuse("a level and two file names are needed".into()));
    };
    if level == "-h" || level == "--help" {
        return Ok(Outcome::Help);
    }
    let level = number("LEVEL", &level.to_string_lossy(), 0..=9)?;
    let (input, output) = in_and_out(files.iter().map(Into::into).collect())?;
    let mut reporter = Reporter::new(Talk::default());
    let threads = threads_or_default(None);
    let target = Target::File(output);
    let Some(level) = u8::try_from(level).ok().and_then(Level::new) else {
        extract(&[(input, target)], threads, limits, &mut reporter);
        return Ok(Outcome::Done(reporter.worst()));
    };

    let wishes = Wishes {
        to: Some(OutputFormat::Cso),
        block_size: Some(2048),
        level,
        threshold: None,
        optimize: Optimize::Size,
        align: None,
        ignore_limits: limits == Limits::Ignored,
        threads,
    };
    let profile = profile_of(&input, &wishes);
    let request = CompressRequest {
        inputs: vec![input],
        target,
        existing: Existing::Replace,
        try_without_room: limits == Limits::Ignored,
        profile: Some(profile),
        only_known_discs: false,
        any_console: true,
        tail: None,
        wishes,
        remove_source: false,
    };
    let mut jobs = plan::compress(&request, &mut Claims::new(&request.inputs), &mut reporter);
    for (job, record) in &mut jobs {
        if profile == Profile::Any {
            reporter.warn(record, "too large for the PSP's firmware drivers; emulators read the file");
        }
        // ciso has only zlib, and its files are known to work.
        job.plan.deflate = level.zlib();
        job.plan.firmware_safe = true;
    }
    compress(jobs, &mut reporter);
    Ok(Outcome::Done(reporter.worst()))
}

/// ciso writes for the PSP, but has no limit of size: where the profile has one, the format's own holds.
fn profile_of(input: &Path, wishes: &Wishes) -> Profile {
    let fits = |size| profile::choose(Profile::Psp, wishes, size).is_ok();
    match Image::open(input) {
        Ok(image) if !fits(image.layout().image_size()) => Profile::Any,
        _ => Profile::Psp,
    }
}
