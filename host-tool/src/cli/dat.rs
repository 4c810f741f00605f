//! What `cisor dat` takes.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::threads;

/// Arguments of `cisor dat`.
#[derive(Args, Clone, Debug)]
pub struct DatArgs {
    /// What is done.
    #[command(subcommand)]
    pub verb: DatVerb,
}

/// What is done with a tree and a DAT.
#[derive(Clone, Debug, Subcommand)]
pub enum DatVerb {
    /// Tell which images are known good dumps, which are not, and what is missing
    Check(DatCheckArgs),
    /// Write a DAT of what is missing
    Fixdat(DatFixdatArgs),
    /// Give images the names that the DAT has for them
    ///
    /// Without --yes it only prints what would be done. Nothing is ever overwritten, and files that do not match
    /// an entry are left alone.
    Rename(DatRenameArgs),
}

/// Images, and the DATs that they are compared with.
#[derive(Args, Clone, Debug)]
pub struct DatTree {
    /// Images, or folders that are searched for images
    #[arg(required = true, value_name = "TREE")]
    pub trees: Vec<PathBuf>,
    /// A DAT in Logiqx XML, a ZIP with DATs, or a folder of them; may be repeated
    #[arg(long = "dat", required = true, value_name = "FILE|DIR")]
    pub dats: Vec<PathBuf>,
    /// Work in this many threads [default: as many as there are processors, at most 16]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
}

/// Arguments of `cisor dat check`.
#[derive(Args, Clone, Debug)]
pub struct DatCheckArgs {
    /// What is compared.
    #[command(flatten)]
    pub tree: DatTree,
    /// List the games that are missing or incomplete, instead of only counting them
    #[arg(long)]
    pub missing: bool,
}

/// Arguments of `cisor dat fixdat`.
#[derive(Args, Clone, Debug)]
pub struct DatFixdatArgs {
    /// What is compared.
    #[command(flatten)]
    pub tree: DatTree,
    /// Write the DAT to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Replace an existing file
    #[arg(short, long)]
    pub force: bool,
}

/// Arguments of `cisor dat rename`.
#[derive(Args, Clone, Debug)]
pub struct DatRenameArgs {
    /// What is compared.
    #[command(flatten)]
    pub tree: DatTree,
    /// Rename the files, instead of only printing what would be done
    #[arg(long)]
    pub yes: bool,
}
