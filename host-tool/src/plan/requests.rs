//! Requests from Cisor's own command line.

use std::path::PathBuf;

use super::{CompressRequest, ExtractRequest};
use crate::cli::{CompressArgs, ExtractArgs, SkipExisting, TargetArgs, TreeArgs, threads_or_default};
use crate::handling::Handling;
use crate::profile::CompressOptions;

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
