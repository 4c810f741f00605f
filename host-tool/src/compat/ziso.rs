//! Two programs called ziso: ziso.py of Open PS2 Loader,
//! `ziso -c LEVEL [-b SIZE] [-m] [-t PCT] [-a SHIFT] [-p BYTE] IN OUT`, and that of Danixu,
//! `ziso -i IN [-o OUT] [-c LEVEL] [-l] [-m] [-f] [-b SIZE] [-z MB] [-r] [-h]`. The second one is
//! recognised by its `-i`.

use std::ffi::OsString;
use std::path::PathBuf;

use sector_decode::Format;

use super::options::{ScriptArguments, in_and_out, level, number, parse};
use super::{Limits, Misuse, Outcome, compress_to_zso, extract, zso};
use crate::cli::{Verbosity, threads_or_default};
use crate::handling::Handling;
use crate::image::Image;
use crate::output::Existing;
use crate::plan::{self, ExtractRequest};
use crate::profile::CompressOptions;
use crate::report::Reporter;
use crate::run;
use crate::target::{Claims, Target};

pub(super) const USAGE: &str = "\
Usage: ziso [-c LEVEL] [-b SIZE] [-t PERCENT] [-a SHIFT] [-m] [-p BYTE] IN OUT
       ziso -i IN [-o OUT] [-c LEVEL] [-b SIZE] [-r] [-l] [-m] [-f] [-z MB] [-h]
  -c LEVEL    1 to 12: compress to ZSO; 0: decompress to ISO
  -b SIZE     block size; only 2048 works in Open PS2 Loader
  -t PERCENT  store a block plain from this size on, in percent of it
  -a SHIFT    begin blocks at multiples of 2 to this power
  -m          ignored: all processors are used anyway
  -p BYTE     ignored: padding is always zeros, and no reader looks at it
  --ignore-limits  begin even if the disk may be too small
  -h          this text

With -i, as in Danixu's ziso, IN is decompressed if it is a ZSO:
  -r          replace OUT if it exists
  -h          ignored: files are always padded for hdl-dump
  -l -m -f -z ignored: the best of the LZ4 encoders is used anyway

This is cisor, taking ziso's arguments; cisor --help says what else it does.
";

/// Long names of Danixu's options.
const DANIXU: [(&str, char); 10] = [
    ("input", 'i'),
    ("output", 'o'),
    ("compression", 'c'),
    ("mode2-lz4", 'm'),
    ("lz4hc", 'l'),
    ("brute-force", 'f'),
    ("block-size", 'b'),
    ("cache-size", 'z'),
    ("replace", 'r'),
    ("hdl-fix", 'h'),
];

/// The arguments of either program.
struct Work {
    input: PathBuf,
    target: Target,
    existing: Existing,
    /// `None` to extract the image.
    compress_options: Option<CompressOptions>,
}

pub(super) fn run(args: &[OsString], limits: Limits) -> Result<Outcome, Misuse> {
    let is_input = |arg: &str| arg.starts_with("-i") || arg.starts_with("--input");
    let is_danixu = args.iter().any(|arg| arg.to_str().is_some_and(is_input));
    let work = if is_danixu { danixus(args)? } else { script(args)? };
    let Some(Work { input, target, existing, compress_options }) = work else { return Ok(Outcome::Help) };
    let mut reporter = Reporter::new(Verbosity::default());
    let Some(compress_options) = compress_options else {
        to_image(input, target, existing, limits, &mut reporter);
        return Ok(Outcome::Done(reporter.worst()));
    };
    compress_to_zso(input, target, existing, compress_options, limits, &mut reporter);
    Ok(Outcome::Done(reporter.worst()))
}

fn to_image(input: PathBuf, target: Target, existing: Existing, limits: Limits, reporter: &mut Reporter) {
    if existing == Existing::Replace {
        return extract(&[(input, target)], threads_or_default(None), limits, reporter);
    }
    let request = ExtractRequest {
        inputs: vec![input],
        target,
        existing,
        try_without_room: limits == Limits::Ignored,
        keep_going: false,
        remove_source: false,
        threads: threads_or_default(None),
        keep_raw: false,
        handling: Handling::default(),
    };
    let jobs = plan::extract(&request, &mut Claims::new(&request.inputs), reporter);
    run::extract(jobs, reporter);
}

/// Parses the arguments of ziso.py; `None` if the usage was requested.
fn script(args: &[OsString]) -> Result<Option<Work>, Misuse> {
    let parsed = parse(args, ScriptArguments::FLAGS, ScriptArguments::VALUED, &[])?;
    if parsed.options.iter().any(|&(option, _)| option == 'h') {
        return Ok(None);
    }
    let asked = ScriptArguments::of(&parsed.options, 0..=12)?;
    let (input, output) = in_and_out(parsed.files)?;
    let compress_options = CompressOptions {
        block_size: asked.block_size,
        level: asked.level(),
        threshold: asked.threshold,
        align: asked.align,
        ..zso()
    };
    let compress_options = (asked.level > 0).then_some(compress_options);
    Ok(Some(Work { input, target: Target::File(output), existing: Existing::Replace, compress_options }))
}

/// Parses the arguments of Danixu's ziso, which decides by the input what to do with it.
fn danixus(args: &[OsString]) -> Result<Option<Work>, Misuse> {
    let parsed = parse(args, "mlfrh", "iocbz", &DANIXU)?;
    if let Some(file) = parsed.files.first() {
        return Err(Misuse(format!("{} is one file name too many", file.display())));
    }
    let (mut compress_options, mut input, mut target) = (zso(), None, Target::Beside);
    let mut existing = Existing::Keep;
    for (option, value) in &parsed.options {
        match option {
            'i' => input = Some(PathBuf::from(value)),
            'o' => target = Target::File(value.into()),
            'c' => compress_options.level = level(number("-c", value, 1..=12)?),
            'b' => compress_options.block_size = Some(number("-b", value, 1..=1 << 20)?),
            'r' => existing = Existing::Replace,
            _ => {}
        }
    }
    let input = input.ok_or_else(|| Misuse("-i needs a value".into()))?;
    let is_packed = Image::open(&input).is_ok_and(|image| image.layout().format() != Format::Iso);
    Ok(Some(Work { input, target, existing, compress_options: (!is_packed).then_some(compress_options) }))
}

#[cfg(test)]
mod tests {
    use image_writer::Threshold;

    use super::*;
    use crate::level::Level;

    fn args(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn arguments_become_options() {
        let work = script(&args("-c 12 -b 8192 -t 130 -a 6 -p X -m in out")).unwrap().unwrap();
        let compress_options = work.compress_options.unwrap();
        assert_eq!((compress_options.level, compress_options.block_size), (Level::Best, Some(8192)));
        assert_eq!((compress_options.threshold, compress_options.align), (Threshold::new(100), Some(64)));
    }

    #[test]
    fn level_0_extracts_and_no_level_compresses() {
        assert!(script(&args("-c 0 in out")).unwrap().unwrap().compress_options.is_none());
        assert_eq!(script(&args("in out")).unwrap().unwrap().compress_options.unwrap().level, level(9));
        assert!(script(&args("-c 13 in out")).is_err());
    }

    #[test]
    fn danixus_options_are_known_by_i() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("a.iso");
        std::fs::write(&input, [0; 2048]).unwrap();
        let line = format!("--input={} -o OUT -c 12 -l -f -b 2048 -z 4 -r -h", input.display());
        let work = danixus(&args(&line)).unwrap().unwrap();
        assert_eq!((work.input, work.existing), (input, Existing::Replace));
        let compress_options = work.compress_options.unwrap();
        assert_eq!((compress_options.level, compress_options.block_size), (Level::Best, Some(2048)));
        assert!(danixus(&args("-i a b")).is_err());
    }
}
