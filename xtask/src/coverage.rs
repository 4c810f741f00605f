//! Measures how much of the decoder's code the inputs of the fuzz targets reach, in lines and regions.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::fuzz::Fuzzer;
use crate::{debian, paths, shell};

/// The code that counts, and what of it must be reached, in percent.
const CRATE: &str = "crates/sector-decode/src";
const LEAST: f64 = 95.0;

/// The targets that call the decoder. The others would only take time.
const TARGETS: &[&str] = &[
    "any_header_comes_back",
    "any_stream_decodes_alike_into_any_buffer",
    "c_interface",
    "driver_commands",
    "fast_and_safe_decoders_agree",
    "lint_never_panics_and_agrees_with_decoder",
    "lz4_agrees_with_liblz4",
    "lzo_agrees_with_minilzo",
    "no_output_leak",
    "open_and_read_any_file",
];

/// Runs each target once over the inputs that it has, those that `cargo xtask fuzz` found and the first ones. Prints a
/// table of the decoder's files, and writes a page that shows each line to target/coverage/.
///
/// # Errors
///
/// If less than 95 % of lines or regions are reached.
pub(crate) fn run() -> Result<()> {
    let llvm = llvm()?;
    let fuzzer = Fuzzer::new()?;
    fuzzer.write_seeds()?;
    let build = paths::build_dir().join("fuzz-coverage");
    let mut profiles = Vec::new();
    for target in TARGETS {
        eprintln!("\n== {target}");
        let mut cargo = fuzzer.cargo("coverage");
        cargo.arg("--llvm-path").arg(&llvm).arg("--target-dir").arg(&build).arg(target);
        // With counters, the constants that libdeflate has for each processor look like one that exists twice.
        cargo.env("ASAN_OPTIONS", "detect_odr_violation=0");
        shell::output(&mut cargo)?;
        profiles.push(fuzzer.folder().join("coverage").join(target).join("coverage.profdata"));
    }
    let all = build.join("all.profdata");
    let mut merge = Command::new(llvm.join("llvm-profdata"));
    shell::output(merge.args(["merge", "--sparse", "-o"]).arg(&all).args(&profiles))?;

    let programs = build.join("x86_64-unknown-linux-gnu/release");
    let report = |verb: &[&str]| {
        let mut cov = Command::new(llvm.join("llvm-cov"));
        cov.args(verb).arg("--instr-profile").arg(&all).arg("--ignore-filename-regex=/tests?(/|\\.rs)");
        for (place, target) in TARGETS.iter().enumerate() {
            if place > 0 {
                cov.arg("--object");
            }
            cov.arg(programs.join(target));
        }
        shell::text(cov.arg("--sources").arg(paths::root().join(CRATE)))
    };
    let pages = paths::build_dir().join("coverage");
    report(&[
        "show",
        "--format=html",
        "--show-line-counts-or-regions",
        &format!("--output-dir={}", pages.display()),
    ])?;
    let table = report(&["report", "--show-functions=false", "--show-branch-summary=false"])?;
    println!("{table}\nEach line: {}", pages.join("index.html").display());
    let (regions, lines) = totals(&table).context("llvm-cov prints another table")?;
    ensure!(
        regions >= LEAST && lines >= LEAST,
        "less than {LEAST} % are reached: {regions} % of regions, {lines} % of lines"
    );
    Ok(())
}

/// The two percentages in the last line of `llvm-cov report`: of regions and of lines.
fn totals(table: &str) -> Option<(f64, f64)> {
    let line = table.lines().find(|line| line.starts_with("TOTAL"))?;
    let mut shares = line.split_whitespace().filter_map(|word| word.strip_suffix('%')?.parse().ok());
    let regions = shares.next()?;
    Some((regions, shares.next_back()?))
}

/// The folder with the programs of LLVM that read what the nightly compiler writes: rustup's, or else Debian's.
fn llvm() -> Result<PathBuf> {
    let nightly =
        |arg: &str| shell::text(Command::new("rustup").args(["run", "nightly", "rustc", arg, "-v"]));
    let version = nightly("-V")?;
    let version = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))
        .context("rustc -Vv names no LLVM")?;
    let sysroot =
        shell::text(Command::new("rustup").args(["run", "nightly", "rustc", "--print", "sysroot"]))?;
    let of_rustup = Path::new(sysroot.trim()).join("lib/rustlib/x86_64-unknown-linux-gnu/bin");
    if of_rustup.join("llvm-cov").is_file() {
        return Ok(of_rustup);
    }
    let major = version.split('.').next().unwrap_or(version);
    if debian::is_here() {
        debian::install(&[&format!("llvm-{major}")])
            .context("or let rustup install it: rustup component add --toolchain nightly llvm-tools")?;
    }
    let of_debian = PathBuf::from(format!("/usr/lib/llvm-{major}/bin"));
    ensure!(
        of_debian.join("llvm-cov").is_file(),
        "llvm-cov is missing: rustup component add --toolchain nightly llvm-tools"
    );
    Ok(of_debian)
}

#[cfg(test)]
mod tests {
    use super::totals;

    #[test]
    fn totals_are_those_of_regions_and_lines() {
        let table = "Filename  Regions  Missed Regions  Cover  Lines  Missed Lines  Cover\n\
                     lib.rs         10               5  50.00%    20             5  75.00%\n\
                     TOTAL          40               2  95.00%    80             2  97.50%\n";
        assert_eq!(totals(table), Some((95.0, 97.5)));
        assert_eq!(totals("nothing"), None);
    }
}
