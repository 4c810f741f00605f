//! Files and folders that were dropped on the program's icon, or named without a verb.
//!
//! A plain image is packed for its disc's console; a compressed one is verified and described, or extracted
//! if the program is called `cisor-extract`. At the end there is a summary, and a window that would close
//! with the program is kept open.

mod command_line;
mod walk;
mod window;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use sector_decode::Format;

use crate::cli::{Cli, DropArgs, InfoArgs, Verbosity, VerifyArgs, threads_or_default};
use crate::exit::Status;
use crate::failure::Failure;
use crate::handling::Handling;
use crate::image::Image;
use crate::interrupt;
use crate::level::Level;
use crate::output::Existing;
use crate::plan::{self, CompressRequest, ExtractRequest};
use crate::profile::{CompressOptions, Profile};
use crate::report::{Outcome, Record, Reporter};
use crate::run;
use crate::target::{self, Claims, Target};

/// The variable in which the `.cmd` files pass on the command line that they were started with.
const COMMAND_LINE: &str = "CISOR_COMMAND_LINE";
/// The program's name, without `.exe`, under which it extracts what is dropped on it.
const EXTRACTOR: &str = "cisor-extract";

/// What to do with dropped files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Whatever their content suggests.
    ByContent,
    /// Pack them for this reader.
    Compress(Profile),
    /// Extract them.
    Extract,
    /// Verify them.
    Verify,
}

/// Settings for all dropped paths.
#[derive(Clone, Debug)]
struct DropOptions {
    action: Action,
    /// Output folder, instead of that of each image.
    folder: Option<PathBuf>,
    level: Level,
    remove_source: bool,
    ignore_limits: bool,
}

impl DropOptions {
    fn new(action: Action) -> Self {
        Self { action, folder: None, level: Level::default(), remove_source: false, ignore_limits: false }
    }

    /// The output folder for `file`. Files of the same name in different subfolders of a dropped folder
    /// stay apart: the subfolders are created in the output folder as well.
    fn target(&self, file: &DroppedFile) -> Target {
        let Some(folder) = &self.folder else { return Target::Beside };
        let below = file.root.as_deref().and_then(|root| file.path.strip_prefix(root).ok()?.parent());
        let Some(below) = below.filter(|below| !below.as_os_str().is_empty()) else {
            return Target::Folder(folder.clone());
        };
        let target = folder.join(below);
        if folder.is_dir() {
            // A folder that cannot be created is reported later as a missing target folder.
            let _ = std::fs::create_dir_all(&target);
        }
        Target::Folder(target)
    }
}

/// A file to work on.
struct DroppedFile {
    path: PathBuf,
    /// The dropped folder that contains it; `None` if it was dropped itself.
    root: Option<PathBuf>,
}

impl Action {
    /// Returns whether the name of a file in a dropped folder says that it should be worked on.
    fn takes(self, file: &Path) -> bool {
        let Some(extension) = target::known_extension(file) else { return false };
        // A BIN file is described by its CUE sheet; many other BIN files are not discs at all.
        if extension == "bin" {
            return false;
        }
        let is_plain = matches!(extension, "iso" | "img");
        let is_source = matches!(extension, "chd" | "cue");
        match self {
            Self::ByContent | Self::Verify => true,
            Self::Compress(_) => is_plain || is_source,
            Self::Extract => !is_plain,
        }
    }
}

/// Returns the paths if all arguments are paths; the first argument is the program's name. The name of a
/// command is not a path, and anything that does not look like a path is left to the parser.
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

/// Processes the paths as the program's name says.
pub fn run_as(program: Option<&OsString>, paths: &[PathBuf]) -> Status {
    let stem = program.and_then(|program| Path::new(program).file_name()).unwrap_or_default();
    let stem = stem.to_string_lossy().to_ascii_lowercase();
    let extracts = stem.strip_suffix(".exe").unwrap_or(&stem) == EXTRACTOR;
    let action = if extracts { Action::Extract } else { Action::ByContent };
    let options = DropOptions::new(action);
    let status = work(paths, &options, &mut Reporter::new(Verbosity::default()));
    window::stay_open_if_ours();
    status
}

/// Returns what was dropped on the running .cmd file; `None` if it was started in another way.
pub(crate) fn paths_on(script: &Path) -> Option<Vec<PathBuf>> {
    let line = std::env::var_os(COMMAND_LINE).unwrap_or_default();
    line.to_str().and_then(|line| command_line::paths(line, script))
}

/// Runs `cisor drop`.
pub fn run(args: DropArgs, reporter: &mut Reporter) -> Status {
    let action = match args.profile {
        Some(profile) => Action::Compress(profile),
        None if args.extract => Action::Extract,
        None if args.verify => Action::Verify,
        None => Action::ByContent,
    };
    let level = args.level.level();
    let options = DropOptions {
        action,
        folder: args.folder,
        level,
        remove_source: args.rm,
        ignore_limits: args.ignore_limits,
    };
    let paths = match &args.script {
        None => Some(args.inputs),
        Some(script) => paths_on(script),
    };
    if args.was_dropped {
        return if paths.is_some() { Status::Ok } else { Status::Refused };
    }
    let status = match (paths, &args.script) {
        (Some(paths), Some(script)) if paths.is_empty() => {
            reporter.error(
                script,
                "nothing was dropped on it. Drop disc images, or folders with disc images, on it.",
            );
            Status::Failed
        }
        (Some(paths), _) => work(&paths, &options, reporter),
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

fn work(paths: &[PathBuf], options: &DropOptions, reporter: &mut Reporter) -> Status {
    reporter.begin_tally();
    let action = options.action;
    let mut files = Vec::new();
    let mut total = 0;
    for path in paths {
        let found = walk::files(path, |file| action.takes(file));
        if let Ok(found) = &found
            && let Some(text) = found.left_alone.sentence()
        {
            reporter.note(path, &text);
        }
        match found
            .and_then(|found| if found.files.is_empty() { Err(Failure::NoImages) } else { Ok(found.files) })
        {
            Ok(found) => {
                total += found.len();
                let root = path.is_dir().then(|| path.clone());
                files.extend(found.into_iter().map(|path| DroppedFile { path, root: root.clone() }));
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
        Action::ByContent => files.into_iter().partition(|file| is_compressed(&file.path)),
        Action::Verify => (files, Vec::new()),
        Action::Compress(_) | Action::Extract => (Vec::new(), files),
    };
    match action {
        Action::Extract => extract(&to_write, options, reporter),
        Action::Compress(profile) => compress(&to_write, Some(profile), options, reporter),
        Action::ByContent | Action::Verify => compress(&to_write, None, options, reporter),
    }
    for file in to_read {
        if interrupt::requested() {
            reporter.interrupted();
            break;
        }
        let inputs = vec![file.path];
        run::info(InfoArgs { inputs: inputs.clone(), ..InfoArgs::default() }, reporter);
        run::verify(VerifyArgs { inputs, ..VerifyArgs::default() }, reporter);
    }
    reporter.summary(total);
    reporter.worst()
}

/// A file that cannot be opened does not count as compressed; packing it then reports the reason.
fn is_compressed(file: &Path) -> bool {
    Image::open(file).is_ok_and(|image| image.layout().format() != Format::Iso)
}

fn claims(files: &[DroppedFile]) -> Claims {
    Claims::new(&files.iter().map(|file| file.path.clone()).collect::<Vec<_>>())
}

fn compress(files: &[DroppedFile], profile: Option<Profile>, options: &DropOptions, reporter: &mut Reporter) {
    let mut claims = claims(files);
    let mut jobs = Vec::new();
    for file in files {
        let request = CompressRequest {
            inputs: vec![file.path.clone()],
            target: options.target(file),
            existing: Existing::Keep,
            try_without_room: options.ignore_limits,
            profile,
            only_known_discs: profile.is_none(),
            any_console: false,
            tail: None,
            compress_options: CompressOptions {
                level: options.level,
                ignore_limits: options.ignore_limits,
                threads: threads_or_default(None),
                ..CompressOptions::default()
            },
            remove_source: options.remove_source,
            keep_raw: false,
            handling: Handling::default(),
        };
        jobs.extend(plan::compress(&request, &mut claims, reporter));
    }
    run::compress(jobs, reporter);
}

fn extract(files: &[DroppedFile], options: &DropOptions, reporter: &mut Reporter) {
    let mut claims = claims(files);
    let mut jobs = Vec::new();
    for file in files {
        let request = ExtractRequest {
            inputs: vec![file.path.clone()],
            target: options.target(file),
            existing: Existing::Keep,
            try_without_room: options.ignore_limits,
            keep_going: false,
            remove_source: options.remove_source,
            threads: threads_or_default(None),
            keep_raw: false,
            handling: Handling::default(),
        };
        jobs.extend(plan::extract(&request, &mut claims, reporter));
    }
    run::extract(jobs, reporter);
}

/// The text that a double click on the program shows.
const WELCOME: &str = "\
Cisor makes PSP and PS2 discs smaller, and back again.

Drop disc images, or folders with disc images, on cisor.exe or on one of the
.cmd files beside it: \"Compress for PSP\" and its neighbours. The new file
appears beside the image, and the image stays as it is.

For everything else, open a terminal here and type: cisor --help
";

/// If the program was started with a double click, prints a greeting and keeps the window open; returns
/// whether it was.
pub fn greet_if_ours() -> bool {
    if !window::is_ours() {
        return false;
    }
    let _ = write!(anstream::stderr(), "{WELCOME}");
    window::stay_open();
    true
}

/// Whether the program was started without arguments, as by a double click.
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
    fn welcome_fits_a_console_and_names_the_scripts() {
        assert!(WELCOME.contains("Drop disc images") && WELCOME.contains(".cmd files beside it"));
        assert!(WELCOME.lines().all(|line| line.len() < 80), "{WELCOME}");
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
