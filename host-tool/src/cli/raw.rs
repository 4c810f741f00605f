//! Options about the sidecars of CD dumps.

use std::path::PathBuf;

use clap::Args;

/// What else `cisor compress` and `cisor extract` write.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct KeepRawArgs {
    /// Also write NAME.raw with everything that the image lacks of a CD dump (BIN/CUE), so that extract --raw
    /// gives the very same dump again
    #[arg(long, conflicts_with = "rm")]
    pub keep_raw: bool,
}

/// What `cisor extract` writes instead of an ISO.
#[derive(Args, Clone, Debug, Default)]
pub struct RestoreArgs {
    /// Write the CD dump (BIN/CUE) that the image was made from, with the help of NAME.raw beside it
    #[arg(long, conflicts_with_all = ["rm", "keep_going", "keep_raw", "output", "naming",
        "recursive", "files_from", "shard", "dry_run", "skip_existing", "sidecar"])]
    pub raw: bool,
    /// As --raw, with another file than NAME.raw; only with a single input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rm", "keep_going", "keep_raw", "output", "naming",
        "recursive", "files_from", "shard", "dry_run", "skip_existing", "sidecar"])]
    pub raw_from: Option<PathBuf>,
}

impl RestoreArgs {
    /// Returns whether a dump is wanted.
    pub fn is_wanted(&self) -> bool {
        self.raw || self.raw_from.is_some()
    }
}
