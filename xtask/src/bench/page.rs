//! docs/benchmarks.md: the part between two marks is written by the task, the rest by people.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::disc::Discs;
use crate::{paths, shell};

const BEGIN: &str = "<!-- Written by `cargo xtask bench`; changes by hand are lost. -->\n";
const END: &str = "<!-- End of what `cargo xtask bench` writes. -->\n";

const NEW_PAGE: &str =
    "# Benchmarks\n\nSizes repeat exactly; times are those of the machine named below.\n\n";

/// Returns what the measurements were made with.
pub(super) fn conditions(discs: &Discs) -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cpu = cpu.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let compiler = shell::text(Command::new("rustc").arg("--version"))?;
    let date = shell::text(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let disc = discs.described()?;
    let disc: String =
        disc.lines().filter(|line| !line.ends_with(".iso")).map(|line| format!("    {line}\n")).collect();
    Ok(format!(
        "## The converter\n\nMeasured on {date}: {cpu}, {cores} cores; {compiler}. MB are 10^6 bytes, MiB 2^20.\n\
         The discs (`cargo xtask disc` makes them), first the PSP disc, then the small one:\n\n{disc}\n"
    ))
}

/// Puts the text in its place on the page.
pub(super) fn write(text: &str) -> Result<()> {
    let path = paths::root().join("docs/benchmarks.md");
    let page = fs::read_to_string(&path).unwrap_or_else(|_| format!("{NEW_PAGE}{BEGIN}{END}"));
    let (before, rest) = page.split_once(BEGIN).context("docs/benchmarks.md has lost its first mark")?;
    let (_, after) = rest.split_once(END).context("docs/benchmarks.md has lost its second mark")?;
    fs::write(&path, format!("{before}{BEGIN}\n{text}{END}{after}"))
        .with_context(|| path.display().to_string())
}
