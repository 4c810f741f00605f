//! Files and folders that were dropped on the program's icon, or named without saying what to do with them.
//!
//! A plain image is packed for the console that its disc is for; a compressed one is verified and described, or
//! extracted when the program is called `cisor-extract`. In the end there is a summary, and the window stays
//! open when it would go away with the program.

mod command_line;
mod walk;
mod window;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use image_writer::Optimize;
use sector_decode::Format;

pub use window::stay_open_if_ours;

use crate::cli::{Cli, DropArgs, InfoArgs, Talk, VerifyArgs, threads_or_default};
use crate::exit::Status;
use crate::failure::Failure;
use crate::image::Image;
use crate::interrupt;
use crate::level::Level;
use crate::output::Existing;
use crate::plan::{self, CompressRequest, ExtractRequest};
use crate::profile::{Profile, Wishes};
use crate::report::{Outcome, Record, Reporter};
use crate::run;
use crate::target::{self, Claims, Target};

/// Where the `.cmd` files leave the command line that they were started with.
const COMMAND_LINE: &str = "CISOR_COMMAND_LINE";
/// The program's name, without `.exe`, under which it extracts what is dropped on it.
const EXTRACTOR: &str = "cisor-extract";

/// What is done with dropped files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// The obvious, by their content.
    ByContent,
    /// Packed for this reader.
    Compress(Profile),
    /// Extracted.
    Extract,
    /// Verified.
    Verify,
}

impl Action {
    /// Returns whether a file that lies in a dropped folder is meant, by its name.
    fn takes(self, file: &Path) -> bool {
        let Some(extension) = target::known_extension(file) else { return false };
        let is_plain = matches!(extension, "iso" | "img");
        match self {
            Self::ByContent | Self::Verify => true,
            Self::Compress(_) => is_plain,
            Self::Extract => !is_plain,
        }
    }
}

/// Returns the paths when the arguments are nothing but that; the first argument is the program's name. The name of a
/// command is no path, and what looks like no path is left to the parser, which may know better.
pub fn only_paths(args: &[OsString]) -> Option<Vec<PathBuf>> {
    let paths = args.get(1..)?;
    let is_option = |arg: &OsString| arg.as_encoded_bytes().starts_with(b"-");
    let first = Path::new(paths.first()?);
    let command = Cli::command();
    let is_command = first == "help" || command.get_subcommands().any(|verb| first == verb.get_name());
    let is_path =
        first.exists() || first.components().count() > 1 || target::known_extension(first).is_some();
    (is_path && !is_command && !paths.iter().any(is_option))
        .then(|| paths.iter().map(PathBuf::from).collect())
}

/// Does with the paths what the program's name says.
pub fn run_as(program: Option<&OsString>, paths: &[PathBuf]) -> Status {
    let stem = program.and_then(|program| Path::new(program).file_name()).unwrap_or_default();
    let stem = stem.to_string_lossy().to_ascii_lowercase();
    let extracts = stem.strip_suffix(".exe").unwrap_or(&stem) == EXTRACTOR;
    let action = if extracts { Action::Extract } else { Action::ByContent };
    let status = work(paths, action, &mut Reporter::new(Talk::default()));
    window::stay_open_if_ours();
    status
}

/// Does what `cisor drop` was asked for.
pub fn run(args: DropArgs, reporter: &mut Reporter) -> Status {
    let action = match args.profile {
        Some(profile) => Action::Compress(profile),
        None if args.extract => Action::Extract,
        None if args.verify => Action::Verify,
        None => Action::ByContent,
    };
    let paths = match &args.script {
        None => Some(args.inputs),
        Some(script) => {
            let line = std::env::var_os(COMMAND_LINE).unwrap_or_default();
            line.to_str().and_then(|line| command_line::paths(line, script))
        }
    };
    if args.was_dropped {
        return if paths.is_some() { Status::Ok } else { Status::Refused };
    }
    let status = match (paths, &args.script) {
        (Some(paths), _) => work(&paths, action, reporter),
        (None, script) => {
            let name = script.as_deref().unwrap_or(Path::new(""));
            reporter.error(name, "cannot tell which files were dropped. Drop their folder instead.");
            Status::Failed
        }
    };
    if args.wait {
        window::stay_open();
    } else {
        window::stay_open_if_ours();
    }
    status
}

fn work(paths: &[PathBuf], action: Action, reporter: &mut Reporter) -> Status {
    reporter.begin_tally();
    let mut files = Vec::new();
    let mut total = 0;
    for path in paths {
        let found = walk::files(path, |file| action.takes(file));
        match found.and_then(|found| if found.is_empty() { Err(Failure::NoImages) } else { Ok(found) }) {
            Ok(found) => {
                total += found.len();
                files.extend(found);
            }
            Err(failure) => {
                total += 1;
                let mut record = Record::new(path, Outcome::Searched);
                record.fail(failure);
                reporter.finish(record);
            }
        }
    }
    let (to_read, to_write): (Vec<_>, Vec<_>) = match action {
        Action::ByContent => files.into_iter().partition(|file| is_compressed(file)),
        Action::Verify => (files, Vec::new()),
        Action::Compress(_) | Action::Extract => (Vec::new(), files),
    };
    match action {
        Action::Extract => extract(to_write, reporter),
        Action::Compress(profile) => compress(to_write, Some(profile), reporter),
        Action::ByContent | Action::Verify => compress(to_write, None, reporter),
    }
    for file in to_read {
        if interrupt::requested() {
            reporter.interrupted();
            break;
        }
        let inputs = vec![file];
        run::info(InfoArgs { inputs: inputs.clone(), blocks: false, threads: None }, reporter);
        run::verify(VerifyArgs { inputs, threads: None }, reporter);
    }
    reporter.summary(total);
    reporter.worst()
}

/// Whatever cannot be opened is no compressed file; why it cannot is said when it is to be packed.
fn is_compressed(file: &Path) -> bool {
    Image::open(file).is_ok_and(|image| image.layout().format() != Format::Iso)
}

fn compress(inputs: Vec<PathBuf>, profile: Option<Profile>, reporter: &mut Reporter) {
    let mut claims = Claims::new(&inputs);
    let request = CompressRequest {
        inputs,
        target: Target::Beside,
        existing: Existing::Keep,
        try_without_room: false,
        profile,
        only_known_discs: profile.is_none(),
        any_console: false,
        tail: None,
        wishes: Wishes {
            to: None,
            block_size: None,
            level: Level::default(),
            threshold: None,
            optimize: Optimize::Size,
            align: None,
            ignore_limits: false,
            threads: threads_or_default(None),
        },
        remove_source: false,
    };
    let jobs = plan::compress(&request, &mut claims, reporter);
    run::compress(jobs, reporter);
}

fn extract(inputs: Vec<PathBuf>, reporter: &mut Reporter) {
    let mut claims = Claims::new(&inputs);
    let request = ExtractRequest {
        inputs,
        target: Target::Beside,
        existing: Existing::Keep,
        try_without_room: false,
        keep_going: false,
        remove_source: false,
        threads: threads_or_default(None),
    };
    let jobs = plan::extract(&request, &mut claims, reporter);
    run::extract(jobs, reporter);
}

/// Whether the program was started with nothing at all, as by a double click.
pub fn is_bare(args: &[impl AsRef<OsStr>]) -> bool {
    args.len() < 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths_of(args: &[&str]) -> Option<usize> {
        let args: Vec<OsString> = ["cisor"].iter().chain(args).map(OsString::from).collect();
        only_paths(&args).map(|paths| paths.len())
    }

    #[test]
    fn paths_alone_are_told_from_commands() {
        assert_eq!(paths_of(&["GAME.iso"]), Some(1));
        assert_eq!(paths_of(&["a/b", "c"]), Some(2));
        assert_eq!(paths_of(&["."]), Some(1));
        assert_eq!(paths_of(&[]), None);
        assert_eq!(paths_of(&["pack"]), None);
        for verb in ["compress", "info", "drop", "help"] {
            assert_eq!(paths_of(&[verb, "GAME.iso"]), None, "{verb}");
        }
        assert_eq!(paths_of(&["GAME.iso", "--json"]), None);
        assert_eq!(paths_of(&["--json", "GAME.iso"]), None);
    }

    #[test]
    fn folders_give_what_the_action_is_for() {
        let takes =
            |action: Action| ["a.iso", "b.CSO", "c.zso", "d.txt"].map(|name| action.takes(Path::new(name)));
        assert_eq!(takes(Action::ByContent), [true, true, true, false]);
        assert_eq!(takes(Action::Verify), [true, true, true, false]);
        assert_eq!(takes(Action::Compress(Profile::Psp)), [true, false, false, false]);
        assert_eq!(takes(Action::Extract), [false, true, true, false]);
    }
}
