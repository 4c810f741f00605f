//! Other tools' command lines, for users and scripts that are used to them (docs/compat.md).
//!
//! Each tool has a file that translates its arguments into requests of our own verbs. The outcome is the
//! same as with the tool, except where that would lose data: an input is never overwritten, an existing
//! file is only replaced once the new one is verified, and the remainder of an image is never dropped.

mod ciso;
mod iso2zso;
mod maxcso;
mod options;
mod ziso;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};

use image_writer::OutputFormat;

use self::options::level;
use crate::cli::{Tool, Verbosity, threads_or_default};
use crate::exit::Status;
use crate::handling::Handling;
use crate::human;
use crate::output::Existing;
use crate::plan::{self, CompressJob, CompressRequest, ExtractRequest, Planned};
use crate::profile::{CompressOptions, Profile};
use crate::report::{Compressed, Record, Reporter};
use crate::run;
use crate::target::{Claims, Target};

/// Wrong arguments: what is wrong with them.
#[derive(Debug, PartialEq, Eq)]
struct Misuse(String);

/// Returns the tool with this program name: `ziso`, `ciso`, `maxcso` or `iso2zso`, also with `.exe` or
/// `.py`.
pub fn tool_named(program: &OsStr) -> Option<Tool> {
    let name = Path::new(program).file_name()?.to_str()?.to_ascii_lowercase();
    let name = name.strip_suffix(".exe").or_else(|| name.strip_suffix(".py")).unwrap_or(&name);
    match name {
        "ziso" => Some(Tool::Ziso),
        "ciso" => Some(Tool::Ciso),
        "maxcso" => Some(Tool::Maxcso),
        "iso2zso" => Some(Tool::Iso2zso),
        _ => None,
    }
}

/// Does what `tool` would do with these arguments.
pub fn run(tool: Tool, args: &[OsString]) -> Status {
    let (args, limits) = take_limits(args);
    let (name, usage, outcome) = match tool {
        Tool::Ziso => ("ziso", ziso::USAGE, ziso::run(&args, limits)),
        Tool::Ciso => ("ciso", ciso::USAGE, ciso::run(&args, limits)),
        Tool::Maxcso => ("maxcso", maxcso::USAGE, maxcso::run(&args, limits)),
        Tool::Iso2zso => ("iso2zso", iso2zso::USAGE, iso2zso::run(&args, limits)),
    };
    match outcome {
        Ok(Outcome::Done(status)) => status,
        Ok(Outcome::Help) => {
            let mut reporter = Reporter::new(Verbosity::default());
            reporter.print(usage);
            reporter.worst()
        }
        Err(Misuse(wrong)) => {
            let _ = writeln!(anstream::stderr(), "{name}: {wrong}\n\n{}", usage.trim_end());
            Status::Failed
        }
    }
}

/// Whether the limits of profiles and disks apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limits {
    Held,
    /// Set by `--ignore-limits`, which none of these tools has: our refusals mention it, so it is accepted
    /// here, too.
    Ignored,
}

/// Removes `--ignore-limits` from another tool's arguments.
fn take_limits(args: &[OsString]) -> (Vec<OsString>, Limits) {
    let options = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let Some(at) = args[..options].iter().position(|arg| arg == "--ignore-limits") else {
        return (args.to_vec(), Limits::Held);
    };
    ([&args[..at], &args[at + 1..]].concat(), Limits::Ignored)
}

/// The outcome of valid arguments.
enum Outcome {
    /// The work was done, with this status.
    Done(Status),
    /// The usage was requested.
    Help,
}

/// Extracts one image, as all these tools do.
fn extract(
    files: &[(PathBuf, Target)],
    threads: std::num::NonZeroUsize,
    limits: Limits,
    reporter: &mut Reporter,
) {
    let inputs: Vec<PathBuf> = files.iter().map(|(input, _)| input.clone()).collect();
    let mut claims = Claims::new(&inputs);
    let mut jobs = Vec::new();
    for (input, target) in files {
        let request = ExtractRequest {
            inputs: vec![input.clone()],
            target: target.clone(),
            existing: Existing::Replace,
            try_without_room: limits == Limits::Ignored,
            keep_going: false,
            remove_source: false,
            threads,
            keep_raw: false,
            handling: Handling::default(),
        };
        for (job, mut record) in plan::extract(&request, &mut claims, reporter) {
            warn_of_replacing(&job.target, &mut record, reporter);
            jobs.push((job, record));
        }
    }
    run::extract(jobs, reporter);
}

/// A request of one file, with what all these tools have in common: they write for any reader, and never
/// ask.
fn request(
    input: PathBuf,
    target: Target,
    existing: Existing,
    profile: Profile,
    compress_options: CompressOptions,
    limits: Limits,
) -> CompressRequest {
    CompressRequest {
        inputs: vec![input],
        target,
        existing,
        try_without_room: limits == Limits::Ignored,
        profile: Some(profile),
        only_known_discs: false,
        any_console: true,
        tail: None,
        compress_options,
        remove_source: false,
        keep_raw: false,
        handling: Handling::default(),
    }
}

/// The settings of a ZSO, before a tool's options.
fn zso() -> CompressOptions {
    CompressOptions {
        to: Some(OutputFormat::Zso),
        level: level(9),
        threads: threads_or_default(None),
        ..CompressOptions::default()
    }
}

/// Compresses one image to a ZSO. Open PS2 Loader accepts files with other block sizes than 2048 and misreads them, so
/// those are only written on request, and not for it.
fn compress_to_zso(
    input: PathBuf,
    target: Target,
    existing: Existing,
    compress_options: CompressOptions,
    limits: Limits,
    reporter: &mut Reporter,
) {
    let for_opl = compress_options.block_size.is_none_or(|size| size == 2048);
    let profile = if for_opl { Profile::Opl } else { Profile::Any };
    let request = request(input, target, existing, profile, compress_options, limits);
    let jobs = plan::compress(&request, &mut Claims::new(&request.inputs), reporter);
    compress(jobs, reporter);
}

/// Compresses what was planned.
fn compress(mut jobs: Vec<Planned<CompressJob, Compressed>>, reporter: &mut Reporter) {
    for (job, record) in &mut jobs {
        warn_of_replacing(&job.target, record, reporter);
    }
    run::compress(jobs, reporter);
}

/// These tools overwrite silently. Here the old file stays until the new one is verified.
fn warn_of_replacing<O>(target: &Path, record: &mut Record<O>, reporter: &mut Reporter) {
    if target.exists() {
        let name = human::name(target);
        reporter.warn(record, format!("{name} exists; it is replaced when the new file is proven"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_ignored_by_the_option_that_refusals_name() {
        let take = |args: &[&str]| take_limits(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(take(&["9", "--ignore-limits", "a"]), (vec!["9".into(), "a".into()], Limits::Ignored));
        assert_eq!(take(&["9", "--", "--ignore-limits"]).1, Limits::Held);
    }

    #[test]
    fn tools_are_known_by_their_programs() {
        let tool = |name: &str| tool_named(OsStr::new(name));
        assert_eq!(tool("ziso"), Some(Tool::Ziso));
        assert_eq!(tool("/usr/local/bin/ziso.py"), Some(Tool::Ziso));
        assert_eq!(tool("MAXCSO.EXE"), Some(Tool::Maxcso));
        assert_eq!(tool("./ciso"), Some(Tool::Ciso));
        assert_eq!(tool("cisor"), None);
        assert_eq!(tool("ziso.sh"), None);
    }
}
