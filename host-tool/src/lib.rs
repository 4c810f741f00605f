//! The converter `cisor`, as a library: everything but the program's entry.
//!
//! # From arguments to files
//!
//! 1. [`cli`] says what can be written on the command line, [`compat`] what other tools' users write there.
//! 2. [`plan`] looks at every input and target, lets [`profile`] choose how a file is written, and refuses
//!    what cannot go well, before any work is done.
//! 3. [`run`] does the work, one verb per file. Whatever reads a whole image does it in one pass, [`scan`].
//!    What is written is an [`output::PartFile`] until it is proven.
//!    Paths without a verb are [`dropped`]: the verb is found for each of them.
//! 4. [`report`] says how each file ended, as text or JSON; [`exit`] makes the exit code of it.
#![forbid(unsafe_code)]

pub mod claims;
pub mod cli;
pub mod compat;
pub mod damage;
pub mod dropped;
pub mod exit;
pub mod failure;
mod file_names;
pub mod human;
pub mod identity;
pub mod image;
pub mod interrupt;
pub mod level;
pub mod output;
pub mod plan;
pub mod profile;
pub mod progress;
pub mod readers;
pub mod report;
pub mod run;
pub mod scan;
mod source;
mod sparse;
pub mod special;
pub mod tail;
pub mod target;
pub mod volume;
pub mod wildcards;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::cli::{Cli, Talk, TargetArgs, Verb};
use crate::exit::Status;
use crate::plan::{CompressRequest, ExtractRequest};
use crate::report::Reporter;
use crate::target::Claims;

/// Does what the arguments say, the first of which is the program's name. Paths alone are [`dropped`] ones.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Status {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(tool) = args.first().and_then(|program| compat::tool_named(program)) {
        return compat::run(tool, &args[1..]);
    }
    if let Some(paths) = dropped::only_paths(&args) {
        return dropped::run_as(args.first(), &paths);
    }
    let is_bare = dropped::is_bare(&args);
    let status = match Cli::try_parse_from(args) {
        Ok(cli) => run_verb(cli),
        Err(error) => usage(&error),
    };
    if is_bare {
        dropped::stay_open_if_ours();
    }
    status
}

fn run_verb(cli: Cli) -> Status {
    let mut reporter = Reporter::new(cli.talk);
    let reporter = &mut reporter;
    match cli.verb {
        Verb::Compress(args) => {
            if let Some(status) = check_usage("compress", &args.inputs, &args.target) {
                return status;
            }
            let request = CompressRequest::from(*args);
            let jobs = plan::compress(&request, &mut Claims::new(&request.inputs), reporter);
            run::compress(jobs, reporter);
        }
        Verb::Extract(args) => {
            if let Some(status) = check_usage("extract", &args.inputs, &args.target) {
                return status;
            }
            let request = ExtractRequest::from(args);
            let jobs = plan::extract(&request, &mut Claims::new(&request.inputs), reporter);
            run::extract(jobs, reporter);
        }
        Verb::Verify(args) => run::verify(args, reporter),
        Verb::Info(args) => run::info(args, reporter),
        Verb::Compare(args) => run::compare(args, reporter),
        Verb::Drop(args) => return dropped::run(args, reporter),
        Verb::Compat(args) => return compat::run(args.tool, &args.args),
        Verb::Completions(args) => run::completions(&args, reporter),
        Verb::Man(args) => return run::man(&args, reporter).max(reporter.worst()),
    }
    reporter.worst()
}

/// Refuses arguments that are each right but do not go together.
fn check_usage(verb: &str, inputs: &[PathBuf], target: &TargetArgs) -> Option<Status> {
    let wrong = plan::usage_error(inputs, target)?;
    let mut command = Cli::command();
    command.build();
    let command = command.find_subcommand_mut(verb)?;
    Some(usage(&command.error(ErrorKind::ArgumentConflict, wrong)))
}

/// Prints a usage error or the help that was asked for, which is a result like any other.
fn usage(error: &clap::Error) -> Status {
    if error.use_stderr() {
        // A terminal that has gone away is no reason to panic.
        let _ = error.print();
        return Status::Failed;
    }
    let mut reporter = Reporter::new(Talk::default());
    reporter.print(&error.render().ansi().to_string());
    reporter.worst()
}
