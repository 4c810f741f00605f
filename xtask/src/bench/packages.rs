//! The programs of the packages, compared with the one that cargo builds. Their runs are interleaved, so that
//! other work on the machine affects all three alike.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::page;
use crate::profile::Profile;
use crate::windows::{self, Wine};
use crate::{converter, disc, dist, paths, shell};

/// How often each program runs; the fastest run counts.
const ROUNDS: usize = 3;

/// The runs to measure: a name for people, the verb, its options. The input is the disc or the packed file.
const WORK: &[(&str, &str, &[&str])] = &[
    ("compress `--for psp`", "compress", &["--for", "psp"]),
    ("extract that", "extract", &[]),
    ("verify that", "verify", &[]),
    ("compress `--for opl`", "compress", &["--for", "opl"]),
    ("extract that", "extract", &[]),
    ("verify that", "verify", &[]),
];

/// Measures, and writes docs/benchmarks/packages.md unless the result is only to be shown.
pub(super) fn run(dry_run: bool) -> Result<()> {
    let discs = disc::ensure()?;
    shell::run(&mut converter::build())?;
    let programs =
        [paths::cisor(), dist::static_program(Profile::Release)?, windows::build(Profile::Release)?];
    let wine = Wine::start()?;
    let scratch = paths::build_dir().join("bench-packages");
    fs::create_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    let mut table =
        String::from("| work | glibc | static, musl | Windows, under Wine |\n|---|---:|---:|---:|\n");
    for (name, verb, options) in WORK {
        let mut best = [f64::INFINITY; 3];
        for _ in 0..ROUNDS {
            for (place, (program, best)) in programs.iter().zip(&mut best).enumerate() {
                let seconds = seconds(place == 2, program, &wine, &scratch, &discs.psp, verb, options)?;
                *best = best.min(seconds);
            }
        }
        let cells = best.map(|seconds| format!("{seconds:.2} s"));
        table.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    }
    fs::remove_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    let compiler = shell::text(Command::new("rustc").arg("--version"))?;
    let date = shell::text(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let text = format!(
        "Measured on {date} with {compiler}, on the PSP disc of {:.0} MB. Seconds of wall time,\nthe \
         fastest of {ROUNDS} interleaved runs. They include the start of Wine itself, about 0.1 s. Nobody \
         has measured the program on\nWindows yet.\n\n{table}\n",
        fs::metadata(&discs.psp)?.len() as f64 / 1e6
    );
    println!("{text}");
    if dry_run { Ok(()) } else { page::PACKAGES.write(&text) }
}

/// Runs one program once and returns how long that took. All of them write the same file, byte for byte.
fn seconds(
    is_windows: bool,
    program: &Path,
    wine: &Wine,
    scratch: &Path,
    disc: &Path,
    verb: &str,
    options: &[&str],
) -> Result<f64> {
    let (packed, back) = (scratch.join("packed"), scratch.join("back.iso"));
    let mut command = if is_windows {
        let mut command = wine.command("wine");
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(["--quiet", verb]).args(options);
    match verb {
        "compress" => command.arg("-f").arg(disc).arg("-o").arg(&packed),
        "extract" => command.arg("-f").arg(&packed).arg("-o").arg(&back),
        _ => command.arg(&packed),
    };
    let begun = Instant::now();
    shell::output(&mut command)?;
    Ok(begun.elapsed().as_secs_f64())
}
