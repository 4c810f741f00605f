//! docs/benchmarks.md: the part between two marks is written by the task, the rest by people.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::disc::Discs;
use crate::{paths, shell};

/// The lines round a part of the page that a task writes.
pub(super) type Marks = (&'static str, &'static str);

pub(super) const CONVERTER: Marks = (
    "<!-- Written by `cargo xtask bench`; changes by hand are lost. -->\n",
    "<!-- End of what `cargo xtask bench` writes. -->\n",
);
pub(super) const LOAD: Marks = (
    "<!-- Written by `cargo xtask bench --load`; changes by hand are lost. -->\n",
    "<!-- End of what `cargo xtask bench --load` writes. -->\n",
);
pub(super) const LZ4: Marks = (
    "<!-- Written by `cargo xtask bench --lz4`; changes by hand are lost. -->\n",
    "<!-- End of what `cargo xtask bench --lz4` writes. -->\n",
);

const NEW_PAGE: &str =
    "# Benchmarks\n\nSizes repeat exactly; times are those of the machine named below.\n\n";

/// Returns when and on what machine it is measured, as a sentence.
pub(super) fn machine() -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cpu = cpu.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let compiler = shell::text(Command::new("rustc").arg("--version"))?;
    let date = shell::text(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    Ok(format!("Measured on {date}: {cpu}, {cores} cores; {compiler}. MB are 10^6 bytes, MiB 2^20."))
}

/// Returns what the measurements were made with.
pub(super) fn conditions(discs: &Discs) -> Result<String> {
    let machine = machine()?;
    let disc = discs.described()?;
    let disc: String =
        disc.lines().filter(|line| !line.ends_with(".iso")).map(|line| format!("    {line}\n")).collect();
    Ok(format!(
        "## The converter\n\n{machine}\n\
         The discs (`cargo xtask disc` makes them), first the PSP disc, then the small one:\n\n{disc}\n"
    ))
}

/// Puts the text in its place on the page.
///
/// A page or a part that is not there yet is begun.
pub(super) fn write((begin, end): Marks, text: &str) -> Result<()> {
    let path = paths::root().join("docs/benchmarks.md");
    let mut page = fs::read_to_string(&path).unwrap_or_else(|_| NEW_PAGE.to_owned());
    if !page.contains(begin) && !page.contains(end) {
        page = format!("{page}\n{begin}{end}");
    }
    let (before, rest) =
        page.split_once(begin).context("docs/benchmarks.md has lost the first mark of a part")?;
    let (_, after) = rest.split_once(end).context("docs/benchmarks.md has lost the second mark of a part")?;
    fs::write(&path, format!("{before}{begin}\n{text}{end}{after}"))
        .with_context(|| path.display().to_string())
}
