//! ziso.py of Open PS2 Loader: `ziso -c LEVEL [-b SIZE] [-m] [-t PCT] [-a SHIFT] [-p BYTE] IN OUT`.

use std::ffi::OsString;

use image_writer::{Optimize, OutputFormat, Threshold};

use super::options::{in_and_out, number, parse};
use super::{Limits, Misuse, Outcome, compress, extract};
use crate::cli::{Talk, threads_or_default};
use crate::level::Level;
use crate::output::Existing;
use crate::plan::{self, CompressRequest};
use crate::profile::{Profile, Wishes};
use crate::report::Reporter;
use crate::target::{Claims, Target};

pub(super) const USAGE: &str = "\
Usage: ziso [-c LEVEL] [-b SIZE] [-t PERCENT] [-a SHIFT] [-m] [-p BYTE] IN OUT
  -c LEVEL    1 to 12: compress to ZSO; 0: decompress to ISO
  -b SIZE     block size; only 2048 works in Open PS2 Loader
  -t PERCENT  store a block plain from this size on, in percent of it
  -a SHIFT    begin blocks at multiples of 2 to this power
  -m          ignored: all processors are used anyway
  -p BYTE     ignored: padding is always zeros, and no reader looks at it
  --ignore-limits  begin even if the disk may be too small
  -h          this text

This is cisor, taking ziso's arguments; cisor --help says what else it does.
";

/// What the options ask for.
struct Arguments {
    level: u32,
    wishes: Wishes,
}

pub(super) fn run(args: &[OsString], limits: Limits) -> Result<Outcome, Misuse> {
    let parsed = parse(args, "mh", "cbtap")?;
    if parsed.options.iter().any(|&(option, _)| option == 'h') {
        return Ok(Outcome::Help);
    }
    let Arguments { level, wishes } = arguments(&parsed.options)?;
    let (input, output) = in_and_out(parsed.files)?;
    let mut reporter = Reporter::new(Talk::default());
    let target = Target::File(output);
    if level == 0 {
        extract(&[(input, target)], wishes.threads, limits, &mut reporter);
        return Ok(Outcome::Done(reporter.worst()));
    }
    // With other block sizes ziso writes files that Open PS2 Loader takes and misreads; they are for
    // whoever asks for them.
    let for_opl = wishes.block_size.is_none_or(|size| size == 2048);
    let request = CompressRequest {
        inputs: vec![input],
        target,
        existing: Existing::Replace,
        try_without_room: limits == Limits::Ignored,
        profile: Some(if for_opl { Profile::Opl } else { Profile::Any }),
        only_known_discs: false,
        any_console: true,
        tail: None,
        wishes,
        remove_source: false,
    };
    let jobs = plan::compress(&request, &mut Claims::new(&request.inputs), &mut reporter);
    compress(jobs, &mut reporter);
    Ok(Outcome::Done(reporter.worst()))
}

fn arguments(options: &[(char, String)]) -> Result<Arguments, Misuse> {
    let mut level = u32::from(default_level());
    let mut wishes = Wishes {
        to: Some(OutputFormat::Zso),
        block_size: None,
        level: Level::default(),
        threshold: None,
        optimize: Optimize::Size,
        align: None,
        ignore_limits: false,
        threads: threads_or_default(None),
    };
    for (option, value) in options {
        match option {
            'c' => level = number("-c", value, 0..=12)?,
            'b' => wishes.block_size = Some(number("-b", value, 1..=1 << 20)?),
            't' => {
                let percent = number("-t", value, 1..=u32::MAX)?.min(100);
                wishes.threshold = u8::try_from(percent).ok().and_then(Threshold::new);
            }
            'a' => wishes.align = Some(1 << number("-a", value, 0..=20)?),
            _ => {}
        }
    }
    // ziso's levels are those of LZ4 HC, which end at 12.
    wishes.level = u8::try_from(level).ok().and_then(Level::new).unwrap_or(Level::Best);
    Ok(Arguments { level, wishes })
}

/// Without -c ziso compresses, with the library's own idea of a level.
const fn default_level() -> u8 {
    9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_of(options: &[(char, &str)]) -> Arguments {
        let options: Vec<_> = options.iter().map(|&(option, value)| (option, value.to_owned())).collect();
        arguments(&options).unwrap()
    }

    #[test]
    fn options_become_wishes() {
        let Arguments { level, wishes } =
            arguments_of(&[('c', "12"), ('b', "8192"), ('t', "130"), ('a', "6"), ('p', "X"), ('m', "")]);
        assert_eq!((level, wishes.level), (12, Level::Best));
        assert_eq!(wishes.block_size, Some(8192));
        assert_eq!(wishes.threshold, Threshold::new(100));
        assert_eq!(wishes.align, Some(64));
    }

    #[test]
    fn level_0_extracts_and_no_level_compresses() {
        assert_eq!(arguments_of(&[('c', "0")]).level, 0);
        assert_eq!(arguments_of(&[]).level, 9);
        assert!(arguments(&[('c', "13".into())]).is_err());
    }
}
