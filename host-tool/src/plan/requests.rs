//! Requests from Cisor's own command line.

use std::path::PathBuf;

use super::{CompressRequest, ExtractRequest, extension};
use crate::by_name::ByName;
use crate::cli::{CompressArgs, ExtractArgs, SkipExisting, TargetArgs, TreeArgs, threads_or_default};
use crate::handling::Handling;
use crate::profile::{CompressOptions, Profile};
use crate::target::Target;

impl From<CompressArgs> for CompressRequest {
    fn from(args: CompressArgs) -> Self {
        Self {
            handling: Handling::from(&args),
            target: args.target.target(),
            existing: args.target.existing(),
            try_without_room: args.target.ignore_limits,
            profile: args.profile,
            only_known_discs: false,
            any_console: false,
            tail: args.tail,
            compress_options: CompressOptions {
                to: args.to,
                block_size: args.block_size,
                level: args.level.level(),
                threshold: args.threshold,
                optimize: args.optimize,
                align: args.align,
                ignore_limits: args.target.ignore_limits,
                threads: threads_or_default(args.threads),
            },
            remove_source: args.rm,
            keep_raw: args.keep.keep_raw,
            inputs: args.inputs,
        }
    }
}

impl From<ExtractArgs> for ExtractRequest {
    fn from(args: ExtractArgs) -> Self {
        Self {
            handling: Handling::of_extract(&args),
            target: args.target.target(),
            existing: args.target.existing(),
            try_without_room: args.target.ignore_limits,
            keep_going: args.keep_going,
            remove_source: args.rm,
            threads: threads_or_default(args.threads),
            keep_raw: args.keep.keep_raw,
            inputs: args.inputs,
        }
    }
}

impl CompressRequest {
    /// Returns the names that files may have, if a file of that name is enough. Without a profile or format, a
    /// disc's console decides which of the formats it gets, and a file of either kind counts.
    pub(crate) fn by_name(&self) -> Option<ByName> {
        let guessed = [Profile::Psp, Profile::Opl];
        let profiles = self.profile.as_ref().map_or(&guessed[..], std::slice::from_ref);
        let extensions = match self.compress_options.to {
            Some(format) => vec![extension(format)],
            None => profiles.iter().map(|profile| extension(profile.formats()[0])).collect(),
        };
        names_decide(self.handling, &self.target).then(|| ByName::new(extensions))
    }
}

impl ExtractRequest {
    /// Returns the names that files may have, if a file of that name is enough.
    pub(crate) fn by_name(&self) -> Option<ByName> {
        names_decide(self.handling, &self.target).then(|| ByName::new(vec!["iso"]))
    }
}

/// Names for Open PS2 Loader begin with the disc's id, so the image has to be opened.
fn names_decide(handling: Handling, target: &Target) -> bool {
    handling.skip == Some(SkipExisting::Name) && !matches!(target, Target::Opl(_))
}

/// Returns the usage error of arguments that are valid individually but not together.
pub fn usage_error(inputs: &[PathBuf], tree: &TreeArgs, target: &TargetArgs) -> Option<&'static str> {
    if target.force && target.batch.skip_existing == Some(SkipExisting::Name) {
        return Some("-f replaces the files that --skip-existing=name leaves alone; use one of them");
    }
    let output = target.output.as_ref()?;
    if inputs.len() > 1 || tree.may_be_many() {
        return Some("-o names one file, but there are several inputs; use -d to name a folder");
    }
    (output.as_os_str() == "-")
        .then_some("cannot write to standard output: the finished file must be read back and checked")
}
