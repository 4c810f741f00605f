//! The command line: what can be written there, and nothing else.

mod dat;
mod formats;
mod levels;
mod library;
mod naming;
mod raw;
mod serve;
mod sync;
mod tree;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use image_writer::{Optimize, OutputFormat, Threshold};

pub use dat::{DatArgs, DatCheckArgs, DatFixdatArgs, DatRenameArgs, DatTree, DatVerb};
pub use levels::LevelArgs;
pub use library::{
    DueArgs, ExportArgs, ExportFormat, ForgetArgs, LibraryArgs, LibraryVerb, ListArgs, MergeArgs, ReportArgs,
    ScanArgs, SortBy,
};
pub use naming::Naming;
pub use raw::{KeepRawArgs, RestoreArgs};
pub use serve::ServeArgs;
pub use sync::SyncArgs;
pub use tree::{BatchArgs, RemakeArgs, Shard, SkipExisting, TreeArgs};

use crate::level;
use crate::machine;
use crate::profile::Profile;
use crate::progress::Progress;
use crate::tail::Tail;

/// More threads than this only wait for each other, and each has buffers of its own.
const MAX_THREADS: usize = 64;

/// Converts PSP and PS2 disc images between ISO and the compressed formats CSO, ZSO, DAX and JSO.
///
/// A file is put in place only when it has been read back and decodes to the bytes of the original.
/// Inputs are recognised by their content, whatever their names say.
#[derive(Debug, Parser)]
#[command(name = "cisor", version, help_expected = true)]
#[command(subcommand_required = true, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What is printed.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// What is done.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is printed.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Verbosity {
    /// Print one JSON object per file and line on standard output (docs/json.md says what is in it)
    #[arg(long, global = true, help_heading = "Messages")]
    pub json: bool,
    /// Print errors and results only: no progress, notes or lines about finished files
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Messages")]
    pub quiet: bool,
    /// How far the work is: auto (a bar on a terminal), plain (a percent line each second) or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Messages"
    )]
    pub progress: Progress,
    /// List every damaged block, however many there are, instead of the first 100 ranges of them
    #[arg(long, global = true, help_heading = "Messages")]
    pub list_all: bool,
    /// Print what was chosen and how long it took, too
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub verbose: bool,
}

/// What is done.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write images in a compressed format
    Compress(Box<CompressArgs>),
    /// Write images as plain ISO files
    Extract(ExtractArgs),
    /// Decode images completely and print their checksums
    Verify(VerifyArgs),
    /// Print what images are, which disc they hold and who can read them
    Info(InfoArgs),
    /// Tell whether two images decode to the same bytes, and where they differ first
    Compare(CompareArgs),
    /// Compare a collection with a DAT, a list of known good dumps
    Dat(DatArgs),
    /// Remember what images are and when they were verified, and report on all of them
    Library(LibraryArgs),
    /// Do the obvious with files and folders, as when they are dropped on the program's icon
    ///
    /// Images are packed for the console that the disc is for; compressed files are verified and described.
    /// Folders are searched. Without any command or option, `cisor GAME.iso` does the same, and a copy of the
    /// program that is called cisor-extract extracts instead.
    Drop(DropArgs),
    /// Fill a card for a device: the right files, in the right folders, with the right names
    ///
    /// Every file is read back from the card. What a run has finished, the next one leaves alone. Nothing is deleted
    /// that an earlier run has not put there.
    Sync(Box<SyncArgs>),
    /// Serve a folder of images to PS2 consoles over the network (UDPFS)
    ///
    /// Compressed images appear as plain ones, too: GAME.zso also as GAME.zso.iso. Runs until it is interrupted.
    Serve(ServeArgs),
    /// Take the arguments of ziso, ciso, maxcso or iso2zso
    ///
    /// The same happens when the program is called by one of these names. docs/compat.md says what is
    /// done differently.
    #[command(disable_help_flag = true)]
    Compat(CompatArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual pages, or write them into a folder
    Man(ManArgs),
}

/// Arguments of `cisor compress`.
#[derive(Args, Clone, Debug)]
#[command(after_help = compress_help())]
pub struct CompressArgs {
    /// Images to compress: ISO, or any compressed format that is read
    #[arg(required_unless_present = "files_from", value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    /// Which other files.
    #[command(flatten)]
    pub tree: TreeArgs,
    /// Where the file goes.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Who the file is for; see the table below [default: psp or opl, by the disc]
    #[arg(long = "for", value_name = "PROFILE", value_parser = profile_parser(), hide_possible_values = true)]
    pub profile: Option<Profile>,
    /// Format to write; without --for, only the format's own limits hold
    #[arg(long, value_name = "FORMAT", value_parser = formats::parser())]
    pub to: Option<OutputFormat>,
    /// Effort.
    #[command(flatten)]
    pub level: LevelArgs,
    /// Bytes of the image in each block, for instance 2048 or 16K
    #[arg(short, long, value_name = "SIZE", value_parser = byte_size)]
    pub block_size: Option<u32>,
    /// Store a block plain when packing leaves this percentage of it or more
    #[arg(long, value_name = "PCT", value_parser = threshold)]
    pub threshold: Option<Threshold>,
    /// Pack each block for the smallest size, or for the shortest loading time on a PSP by a model of it
    #[arg(long, value_name = "WHAT", default_value = "size", value_parser = optimize_parser())]
    pub optimize: Optimize,
    /// Begin each block at a multiple of this many bytes, a power of two
    #[arg(long, value_name = "BYTES", value_parser = byte_size)]
    pub align: Option<u32>,
    /// Work in this many threads [default: as many as there are processors, at most 16]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
    /// Fill up or leave out bytes past the last whole 2048-byte sector, as patches leave them
    #[arg(long, value_name = "WHAT", value_parser = tail_parser(), conflicts_with = "rm")]
    pub tail: Option<Tail>,
    /// Delete each source after its new file was verified and put in place
    #[arg(long)]
    pub rm: bool,
    /// The sidecar.
    #[command(flatten)]
    pub keep: KeepRawArgs,
    /// Which files are written again.
    #[command(flatten)]
    pub remake: RemakeArgs,
}

/// Where a file that is written goes.
#[derive(Args, Clone, Debug, Default)]
pub struct TargetArgs {
    /// Write to this file; only with a single input
    #[arg(short, long, value_name = "FILE", conflicts_with = "folder")]
    pub output: Option<PathBuf>,
    /// Write into this folder, which exists, instead of beside each input; -r keeps sub-folders apart in it
    #[arg(short = 'd', long = "dir", value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Call new files like their sources, or as Open PS2 Loader wants it: CD/ or DVD/SLES_123.45.Title.zso
    #[arg(
        long = "name",
        value_name = "HOW",
        default_value = "source",
        hide_default_value = true,
        value_parser = naming::parser(),
        conflicts_with = "output"
    )]
    pub naming: Naming,
    /// Replace existing files
    #[arg(short, long)]
    pub force: bool,
    /// Write what the profile advises against, and begin even if the disk may be too small
    #[arg(long)]
    pub ignore_limits: bool,
    /// How many files are treated.
    #[command(flatten)]
    pub batch: BatchArgs,
}

/// Arguments of `cisor extract`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXTRACT_EXAMPLES)]
pub struct ExtractArgs {
    /// Compressed images
    #[arg(required_unless_present = "files_from", value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    /// Which other files.
    #[command(flatten)]
    pub tree: TreeArgs,
    /// Where the file goes.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Fill damaged blocks with zeros and list them, instead of stopping at the first; exit code 1
    #[arg(long, conflicts_with = "keep_raw")]
    pub keep_going: bool,
    /// Delete each source after its ISO was verified and put in place
    #[arg(long, conflicts_with = "keep_going")]
    pub rm: bool,
    /// The sidecar.
    #[command(flatten)]
    pub keep: KeepRawArgs,
    /// A CD dump instead of an ISO.
    #[command(flatten)]
    pub restore: RestoreArgs,
    /// Work in this many threads [default: as many as there are processors, at most 16]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
}

/// Arguments of `cisor verify`.
#[derive(Args, Clone, Debug, Default)]
pub struct VerifyArgs {
    /// Images, compressed or plain
    #[arg(required_unless_present_any = ["files_from", "since", "for_time"], value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    /// Which other files.
    #[command(flatten)]
    pub tree: TreeArgs,
    /// Write the SHA-256 of each disc beside its file, as NAME.sha256, unless there is one
    #[arg(long)]
    pub sidecar: bool,
    /// Compare with this DAT in Logiqx XML, a ZIP with DATs, or a folder of them; may be repeated
    #[arg(long = "dat", value_name = "FILE|DIR")]
    pub dats: Vec<PathBuf>,
    /// Which of them are verified now.
    #[command(flatten)]
    pub due: DueArgs,
    /// Work in this many threads [default: as many as there are processors, at most 16]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
}

/// Arguments of `cisor info`.
#[derive(Args, Clone, Debug, Default)]
pub struct InfoArgs {
    /// Images, compressed or plain
    #[arg(required_unless_present = "files_from", value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    /// Which other files.
    #[command(flatten)]
    pub tree: TreeArgs,
    /// Decode every block: counts codecs and runs the deflate lint (without: header and index only)
    #[arg(long)]
    pub blocks: bool,
    /// Work in this many threads [default: as many as there are processors, at most 16]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
}

/// Arguments of `cisor compare`.
#[derive(Args, Clone, Debug)]
pub struct CompareArgs {
    /// One image, compressed or plain
    pub a: PathBuf,
    /// The other image, compressed or plain
    pub b: PathBuf,
    /// Work in this many threads [default: as many as there are processors, at most 16]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
}

/// Arguments of `cisor drop`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("action").multiple(false))]
pub struct DropArgs {
    /// Images, or folders with images
    #[arg(required_unless_present = "script", value_name = "PATH")]
    pub inputs: Vec<PathBuf>,
    /// Pack plain images for this reader
    #[arg(long = "for", group = "action", value_name = "PROFILE", value_parser = profile_parser(), hide_possible_values = true)]
    pub profile: Option<Profile>,
    /// Extract compressed images
    #[arg(long, group = "action")]
    pub extract: bool,
    /// Verify all images, and say what they are
    #[arg(long, group = "action")]
    pub verify: bool,
    /// Write into this folder, which exists; sub-folders of dropped folders are kept apart in it
    #[arg(short = 'd', long = "dir", value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Effort.
    #[command(flatten)]
    pub level: LevelArgs,
    /// Delete each source after its new file was verified and put in place
    #[arg(long, conflicts_with = "verify")]
    pub rm: bool,
    /// Write what the profile advises against, and begin even if the disk may be too small
    #[arg(long, conflicts_with = "verify")]
    pub ignore_limits: bool,
    /// Wait for a key in the end, so that the window stays open
    #[arg(long)]
    pub wait: bool,
    /// Take the paths from the command line that this .cmd file was started with
    #[arg(long, hide = true, value_name = "FILE", conflicts_with = "inputs")]
    pub script: Option<PathBuf>,
    /// Only tell by the exit code whether that .cmd file was started with paths dropped on it
    #[arg(long, hide = true, requires = "script")]
    pub was_dropped: bool,
}

/// Arguments of `cisor compat`.
#[derive(Args, Clone, Debug)]
pub struct CompatArgs {
    /// Whose arguments follow
    pub tool: Tool,
    /// That tool's arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// A tool whose arguments are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// ziso.py of Open PS2 Loader, and Danixu's ziso
    Ziso,
    /// ciso and ciso.py
    Ciso,
    /// maxcso
    Maxcso,
    /// iso2zso
    Iso2zso,
}

/// Arguments of `cisor completions`.
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: clap_complete::Shell,
}

/// Arguments of `cisor man`.
#[derive(Args, Clone, Debug)]
pub struct ManArgs {
    /// Folder to write one page per command into, instead of all pages to standard output
    pub folder: Option<PathBuf>,
}

/// Returns how many threads to use.
pub fn threads_or_default(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.unwrap_or_else(machine::usual_threads)
}

fn profile_parser() -> impl TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(Profile::ALL.map(Profile::name))
        .try_map(|name| Profile::from_name(&name).ok_or("no such profile"))
}

fn tail_parser() -> impl TypedValueParser<Value = Tail> {
    PossibleValuesParser::new(Tail::NAMES).try_map(|name| Tail::from_name(&name).ok_or("no such thing"))
}

fn optimize_parser() -> impl TypedValueParser<Value = Optimize> {
    PossibleValuesParser::new(Optimize::ALL.map(Optimize::name)).try_map(|name| {
        Optimize::ALL.into_iter().find(|optimize| optimize.name() == name).ok_or("no such aim")
    })
}

/// A number of bytes, with K or M for 1024 and 1024² of them.
fn byte_size(text: &str) -> Result<u32, String> {
    let upper = text.to_ascii_uppercase();
    let digits = upper.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &upper[digits.len()..] {
        "" | "B" => 1,
        "K" | "KB" | "KIB" => 1 << 10,
        "M" | "MB" | "MIB" => 1 << 20,
        unit => return Err(format!("unknown unit {unit}; write bytes, or K for 1024 of them")),
    };
    match digits.parse::<u32>().ok().and_then(|number| number.checked_mul(factor)) {
        Some(bytes) if bytes > 0 => Ok(bytes),
        _ => Err("expected a number of bytes, for instance 2048 or 16K".into()),
    }
}

fn threshold(text: &str) -> Result<Threshold, String> {
    let percent = text.trim_end_matches('%').parse().ok().and_then(Threshold::new);
    percent.ok_or_else(|| "expected a percentage from 1 to 100".into())
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    match text.parse() {
        Ok(number) if number <= MAX_THREADS => {
            NonZeroUsize::new(number).ok_or_else(|| "expected at least 1".into())
        }
        _ => Err(format!("expected a number from 1 to {MAX_THREADS}")),
    }
}

const EXAMPLES: &str = "\
Examples:
  cisor compress GAME.iso               for the console that the disc is for
  cisor compress --for ppsspp GAME.iso  for an emulator: smaller
  cisor extract GAME.cso                back to GAME.iso
  cisor verify *.cso                    is everything intact?
  cisor info GAME.zso                   what is it, and who can read it?

Exit codes: 0 all good, 1 damaged data or a mismatch, 2 wrong usage or a failed
read or write, 3 refused, 130 interrupted. Over several files 1 beats 2 beats 3.
4: verify --for-time left files for the next run.";

const EXTRACT_EXAMPLES: &str = "\
Examples:
  cisor extract GAME.cso                writes GAME.iso beside it
  cisor extract -d discs *.zso          writes into the folder discs
  cisor extract --keep-going BAD.cso    saves what is left of a damaged image";

fn compress_help() -> String {
    let mut help = String::from("Profiles (--for):\n");
    for profile in Profile::ALL {
        help += &format!("  {:<12}{}\n", profile.name(), profile.summary());
    }
    help += "\nLevels (-1 to -9, --best):\n";
    for line in level::table().lines() {
        help += format!("  {line}").trim_end();
        help.push('\n');
    }
    help.push('\n');
    help + COMPRESS_EXAMPLES
}

const COMPRESS_EXAMPLES: &str = "\
Examples:
  cisor compress GAME.iso                   writes GAME.cso or GAME.zso beside it
  cisor compress --for ark -b 8K GAME.iso   smaller, for ARK-4 and ARK-5 only
  cisor compress --to zso -d out *.cso      from one compressed format to another
  cisor compress --for cisor --to cso2 --optimize load GAME.iso
                                            larger, but loads sooner on a PSP
  cisor compress --best --rm GAME.iso       as small as can be; deletes the ISO
  cisor compress -r -n -d out SHELF         what a whole folder would become
  cisor compress -r --in-place --only-unsafe --for psp SHELF
                                            new files for those that freeze a PSP";

#[cfg(test)]
mod tests;
