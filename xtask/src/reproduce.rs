//! Builds the packages twice, here and in a fresh clone in another folder, and compares them byte by byte.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::dist::SUMS;
use crate::{paths, shell};

/// Options of `cargo xtask reproduce`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out the programs that zig builds: for ARM and macOS
    #[arg(long)]
    no_cross: bool,
}

/// Compares. What is not committed is not in the clone, so there must be nothing.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = paths::root();
    let mut changes = Command::new("git");
    let changes = shell::text(changes.current_dir(&root).args(["status", "--porcelain"]))?;
    ensure!(changes.is_empty(), "something is not committed:\n{changes}");
    // The folder's name, which is longer, must not be in the packages.
    let clone = paths::build_dir().join("reproduce/clone");
    if clone.exists() {
        fs::remove_dir_all(&clone).with_context(|| clone.display().to_string())?;
    }
    shell::run(Command::new("git").args(["clone", "--quiet"]).arg(&root).arg(&clone))?;
    let sums = |folder: &Path| -> Result<String> {
        eprintln!("Building in {}", folder.display());
        let mut cargo = shell::cargo();
        cargo.current_dir(folder).env_remove("CARGO_TARGET_DIR");
        cargo.args(["run", "--quiet", "--package", "xtask", "--", "dist"]);
        cargo.args(args.no_cross.then_some("--no-cross"));
        shell::run(&mut cargo)?;
        let sums = folder.join("target/dist").join(SUMS);
        fs::read_to_string(&sums).with_context(|| sums.display().to_string())
    };
    let (first, second) = (sums(&root)?, sums(&clone)?);
    for line in first.lines() {
        let is_same = second.lines().any(|other| other == line);
        println!("{} {line}", if is_same { "same  " } else { "OTHER " });
    }
    ensure!(first == second, "the second build has other bytes");
    Ok(())
}
