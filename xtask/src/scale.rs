//! Runs one job on two workers, by GNU parallel over ssh and as a Slurm array, all on this machine.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{converter, debian, paths, shell};

/// What `tests/scale/scale.sh` needs beside the tests' own packages.
const PACKAGES: &[&str] = &["jq", "munge", "openssh-client", "openssh-server", "parallel", "slurm-wlm"];

/// Installs what is missing, builds the converter, and runs the job.
pub(crate) fn run() -> Result<()> {
    if !debian::is_here() {
        bail!("this needs Debian's packages: {}", PACKAGES.join(", "));
    }
    debian::install(PACKAGES)?;
    shell::run(&mut converter::build())?;
    shell::run(Command::new(paths::root().join("tests/scale/scale.sh")).arg(paths::cisor()))
}
