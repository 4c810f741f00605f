//! Measures the converter as users have it, on the test disc, and writes docs/benchmarks/.
//!
//! Measurements of single functions are elsewhere: `cargo bench --package image-writer`. Their output becomes
//! part of the page too.

mod archive;
mod browser;
mod functions;
mod load;
mod measure;
mod packages;
mod page;
mod sources;
mod tables;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{converter, disc, paths, psp, shell, tools};

/// Options of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out the image of 16 GiB, which takes minutes and 17 GB of disk; with --sources, a disc of 40 MB
    #[arg(long)]
    small: bool,
    /// Only predict loading times on the console
    #[arg(long)]
    load: bool,
    /// Only compare the LZ4 encoders
    #[arg(long)]
    lz4: bool,
    /// Print what was measured without writing it to docs/benchmarks/
    #[arg(long)]
    dry_run: bool,
    /// Measure only the packaged programs, for Windows (under Wine) and for any Linux, and the ordinary one
    #[arg(long)]
    packages: bool,
    /// Measure only runs over trees of many files, which takes 9 GB of disk
    #[arg(long)]
    archive: bool,
    /// Measure only what discs come in (CHDs, CDs, archives) beside chdman and 7z, which takes 9 GB of disk
    #[arg(long)]
    sources: bool,
    /// Measure only the page in Chromium, side by side with the program; takes 2 GB of disk
    #[arg(long)]
    page: bool,
    /// Count what the PSP driver's requests cost on the emulated console instead, and write
    /// docs/driver-costs.md
    #[arg(long)]
    device: bool,
}

/// Measures everything.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::ensure()?;
    if args.packages {
        return packages::run(args.dry_run);
    }
    if args.device {
        return device();
    }
    if args.archive {
        return archive::run(args.dry_run);
    }
    if args.sources {
        return sources::run(args.small, args.dry_run);
    }
    if args.page {
        return browser::run(args.dry_run);
    }
    let discs = disc::ensure()?;
    shell::run(&mut converter::build())?;
    let scratch = paths::build_dir().join("bench");
    fs::create_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    let bench = measure::Bench::new(&discs, &scratch)?;

    if args.load || !args.lz4 {
        part(args, &page::LOADING, shown(load::table(&bench)?))?;
    }
    if args.lz4 || !args.load {
        part(args, &page::LZ4, shown(lz4(&discs)?))?;
    }
    if args.load || args.lz4 {
        return fs::remove_dir_all(&scratch).with_context(|| scratch.display().to_string());
    }

    let mut text = page::conditions(&discs)?;
    for table in [
        tables::programs,
        tables::pipeline,
        tables::decoding,
        tables::encoders,
        tables::block_sizes,
        tables::memory,
    ] {
        text.push_str(&shown(table(&bench)?));
    }
    if !args.small {
        text.push_str(&shown(tables::huge(&bench)?));
    }
    text.push_str(&shown(functions::table()?));
    if !args.dry_run {
        page::CONVERTER.write(&text)?;
    }
    fs::remove_dir_all(&scratch).with_context(|| scratch.display().to_string())
}

/// Builds the driver and the converter, then makes the test that checks the driver's table write a new one.
fn device() -> Result<()> {
    psp::run()?;
    shell::run(&mut converter::build())?;
    let mut cargo = shell::cargo();
    cargo.args([
        "test",
        "--quiet",
        "--package",
        "psp-machine",
        "--test",
        "driver",
        "--",
        "--include-ignored",
    ]);
    cargo.arg("cost::requests_cost_what_the_table_says");
    shell::run(cargo.env("CISOR_BIN", paths::cisor()).env("CISOR_WRITE_COUNTS", "1"))
}

/// Writes a page that is measured separately.
fn part(args: &Args, page: &page::Page, text: String) -> Result<()> {
    if args.dry_run { Ok(()) } else { page.write(&text) }
}

/// Compares the project's LZ4 encoders with liblz4's, on blocks of the test disc.
fn lz4(discs: &disc::Discs) -> Result<String> {
    let mut cargo: Command = shell::cargo();
    cargo.args(["bench", "--quiet", "--package", "block-encode", "--bench", "lz4", "--"]).arg(&discs.psp);
    Ok(format!("{}\n{}\n\n", page::machine()?, shell::text(&mut cargo)?))
}

/// Prints a part of the page as soon as it is measured.
fn shown(part: String) -> String {
    println!("{part}");
    part
}
