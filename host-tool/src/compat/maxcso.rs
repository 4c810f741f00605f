//! maxcso: `maxcso [--options] IN… [-o OUT]…`.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use image_writer::{DeflateEncoder, Lz4Encoder, OutputFormat, Threshold};

use super::options::number;
use super::{Limits, Misuse, Outcome, compress, extract, request};
use crate::cli::{Verbosity, threads_or_default};
use crate::exit::Status;
use crate::human;
use crate::image::Image;
use crate::level::Level;
use crate::output::Existing;
use crate::plan::{self, CompressJob, Planned};
use crate::profile::{CompressOptions, Profile};
use crate::report::{Compressed, Reporter};
use crate::run;
use crate::target::{Claims, Target};

pub(super) const USAGE: &str = "\
Usage: maxcso [--OPTIONS] IN... [-o OUT]...
  --threads=N        use N threads
  --quiet            print errors only
  --crc              print the CRC32 of the decoded images, write nothing
  --measure          print the size that the files would have, write nothing
  --fast             fastest zlib or LZ4 only
  --decompress       write plain ISO files
  --block=N          block size (2048; 16384 for images of 2 GiB and more)
  --format=FORMAT    cso1, cso2, zso or dax
  --smallest         pack every block that gets smaller at all
  --use-METHOD       also try zlib, zopfli, libdeflate, lz4 or lz4brute
  --no-METHOD        do not try it
  --only-METHOD      try nothing else
  --orig-cost=N      store a block plain when that costs up to N percent
  --output-path=DIR  write into this folder, also what -o names
  --ignore-limits    begin even if the disk may be too small

This is cisor, taking maxcso's arguments; cisor --help says what else it does.
";

/// From this image size on, maxcso uses larger blocks by default.
const LARGE_IMAGE: u64 = 1 << 31;
const LARGE_BLOCK: u32 = 16 << 10;

/// The parsed arguments.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arguments {
    inputs: Vec<PathBuf>,
    outputs: Vec<PathBuf>,
    folder: Option<PathBuf>,
    threads: Option<NonZeroUsize>,
    block_size: Option<u32>,
    orig_cost: u32,
    format: Option<OutputFormat>,
    quiet: bool,
    fast: bool,
    smallest: bool,
    work: Work,
    changes: Vec<Change>,
    /// Options that are accepted but ignored, with the reason.
    ignored: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Work {
    #[default]
    Compress,
    Decompress,
    Crc,
    Measure,
    Version,
}

/// An encoder by maxcso's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Zlib,
    Zopfli,
    SevenZip,
    Libdeflate,
    Lz4,
    Lz4Brute,
}

/// An option about methods, in the order of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Use(Method),
    No(Method),
    Only(Method),
}

/// Which encoders write a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Encoders {
    deflate: DeflateEncoder,
    lz4: Lz4Encoder,
    /// The format does not have any of the remaining methods.
    store_all: bool,
}

pub(super) fn run(args: &[OsString], limits: Limits) -> Result<Outcome, Misuse> {
    let Some(arguments) = parse(args)? else { return Ok(Outcome::Help) };
    if arguments.work == Work::Version {
        Reporter::new(Verbosity::default()).print(concat!(
            "maxcso, by cisor ",
            env!("CARGO_PKG_VERSION"),
            "\n"
        ));
        return Ok(Outcome::Done(Status::Ok));
    }
    if arguments.inputs.is_empty() {
        return Err(Misuse("no input files".into()));
    }
    if arguments.outputs.len() > arguments.inputs.len() {
        return Err(Misuse("more output files than inputs".into()));
    }
    let mut reporter = Reporter::new(Verbosity { quiet: arguments.quiet, ..Verbosity::default() });
    for ignored in &arguments.ignored {
        reporter.note(Path::new("maxcso"), ignored);
    }
    let threads = threads_or_default(arguments.threads);
    match arguments.work {
        Work::Crc if !arguments.outputs.is_empty() => {
            return Err(Misuse("--crc writes no output files".into()));
        }
        Work::Crc => run::crc32(&arguments.inputs, threads, &mut reporter, |input, crc32| {
            format!("{}: CRC32: {crc32:08x}\n", human::name(input))
        }),
        Work::Version => {}
        Work::Decompress => {
            let files: Vec<_> = arguments.files().collect();
            extract(&files, threads, limits, &mut reporter);
        }
        Work::Compress => {
            let jobs = plan_all(&arguments, threads, limits, &mut reporter)?;
            compress(jobs, &mut reporter);
        }
        Work::Measure => {
            let jobs = plan_all(&arguments, threads, limits, &mut reporter)?;
            run::measure(jobs, &mut reporter);
        }
    }
    Ok(Outcome::Done(reporter.worst()))
}

fn plan_all(
    arguments: &Arguments,
    threads: NonZeroUsize,
    limits: Limits,
    reporter: &mut Reporter,
) -> Result<Vec<Planned<CompressJob, Compressed>>, Misuse> {
    let format = arguments.format.unwrap_or(OutputFormat::Cso);
    let encoders = arguments.encoders(format)?;
    let mut claims = Claims::new(&arguments.inputs);
    let mut jobs = Vec::new();
    for (input, target) in arguments.files() {
        let compress_options = CompressOptions {
            to: Some(format),
            block_size: arguments.block_size_of(format, &input),
            threshold: arguments.threshold(),
            ignore_limits: limits == Limits::Ignored,
            threads,
            ..CompressOptions::default()
        };
        let request = request(input, target, Existing::Replace, Profile::Any, compress_options, limits);
        for (mut job, mut record) in plan::compress(&request, &mut claims, reporter) {
            job.plan.deflate = encoders.deflate;
            job.plan.lz4 = encoders.lz4;
            // Unlike maxcso, this makes sure that the files suit PSPs, too, if their firmware accepts the
            // block size. DAX does not have stored blocks to fall back on.
            job.plan.firmware_safe = matches!(format, OutputFormat::Cso | OutputFormat::Cso2)
                && Profile::firmware_takes_blocks_of(job.plan.block_size);
            if encoders.store_all {
                job.plan.threshold = Threshold::STORE_ALL;
                let text = format!("{} has none of these methods: every block is stored", format);
                reporter.warn(&mut record, text);
            }
            if arguments.block_size.is_none() && job.plan.block_size == LARGE_BLOCK {
                let text = "blocks of 16 KiB, as maxcso takes them from 2 GiB on, are for emulators; consoles \
                            need --block=2048";
                reporter.warn(&mut record, text);
            }
            jobs.push((job, record));
        }
    }
    Ok(jobs)
}

impl Arguments {
    /// Each input with its output path.
    fn files(&self) -> impl Iterator<Item = (PathBuf, Target)> {
        self.inputs.iter().enumerate().map(|(place, input)| {
            let target = match (self.outputs.get(place), &self.folder) {
                (Some(output), Some(folder)) => Target::File(folder.join(output)),
                (Some(output), None) => Target::File(output.clone()),
                (None, Some(folder)) => Target::Folder(folder.clone()),
                (None, None) => Target::Beside,
            };
            (input.clone(), target)
        })
    }

    fn block_size_of(&self, format: OutputFormat, input: &Path) -> Option<u32> {
        let is_large = || Image::open(input).is_ok_and(|image| image.layout().image_size() >= LARGE_IMAGE);
        match (self.block_size, format) {
            (Some(size), _) => Some(size),
            (None, OutputFormat::Dax | OutputFormat::Jso) => None,
            (None, _) => is_large().then_some(LARGE_BLOCK),
        }
    }

    /// `--orig-cost=N`: a stored block may be N percent larger than the packed one.
    fn threshold(&self) -> Option<Threshold> {
        let percent = if self.smallest { 100 } else { 100 * 100 / (100 + self.orig_cost) };
        u8::try_from(percent.max(1)).ok().and_then(Threshold::new)
    }

    fn encoders(&self, format: OutputFormat) -> Result<Encoders, Misuse> {
        let mut methods = match format {
            OutputFormat::Zso => vec![Method::Lz4],
            OutputFormat::Cso2 => vec![Method::Zlib, Method::SevenZip, Method::Lz4],
            _ => vec![Method::Zlib, Method::SevenZip],
        };
        // As in maxcso, the order of the options does not matter: first those to use, then those not to
        // use, and the "only" ones last.
        methods.extend(self.changes.iter().filter_map(|change| match change {
            Change::Use(method) => Some(*method),
            _ => None,
        }));
        methods.retain(|method| !self.changes.contains(&Change::No(*method)));
        if self.changes.iter().any(|change| matches!(change, Change::Only(_))) {
            methods = self
                .changes
                .iter()
                .filter_map(|change| if let Change::Only(method) = change { Some(*method) } else { None })
                .collect();
        }

        let has = |method| methods.contains(&method);
        let deflate = if self.fast {
            Some(DeflateEncoder::Zlib { level: 1 })
        } else if has(Method::Zopfli) {
            Some(Level::Best.deflate())
        } else if has(Method::Libdeflate) {
            Some(DeflateEncoder::Libdeflate { level: 12 })
        } else if has(Method::Zlib) || has(Method::SevenZip) {
            Some(DeflateEncoder::Zlib { level: 9 })
        } else {
            None
        };
        let lz4 = if self.fast {
            Some(Lz4Encoder::Fast)
        } else if has(Method::Lz4) || has(Method::Lz4Brute) {
            Some(Lz4Encoder::SMALLEST)
        } else {
            None
        };
        let usable = match format {
            OutputFormat::Zso => lz4.is_some(),
            OutputFormat::Cso2 => deflate.is_some() || lz4.is_some(),
            _ => deflate.is_some(),
        };
        // DAX does not have stored frames.
        if !usable && format == OutputFormat::Dax {
            return Err(Misuse("no method is left that this format can be packed with".into()));
        }
        Ok(Encoders {
            deflate: deflate.unwrap_or(DeflateEncoder::Zlib { level: 9 }),
            lz4: lz4.unwrap_or(Lz4Encoder::SMALLEST),
            store_all: !usable,
        })
    }
}

/// Parses the arguments; `None` if the usage was requested.
fn parse(args: &[OsString]) -> Result<Option<Arguments>, Misuse> {
    let mut arguments = Arguments::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            arguments.inputs.extend(args.map(PathBuf::from));
            break;
        }
        // A name that is not Unicode cannot be an option, except after --out=.
        let option = arg.to_str().filter(|text| text.starts_with('-') && text.len() > 1);
        let Some(option) = option else {
            arguments.inputs.push(PathBuf::from(arg));
            continue;
        };
        let (name, attached) = match option.split_once('=') {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (option, None),
        };
        let mut value = || {
            let value = attached.clone().or_else(|| args.next().cloned());
            value.ok_or_else(|| Misuse(format!("{name} needs a value")))
        };
        match name {
            "--help" | "-h" => return Ok(None),
            "--version" | "-v" => arguments.work = Work::Version,
            "--crc" => arguments.work = Work::Crc,
            "--measure" => arguments.work = Work::Measure,
            "--decompress" => arguments.work = Work::Decompress,
            "--quiet" => arguments.quiet = true,
            "--fast" => arguments.fast = true,
            "--smallest" => arguments.smallest = true,
            "-o" | "--out" => arguments.outputs.push(value()?.into()),
            "--output-path" => arguments.folder = Some(value()?.into()),
            "--threads" => {
                let threads = number(name, &value()?.to_string_lossy(), 0..=64)?;
                arguments.threads = NonZeroUsize::new(threads as usize);
            }
            "--block" => arguments.block_size = Some(number(name, &value()?.to_string_lossy(), 1..=1 << 20)?),
            "--orig-cost" => arguments.orig_cost = percent(name, &value()?.to_string_lossy())?,
            "--lz4-cost" => {
                percent(name, &value()?.to_string_lossy())?;
                arguments.ignored.push("--lz4-cost is ignored: the smaller of deflate and LZ4 is taken");
            }
            "--format" => arguments.format = Some(format(&value()?.to_string_lossy())?),
            _ => match change(name) {
                Some(change) => arguments.add(change),
                None => return Err(Misuse(format!("unknown option {name}"))),
            },
        }
    }
    Ok(Some(arguments))
}

impl Arguments {
    fn add(&mut self, change: Change) {
        if matches!(change, Change::Use(Method::SevenZip) | Change::Only(Method::SevenZip)) {
            self.ignored.push("7-zip's deflate is not here: zlib is used in its place");
        }
        self.changes.push(change);
    }
}

fn change(option: &str) -> Option<Change> {
    let (kind, method) = option.strip_prefix("--")?.split_once('-')?;
    let method = match method {
        "zlib" => Method::Zlib,
        "zopfli" => Method::Zopfli,
        "7zdeflate" | "7zip" => Method::SevenZip,
        "libdeflate" => Method::Libdeflate,
        "lz4" => Method::Lz4,
        "lz4brute" => Method::Lz4Brute,
        _ => return None,
    };
    match kind {
        "use" => Some(Change::Use(method)),
        "no" => Some(Change::No(method)),
        "only" => Some(Change::Only(method)),
        _ => None,
    }
}

fn format(name: &str) -> Result<OutputFormat, Misuse> {
    match name {
        "cso1" => Ok(OutputFormat::Cso),
        "cso2" => Ok(OutputFormat::Cso2),
        "zso" => Ok(OutputFormat::Zso),
        "dax" => Ok(OutputFormat::Dax),
        _ => Err(Misuse(format!("unknown format {name}; there are cso1, cso2, zso and dax"))),
    }
}

/// maxcso accepts fractions; thresholds here are whole percents.
fn percent(option: &str, value: &str) -> Result<u32, Misuse> {
    number(option, value.split('.').next().unwrap_or(value), 0..=1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(args: &[&str]) -> Arguments {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        parse(&args).unwrap().unwrap()
    }

    fn encoders(args: &[&str]) -> Option<Encoders> {
        let arguments = arguments(args);
        arguments.encoders(arguments.format.unwrap_or(OutputFormat::Cso)).ok()
    }

    #[test]
    fn values_can_be_attached_or_follow() {
        let expected = arguments(&["--block=2048", "--threads=3", "a.iso", "-o", "a.cso"]);
        assert_eq!(arguments(&["a.iso", "--out=a.cso", "--threads", "3", "--block", "2048"]), expected);
        assert_eq!(expected.block_size, Some(2048));
        assert_eq!(expected.outputs, [PathBuf::from("a.cso")]);
    }

    #[test]
    fn outputs_belong_to_inputs_in_order() {
        let arguments = arguments(&["a.iso", "b.iso", "-o", "x.cso", "--output-path=out"]);
        let targets: Vec<_> = arguments.files().map(|(_, target)| target).collect();
        assert_eq!(targets, [Target::File(Path::new("out").join("x.cso")), Target::Folder("out".into())]);
    }

    #[test]
    fn methods_choose_the_encoders() {
        let zlib = DeflateEncoder::Zlib { level: 9 };
        assert_eq!(encoders(&["a"]).unwrap().deflate, zlib);
        assert_eq!(encoders(&["--fast", "a"]).unwrap().deflate, DeflateEncoder::Zlib { level: 1 });
        assert_eq!(encoders(&["--use-zopfli", "a"]).unwrap().deflate, Level::Best.deflate());
        let libdeflate = DeflateEncoder::Libdeflate { level: 12 };
        assert_eq!(encoders(&["--only-libdeflate", "a"]).unwrap().deflate, libdeflate);
        assert_eq!(encoders(&["--use-libdeflate", "--no-libdeflate", "a"]).unwrap().deflate, zlib);
        for none in [
            &["--only-lz4", "a"][..],
            &["--format=zso", "--only-zlib", "a"],
            &["--format=zso", "--no-lz4", "a"],
        ] {
            assert!(encoders(none).unwrap().store_all, "{none:?}");
        }
        assert!(!encoders(&["a"]).unwrap().store_all);
        assert_eq!(encoders(&["--format=dax", "--only-lz4", "a"]), None);
        assert!(encoders(&["--format=cso2", "--only-lz4", "a"]).is_some());
    }

    #[test]
    fn cost_of_plain_blocks_becomes_a_threshold() {
        let threshold = |args: &[&str]| arguments(args).threshold().unwrap().percent();
        assert_eq!(threshold(&["a"]), 100);
        assert_eq!(threshold(&["--orig-cost=5", "a"]), 95);
        assert_eq!(threshold(&["--orig-cost=2.5", "a"]), 98);
        assert_eq!(threshold(&["--orig-cost=1000", "a"]), 9);
        assert_eq!(threshold(&["--orig-cost=5", "--smallest", "a"]), 100);
    }

    #[test]
    fn unknown_options_are_refused() {
        for wrong in ["--compress", "--use-lzma", "--block=many", "--format=chd", "-x"] {
            assert!(parse(&[wrong.into()]).is_err(), "{wrong}");
        }
    }
}
