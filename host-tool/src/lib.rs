//! The converter `cisor`, as a library: everything but the program's entry.
//!
//! # From arguments to files
//!
//! 1. [`cli`] defines the command line, and [`compat`] the command lines of other tools.
//! 2. [`plan`] examines every input and target, lets [`profile`] choose how a file is written, and refuses
//!    anything that cannot succeed, before any work is done.
//! 3. [`run`] does the work, one verb per source file. Reading a whole image is always one pass, [`scan`].
//!    Output is an [`output::PartFile`] until it is verified. Paths without a verb are [`dropped`]: the
//!    verb is found for each of them.
//! 4. [`report`] reports the result of each file as text or JSON; [`exit`] turns it into the exit code.
#![forbid(unsafe_code)]

mod batch;
mod by_name;
pub mod claims;
pub mod cli;
pub mod compat;
pub mod content;
pub mod damage;
pub mod dropped;
pub mod exit;
pub mod failure;
mod file_names;
pub mod handling;
pub mod host_file;
pub mod human;
pub mod identity;
pub mod image;
pub mod inputs;
pub mod interrupt;
mod left_alone;
pub mod level;
mod machine;
pub mod network;
mod opl;
pub mod output;
pub mod plan;
pub mod profile;
pub mod progress;
pub mod readers;
pub mod report;
pub mod run;
pub mod scan;
mod sheets;
mod sidecar;
mod source;
mod sparse;
pub mod special;
mod sync;
pub mod tail;
pub mod target;
mod terminal;
mod tree;
pub mod volume;
pub mod wildcards;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::cli::{Cli, Verb, Verbosity};
use crate::exit::Status;
use crate::report::Reporter;

/// Runs the program with these arguments, the first of which is its name. If all others are paths, they are
/// [`dropped`] ones.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Status {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(tool) = args.first().and_then(|program| compat::tool_named(program)) {
        return compat::run(tool, &args[1..]);
    }
    // Not by the parser, which would interpret some of the tool's options itself.
    if args.get(1).is_some_and(|verb| verb == "compat")
        && let Some(tool) = args.get(2).and_then(|name| compat::tool_named(name))
    {
        return compat::run(tool, &args[3..]);
    }
    if let Some(paths) = dropped::only_paths(&args) {
        return dropped::run_as(args.first(), &paths);
    }
    if dropped::is_bare(&args) && dropped::greet_if_ours() {
        return Status::Ok;
    }
    match Cli::try_parse_from(args) {
        Ok(cli) => run_verb(cli),
        Err(error) => usage(&error),
    }
}

fn run_verb(cli: Cli) -> Status {
    let mut reporter = Reporter::new(cli.verbosity);
    let reporter = &mut reporter;
    match cli.verb {
        Verb::Compress(args) => {
            let wrong = plan::usage_error(&args.inputs, &args.tree, &args.target);
            if let Some(status) = refuse_usage("compress", wrong.or_else(|| batch::usage_error(&args))) {
                return status;
            }
            batch::compress(*args, reporter);
        }
        Verb::Extract(args) => {
            let wrong = plan::usage_error(&args.inputs, &args.tree, &args.target);
            if let Some(status) = refuse_usage("extract", wrong) {
                return status;
            }
            if args.restore.is_wanted() {
                if let Some(wrong) = plan::raw::usage_error(&args) {
                    return wrong_usage("extract", wrong);
                }
                let jobs = plan::raw::restore(&args, reporter);
                run::restore(jobs, reporter);
                return reporter.worst();
            }
            batch::extract(args, reporter);
        }
        Verb::Verify(args) => batch::verify(args, reporter),
        Verb::Info(args) => batch::info(args, reporter),
        Verb::Compare(args) => run::compare(args, reporter),
        Verb::Dat(args) => run::dat(args, reporter),
        Verb::Library(args) => run::library(args, reporter),
        Verb::Sync(args) => sync::sync(*args, reporter),
        Verb::Serve(mut args) => {
            let dropped = || args.script.as_deref().and_then(dropped::paths_on)?.into_iter().next();
            args.folder = args.folder.take().or_else(dropped);
            return run::serve::serve(&args, reporter);
        }
        Verb::Drop(args) => return dropped::run(args, reporter),
        Verb::Compat(args) => return compat::run(args.tool, &args.args),
        Verb::Completions(args) => run::completions(&args, reporter),
        Verb::Man(args) => return run::man(&args, reporter).max(reporter.worst()),
    }
    reporter.worst()
}

/// Refuses arguments that are valid individually but not together.
fn refuse_usage(verb: &str, wrong: Option<&'static str>) -> Option<Status> {
    wrong.map(|wrong| wrong_usage(verb, wrong))
}

fn wrong_usage(verb: &str, wrong: &str) -> Status {
    let mut command = Cli::command();
    command.build();
    let command = command.find_subcommand_mut(verb).expect("a verb");
    usage(&command.error(ErrorKind::ArgumentConflict, wrong))
}

/// Prints a usage error, or the requested help, which is an ordinary result.
fn usage(error: &clap::Error) -> Status {
    if error.use_stderr() {
        // Do not panic if the terminal is gone.
        let _ = error.print();
        return Status::Failed;
    }
    let mut reporter = Reporter::new(Verbosity::default());
    reporter.print(&error.render().ansi().to_string());
    reporter.worst()
}
