//! iso2zso: `iso2zso [-b KIB] [-c LEVEL] [-m METHOD] [-p N] [--checksum KIND] [--verify] IN OUT`.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;

use super::options::{in_and_out, level, number, parse};
use super::{Limits, Misuse, Outcome, compress_to_zso, zso};
use crate::cli::{Verbosity, threads_or_default};
use crate::output::Existing;
use crate::profile::CompressOptions;
use crate::report::Reporter;
use crate::target::Target;

pub(super) const USAGE: &str = "\
Usage: iso2zso [-b KIB] [-c LEVEL] [-m METHOD] [-p N] [--checksum KIND] [--verify] IN OUT
  -b KIB           block size in KiB; only 2 works in Open PS2 Loader
  -c LEVEL         1 to 12
  -m METHOD        lz4; ZSO holds nothing else
  -p N             use N threads
  --checksum KIND  none, crc32 or sha256; changes nothing: every file is verified by SHA-256
  --verify         changes nothing: every file is verified
  --ignore-limits  begin even if the disk may be too small
  -h               this text

This is cisor, taking iso2zso's arguments; cisor --help says what else it does.
";

pub(super) fn run(args: &[OsString], limits: Limits) -> Result<Outcome, Misuse> {
    let names = [("checksum", 'k'), ("verify", 'v'), ("help", 'h')];
    let parsed = parse(args, "vh", "bcmpk", &names)?;
    if parsed.options.iter().any(|&(option, _)| option == 'h') {
        return Ok(Outcome::Help);
    }
    let mut reporter = Reporter::new(Verbosity::default());
    let compress_options = compress_options(&parsed.options, &mut reporter)?;
    let (input, output) = in_and_out(parsed.files)?;
    compress_to_zso(input, Target::File(output), Existing::Replace, compress_options, limits, &mut reporter);
    Ok(Outcome::Done(reporter.worst()))
}

fn compress_options(options: &[(char, String)], reporter: &mut Reporter) -> Result<CompressOptions, Misuse> {
    let mut compress_options = zso();
    for (option, value) in options {
        match option {
            'b' => compress_options.block_size = Some(number("-b", value, 1..=1024)? << 10),
            'c' => compress_options.level = level(number("-c", value, 1..=12)?),
            'p' => {
                let threads = NonZeroUsize::new(number("-p", value, 0..=64)? as usize);
                compress_options.threads = threads_or_default(threads);
            }
            'm' => method(value)?,
            'k' => checksum(value, reporter)?,
            _ => {}
        }
    }
    Ok(compress_options)
}

/// ZSO does not have a field for the method: its readers always decode LZ4.
fn method(name: &str) -> Result<(), Misuse> {
    let why = match name {
        "lz4" => return Ok(()),
        "zlib" => {
            "ZSO holds only LZ4 blocks. For deflate use cisor compress --to cso, for both of them --to cso2"
        }
        "zstd" => "no reader knows Zstandard in a ZSO, whatever web pages say: its blocks are LZ4",
        _ => return Err(Misuse(format!("-m {name} is not known; ZSO holds LZ4 blocks"))),
    };
    Err(Misuse(format!("-m {name} is refused: {why}")))
}

fn checksum(kind: &str, reporter: &mut Reporter) -> Result<(), Misuse> {
    match kind {
        "none" => {}
        "crc32" | "sha256" => {
            reporter.note(
                Path::new("iso2zso"),
                "every file is verified by SHA-256; cisor verify prints CRC32 and SHA-256",
            );
        }
        _ => return Err(Misuse(format!("--checksum {kind} is not known; there are none, crc32 and sha256"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_no_reader_knows_are_refused_with_reason() {
        assert!(method("lz4").is_ok());
        assert!(method("zstd").unwrap_err().0.contains("no reader knows"));
        assert!(method("zlib").unwrap_err().0.contains("--to cso2"));
        assert!(method("lzma").is_err());
    }

    #[test]
    fn block_sizes_are_in_kib() {
        let mut reporter = Reporter::new(Verbosity::default());
        let options = [('b', "16".to_owned()), ('c', "12".into()), ('p', "3".into()), ('k', "none".into())];
        let compress_options = compress_options(&options, &mut reporter).unwrap();
        assert_eq!(
            (compress_options.block_size, compress_options.level),
            (Some(16384), crate::level::Level::Best)
        );
        assert_eq!(compress_options.threads.get(), 3);
    }
}
