//! What `cisor library` takes, and the options of `verify` that use the library.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use super::{Shard, TreeArgs, threads};
use crate::readers::Reader;

/// Arguments of `cisor library`.
#[derive(Args, Clone, Debug)]
pub struct LibraryArgs {
    /// Use this library, for instance one beside the images [default: one for each user]
    #[arg(long, global = true, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// What is done.
    #[command(subcommand)]
    pub verb: LibraryVerb,
}

/// What is done with the library.
#[derive(Clone, Debug, Subcommand)]
pub enum LibraryVerb {
    /// Read the images in folders that are new or have changed, and remember what they are
    Scan(ScanArgs),
    /// List the images that the library knows
    List(ListArgs),
    /// Write a page about all images: problems, a table, sizes, and what could be saved
    Report(ReportArgs),
    /// Write all that is known about the images, for other programs
    Export(ExportArgs),
    /// Remove images from the library; the files stay
    Forget(ForgetArgs),
    /// Take what other libraries know, for instance those of other machines
    Merge(MergeArgs),
}

/// Arguments of `cisor library scan`.
#[derive(Args, Clone, Debug)]
pub struct ScanArgs {
    /// Folders that are searched for images, or images
    #[arg(required_unless_present = "files_from", value_name = "FOLDER")]
    pub inputs: Vec<PathBuf>,
    /// Folders are searched in any case.
    #[arg(short, long, hide = true)]
    pub recursive: bool,
    /// Take the paths in this file, one per line; - is standard input
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,
    /// The paths in that file end with a NUL byte, as find -print0 writes them
    #[arg(long, requires = "files_from")]
    pub null: bool,
    /// Read only part K of N, for instance 2/4: each of N machines reads its own files
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,
    /// Decode new and changed images completely, and those that were never verified
    #[arg(long)]
    pub verify: bool,
    /// Do not take a file for changed because its inode is another, as on disks where inodes change
    #[arg(long)]
    pub ignore_inode: bool,
    /// Replace a damaged library by a new one; the damaged one gets another name
    #[arg(long)]
    pub rebuild: bool,
    /// Work in this many threads [default: as many as there are processors, at most 16]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
}

impl ScanArgs {
    /// Returns which files are meant.
    pub fn tree(&self) -> TreeArgs {
        TreeArgs { recursive: true, files_from: self.files_from.clone(), null: self.null, shard: self.shard }
    }
}

/// Arguments of `cisor library list`.
#[derive(Args, Clone, Debug, Default)]
pub struct ListArgs {
    /// List only these images, and those in these folders
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// List images in this format (iso, cso, …) or from this container (chd, zip, …); may be repeated
    #[arg(long, value_name = "FORMAT")]
    pub format: Vec<String>,
    /// List images of this kind
    #[arg(long, value_name = "KIND", value_parser = ["PSP", "PS2", "PS1", "UMD Video", "UMD Music"], ignore_case = true)]
    pub console: Option<String>,
    /// List images whose content is wrong
    #[arg(long)]
    pub damaged: bool,
    /// List images that were never verified since they changed
    #[arg(long)]
    pub unverified: bool,
    /// List images that can freeze a PSP
    #[arg(long = "unsafe")]
    pub unsafe_for_psp: bool,
    /// List images of which another file holds the same disc; only verified ones can be compared
    #[arg(long)]
    pub duplicates: bool,
    /// List images that the last scan did not find
    #[arg(long)]
    pub missing: bool,
    /// List images that this reader cannot use, such as opl or ark_game (cisor info --json names all)
    #[arg(long, value_name = "READER", value_parser = reader_parser(), hide_possible_values = true)]
    pub wrong_for: Option<Reader>,
    /// Sort by this
    #[arg(long, value_name = "WHAT", default_value = "path")]
    pub sort: SortBy,
    /// Sort the other way round
    #[arg(long)]
    pub reverse: bool,
    /// Print a table as CSV
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// An order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SortBy {
    /// Path
    #[default]
    Path,
    /// Title, or disc id
    Title,
    /// Bytes of the file
    Size,
    /// Size of the file in relation to the disc
    Ratio,
    /// Time of the last verification; never verified first
    Verified,
    /// Content: equal discs are neighbours
    Digest,
}

/// Arguments of `cisor library report`.
#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    /// Write the page to this file
    #[arg(short, long, value_name = "FILE.html")]
    pub output: PathBuf,
    /// Replace an existing file
    #[arg(short, long)]
    pub force: bool,
}

/// Arguments of `cisor library export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// Write this: json (an object per image and line) or csv
    #[arg(long, value_name = "FORMAT", default_value = "json", hide_possible_values = true)]
    pub to: ExportFormat,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(short, long)]
    pub force: bool,
}

/// What an export consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// An object per image and line.
    #[default]
    Json,
    /// A table.
    Csv,
}

/// Arguments of `cisor library forget`.
#[derive(Args, Clone, Debug)]
pub struct ForgetArgs {
    /// Images, or folders of which all images are forgotten
    #[arg(required_unless_present = "missing", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Forget only images that are missing; without a path, all of them
    #[arg(long)]
    pub missing: bool,
}

/// Arguments of `cisor library merge`.
#[derive(Args, Clone, Debug)]
pub struct MergeArgs {
    /// The other libraries, which are only read
    #[arg(required = true, value_name = "OTHER.db")]
    pub others: Vec<PathBuf>,
    /// The images beside the others are in this folder here [default: the folder of each library]
    #[arg(long, value_name = "FOLDER")]
    pub at: Option<PathBuf>,
}

/// Which images `verify` takes by what the library knows of them.
#[derive(Args, Clone, Debug, Default)]
pub struct DueArgs {
    /// Verify only what was not verified for this long, for instance 30d, oldest first; the library remembers
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = HEADING)]
    pub since: Option<Duration>,
    /// Begin no further image after this time, for instance 2h; exit code 4 if any are left
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = HEADING)]
    pub for_time: Option<Duration>,
    /// Use this library, and note the results there [default: one for each user, with the options above]
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub db: Option<PathBuf>,
}

/// Heading of the options in help texts.
const HEADING: &str = "The library";

impl DueArgs {
    /// Returns whether the library is used.
    pub fn uses_library(&self) -> bool {
        self.since.is_some() || self.for_time.is_some() || self.db.is_some()
    }
}

fn reader_parser() -> impl TypedValueParser<Value = Reader> {
    PossibleValuesParser::new(Reader::ALL.map(Reader::key))
        .try_map(|key| Reader::ALL.into_iter().find(|reader| reader.key() == key).ok_or("no such reader"))
}
