//! Options of the verbs that work on many files: folders, lists, and what to do with what is there already.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

/// Heading of the options in help texts.
const HEADING: &str = "Folders and lists";

/// Which files a verb works on, beyond those that are named.
#[derive(Args, Clone, Debug, Default)]
pub struct TreeArgs {
    /// Take folders, too: every disc image below them, recognised by its content
    #[arg(short, long, help_heading = HEADING)]
    pub recursive: bool,
    /// Take the paths in this file, one per line; - is standard input
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub files_from: Option<PathBuf>,
    /// The paths in that file end with a NUL byte, as find -print0 writes them
    #[arg(long, requires = "files_from", help_heading = HEADING)]
    pub null: bool,
    /// Take only part K of N, for instance 2/4: each of N machines works on its own files
    #[arg(long, value_name = "K/N", help_heading = HEADING)]
    pub shard: Option<Shard>,
}

impl TreeArgs {
    /// Returns whether folders or lists may turn the arguments into any number of files.
    pub fn may_be_many(&self) -> bool {
        self.recursive || self.files_from.is_some()
    }
}

/// How the verbs that write treat many files.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct BatchArgs {
    /// Print what would be written, and an estimate of its size, and write nothing
    #[arg(short = 'n', long, help_heading = HEADING)]
    pub dry_run: bool,
    /// Leave existing targets alone: verified (with -f, those that are not this disc are replaced), or by
    /// their name alone, without opening anything [default without =HOW: verified; the other: name]
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "verified",
        hide_possible_values = true,
        help_heading = HEADING
    )]
    pub skip_existing: Option<SkipExisting>,
    /// Write the SHA-256 of the disc beside each file, as NAME.sha256, for verify and sha256sum
    #[arg(long, help_heading = HEADING)]
    pub sidecar: bool,
}

/// Which compressed files are written again.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct RemakeArgs {
    /// Replace compressed files by new ones, each only after the new one was verified
    #[arg(long, conflicts_with_all = ["output", "folder", "rm", "tail", "skip_existing"], help_heading = HEADING)]
    pub in_place: bool,
    /// Take only compressed files that are not safe for the PSP's firmware
    #[arg(long, requires = "profile", help_heading = HEADING)]
    pub only_unsafe: bool,
}

/// When an existing target counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SkipExisting {
    /// When it decodes to the disc and is the kind of file that would be written.
    Verified,
    /// When it has the name.
    Name,
}

/// One of several parts of all files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 0.
    pub index: u64,
    /// The number of parts, at least 1.
    pub count: u64,
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        match parsed {
            Some((number, count)) if (1..=count).contains(&number) => Ok(Self { index: number - 1, count }),
            _ => Err("expected K/N with K from 1 to N, for instance 2/4"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 1, count: 4 }));
        assert_eq!("1/1".parse(), Ok(Shard { index: 0, count: 1 }));
        for wrong in ["0/4", "5/4", "1/0", "4", "a/b", "1/", "-1/2", "1/2/3", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
