//! Runs over whole trees, as keepers of archives have them. `tests/scale/archive.py` makes the trees, works out what
//! has to be found in them, and measures.

use std::env::consts::EXE_SUFFIX;
use std::process::Command;

use anyhow::Result;

use super::page;
use crate::{converter, disc, paths, shell};

/// Measures, and writes docs/benchmarks/archive.md unless the result is only to be shown.
pub(super) fn run(dry_run: bool) -> Result<()> {
    let discs = disc::ensure()?;
    shell::run(&mut converter::build())?;
    let rows = ["build", "--quiet", "--release", "--package", "disc-library", "--example", "rows"];
    shell::run(shell::cargo().args(rows))?;
    let rows = paths::build_dir().join("release/examples").join(format!("rows{EXE_SUFFIX}"));
    let mut script = Command::new("python3");
    script.arg(paths::root().join("tests/scale/archive.py")).args([paths::cisor(), rows, discs.psp]);
    let tables = shell::text(script.arg(paths::build_dir().join("bench-archive")))?;
    let text = format!("{}\n{tables}\n\n", page::machine()?);
    println!("{text}");
    if dry_run { Ok(()) } else { page::ARCHIVE.write(&text) }
}
