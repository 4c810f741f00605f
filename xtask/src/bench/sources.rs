//! What discs come in, beside chdman and 7z. `tests/scale/sources.py` makes the files, measures, and compares what was
//! written.

use std::process::Command;

use anyhow::Result;

use super::page;
use crate::{converter, disc, paths, shell};

/// Size of the PSP disc in MB, and with `--small`.
const SIZES: [&str; 2] = ["400", "40"];

/// Measures, and writes docs/benchmarks/sources.md unless the result is only to be shown.
pub(super) fn run(small: bool, dry_run: bool) -> Result<()> {
    let discs = disc::ensure()?;
    shell::run(&mut converter::build())?;
    let mut script = Command::new("python3");
    script.arg(paths::root().join("tests/scale/sources.py")).args([paths::cisor(), discs.psp, discs.ps2]);
    script.arg(paths::build_dir().join("bench-sources")).arg(SIZES[usize::from(small)]);
    let tables = shell::text(&mut script)?;
    let text = format!("{}\n{tables}\n\n", page::machine()?);
    println!("{text}");
    if dry_run { Ok(()) } else { page::SOURCES.write(&text) }
}
