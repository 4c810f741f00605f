//! Arguments of `cisor sync`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use image_writer::OutputFormat;

use super::{LevelArgs, byte_size, formats, threads};
use crate::profile::Profile;

/// Arguments of `cisor sync`.
#[derive(Args, Clone, Debug)]
#[command(after_help = help())]
pub struct SyncArgs {
    /// Folder with the images, or one image; every image below it is wanted
    #[arg(value_name = "SHELF")]
    pub shelf: PathBuf,
    /// The card: its top folder, where the device looks for ISO/, CD/ or DVD/
    #[arg(value_name = "CARD")]
    pub card: PathBuf,
    /// The device that reads the card; see the table below
    #[arg(long = "for", value_name = "PROFILE", required = true, value_parser = devices(), hide_possible_values = true)]
    pub profile: Profile,
    /// Take only images whose name, or path below SHELF, is like this, with * and ?; may be repeated
    #[arg(long, value_name = "PATTERN", help_heading = "Titles")]
    pub only: Vec<String>,
    /// Take only the images in this list, one path below SHELF per line; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "Titles")]
    pub files_from: Option<PathBuf>,
    /// The paths in that list end with a NUL byte, as find -print0 writes them
    #[arg(long, requires = "files_from", help_heading = "Titles")]
    pub null: bool,
    /// Delete what earlier runs put on the card, is still as it was, and is no longer wanted
    #[arg(long)]
    pub delete: bool,
    /// Print what would be written and deleted, with estimates, and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Read what is on the card already, and compare it with what was written
    #[arg(long)]
    pub check: bool,
    /// Replace other files that are in the way
    #[arg(short, long)]
    pub force: bool,
    /// Begin even if the card may be too small, and leave out what an image cannot hold
    #[arg(long)]
    pub ignore_limits: bool,
    /// Format to write, of those that the device reads
    #[arg(long, value_name = "FORMAT", value_parser = formats::parser())]
    pub to: Option<OutputFormat>,
    /// Effort.
    #[command(flatten)]
    pub level: LevelArgs,
    /// Bytes of the image in each block, for instance 2048 or 8K
    #[arg(short, long, value_name = "SIZE", value_parser = byte_size)]
    pub block_size: Option<u32>,
    /// Work in this many threads [default: as many as there are processors, at most 16]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
}

impl SyncArgs {
    /// Returns the folder on the card that the device searches; `None` if it is the card itself, or if the disc
    /// decides.
    pub fn folder(&self) -> Option<&'static str> {
        folder(self.profile)
    }
}

/// Custom firmwares of the PSP look into one folder.
fn folder(profile: Profile) -> Option<&'static str> {
    match profile {
        Profile::Psp | Profile::Adrenaline | Profile::Ark | Profile::Cisor => Some("ISO"),
        Profile::Ppsspp | Profile::Pcsx2 | Profile::Opl | Profile::Any => None,
    }
}

/// Every profile but the one for nobody in particular.
fn devices() -> impl TypedValueParser<Value = Profile> {
    let names = Profile::ALL.into_iter().filter(|profile| *profile != Profile::Any).map(Profile::name);
    PossibleValuesParser::new(names).try_map(|name| Profile::from_name(&name).ok_or("no such profile"))
}

fn help() -> String {
    let mut help = String::from("Devices (--for), and where their files go:\n");
    for profile in Profile::ALL {
        let place = match (profile, folder(profile)) {
            (Profile::Any, _) => continue,
            (Profile::Opl, _) => "CARD/CD/ or CARD/DVD/, as SLES_123.45.Title.zso".to_owned(),
            (_, Some(folder)) => format!("CARD/{folder}/Title.{}", extension(profile)),
            (_, None) => format!("CARD/Title.{}", extension(profile)),
        };
        help += &format!("  {:<12}{place}\n", profile.name());
    }
    help + EXAMPLES
}

fn extension(profile: Profile) -> &'static str {
    profile.formats()[0].name()
}

const EXAMPLES: &str = "
The card has a file cisor-sync.txt with what was put there.

Examples:
  cisor sync /shelf /media/PSP --for psp               all PSP games of the shelf
  cisor sync /shelf /media/PSP --for psp -n            what that would do
  cisor sync /shelf /media/PSP --for psp --delete      and delete what has left the shelf
  cisor sync /shelf /media/PS2 --for opl --only '*(Europe)*'
  cisor sync /shelf /media/PSP --for psp --check       is all of it still what was written?";
