//! Files and folders that were dropped on the program's icon, or named without saying what to do with them.
//!
//! A plain image is packed for the console that its disc is for; a compressed one is verified and described, or
//! extracted when the program is called `cisor-extract`. In the end there is a summary, and the window stays
//! open when it would go away with the program.

mod command_line;
mod walk;
mod window;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use image_writer::Optimize;
use sector_decode::Format;

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

/// What is asked for of all dropped paths.
#[derive(Clone, Debug)]
struct DropWishes {
    action: Action,
    /// Where files go, instead of beside each image.
    folder: Option<PathBuf>,
    level: Level,
    remove_source: bool,
}

impl DropWishes {
    fn new(action: Action) -> Self {
        Self { action, folder: None, level: Level::default(), remove_source: false }
    }

    /// Where the file goes that `file` becomes. Files of one name in different sub-folders of a dropped folder stay
    /// apart: the sub-folders are made in the target folder as well.
    fn target(&self, file: &DroppedFile) -> Target {
        let Some(folder) = &self.folder else { return Target::Beside };
        let below = file.root.as_deref().and_then(|root| file.path.strip_prefix(root).ok()?.parent());
        let Some(below) = below.filter(|below| !below.as_os_str().is_empty()) else {
            return Target::Folder(folder.clone());
        };
        let target = folder.join(below);
        if folder.is_dir() {
            // What cannot be made is reported as a target folder that does not exist.
            let _ = std::fs::create_dir_all(&target);
        }
        Target::Folder(target)
    }
}

/// A file to work on.
struct DroppedFile {
    path: PathBuf,
    /// The dropped folder that it is in; nothing for one that was dropped itself.
    root: Option<PathBuf>,
}

impl Action {
    /// Returns whether a file that lies in a dropped folder is meant, by its name.
    fn takes(self, file: &Path) -> bool {
        let Some(extension) = target::known_extension(file) else { return false };
        // What is in a BIN file, its CUE sheet tells; many others are no discs at all.
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
    let wishes = DropWishes::new(action);
    let status = work(paths, &wishes, &mut Reporter::new(Talk::default()));
    window::stay_open_if_ours();
    status
}

/// Returns what was dropped on a .cmd file that runs now; `None` when it was started otherwise.
pub(crate) fn paths_on(script: &Path) -> Option<Vec<PathBuf>> {
    let line = std::env::var_os(COMMAND_LINE).unwrap_or_default();
    line.to_str().and_then(|line| command_line::paths(line, script))
}

/// Does what `cisor drop` was asked for.
pub fn run(args: DropArgs, reporter: &mut Reporter) -> Status {
    let action = match args.profile {
        Some(profile) => Action::Compress(profile),
        None if args.extract => Action::Extract,
        None if args.verify => Action::Verify,
        None => Action::ByContent,
    };
    let level = args.level.level();
    let wishes = DropWishes { action, folder: args.folder, level, remove_source: args.rm };
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
        (Some(paths), _) => work(&paths, &wishes, reporter),
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

fn work(paths: &[PathBuf], wishes: &DropWishes, reporter: &mut Reporter) -> Status {
    reporter.begin_tally();
    let action = wishes.action;
    let mut files = Vec::new();
    let mut total = 0;
    for path in paths {
        let found = walk::files(path, |file| action.takes(file));
        if let Ok(found) = &found
            && let Some(text) = found.left_alone()
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
        Action::Extract => extract(&to_write, wishes, reporter),
        Action::Compress(profile) => compress(&to_write, Some(profile), wishes, reporter),
        Action::ByContent | Action::Verify => compress(&to_write, None, wishes, reporter),
    }
    for file in to_read {
        if interrupt::requested() {
            reporter.interrupted();
            break;
        }
        let inputs = vec![file.path];
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

fn claims(files: &[DroppedFile]) -> Claims {
    Claims::new(&files.iter().map(|file| file.path.clone()).collect::<Vec<_>>())
}

fn compress(files: &[DroppedFile], profile: Option<Profile>, wishes: &DropWishes, reporter: &mut Reporter) {
    let mut claims = claims(files);
    let mut jobs = Vec::new();
    for file in files {
        let request = CompressRequest {
            inputs: vec![file.path.clone()],
            target: wishes.target(file),
            existing: Existing::Keep,
            try_without_room: false,
            profile,
            only_known_discs: profile.is_none(),
            any_console: false,
            tail: None,
            wishes: Wishes {
                to: None,
                block_size: None,
                level: wishes.level,
                threshold: None,
                optimize: Optimize::Size,
                align: None,
                ignore_limits: false,
                threads: threads_or_default(None),
            },
            remove_source: wishes.remove_source,
        };
        jobs.extend(plan::compress(&request, &mut claims, reporter));
    }
    run::compress(jobs, reporter);
}

fn extract(files: &[DroppedFile], wishes: &DropWishes, reporter: &mut Reporter) {
    let mut claims = claims(files);
    let mut jobs = Vec::new();
    for file in files {
        let request = ExtractRequest {
            inputs: vec![file.path.clone()],
            target: wishes.target(file),
            existing: Existing::Keep,
            try_without_room: false,
            keep_going: false,
            remove_source: wishes.remove_source,
            threads: threads_or_default(None),
        };
        jobs.extend(plan::extract(&request, &mut claims, reporter));
    }
    run::extract(jobs, reporter);
}

/// What a double click on the program shows.
const WELCOME: &str = "\
Cisor makes PSP and PS2 discs smaller, and back again.

Drop disc images, or folders with disc images, on cisor.exe or on one of the
.cmd files beside it: \"Compress for PSP\" and its neighbours. The new file
appears beside the image, and the image stays as it is.

For everything else, open a terminal here and type: cisor --help
";

/// Greets somebody who started the program with a double click, and keeps the window open; returns whether it was one.
pub fn greet_if_ours() -> bool {
    if !window::is_ours() {
        return false;
    }
    let _ = write!(anstream::stderr(), "{WELCOME}");
    window::stay_open();
    true
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
