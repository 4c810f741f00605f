//! Runs the fuzz targets, and prints how many inputs each has seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{debian, paths, shell};

/// The version of cargo-fuzz that is installed when there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// Makes the first archives.
const PACKAGES: &[&str] = &["p7zip-full", "g++"];

/// Options of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target runs
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u32,
    /// How many processes try inputs for each target
    #[arg(long, value_name = "PROCESSES", default_value_t = 1)]
    jobs: u32,
    /// Run only the targets whose names contain one of these words
    #[arg(value_name = "WORD")]
    filters: Vec<String>,
}

/// Runs the targets. The exit code is 0 only if none has found anything.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if debian::is_here() {
        debian::install(PACKAGES)?;
    }
    let fuzzer = Fuzzer { program: cargo_fuzz()?, folder: paths::root().join("fuzz") };
    fuzzer.write_seeds()?;
    let wanted = |name: &String| {
        args.filters.is_empty() || args.filters.iter().any(|word| name.contains(word.as_str()))
    };
    let targets: Vec<String> = fuzzer.targets()?.into_iter().filter(wanted).collect();
    ensure!(!targets.is_empty(), "no target has such a name");
    let mut rows = Vec::new();
    for target in &targets {
        rows.push((target, fuzzer.run(target, args)?));
    }
    println!("\n{:<46} {:>12} {:>9} {:>8}", "target", "inputs", "features", "found");
    for (target, seen) in &rows {
        let found = if seen.found { "YES" } else { "nothing" };
        println!("{target:<46} {:>12} {:>9} {found:>8}", seen.inputs, seen.features);
    }
    Ok(if rows.iter().any(|(_, seen)| seen.found) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What a run of a target has seen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// How many inputs were tried.
    inputs: u64,
    /// libFuzzer's count of different behaviour.
    features: u64,
    found: bool,
}

impl Seen {
    /// Adds a line that libFuzzer has printed.
    fn take(&mut self, line: &str) {
        let after = |word: &str| {
            let (_, rest) = line.split_once(word)?;
            rest.split_whitespace().next()?.parse::<u64>().ok()
        };
        if let Some(inputs) = after("stat::number_of_executed_units:") {
            self.inputs += inputs;
        }
        if line.starts_with('#')
            && let Some(features) = after(" ft:")
        {
            self.features = self.features.max(features);
        }
    }
}

struct Fuzzer {
    program: PathBuf,
    folder: PathBuf,
}

impl Fuzzer {
    fn write_seeds(&self) -> Result<()> {
        let mut cargo = shell::cargo();
        cargo.current_dir(&self.folder).args(["run", "--quiet", "--bin", "write_seeds", "--target-dir"]);
        shell::run(cargo.arg(paths::build_dir().join("fuzz")))
    }

    fn targets(&self) -> Result<Vec<String>> {
        let folder = self.folder.join("fuzz_targets");
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
        names.sort();
        Ok(names)
    }

    fn run(&self, target: &str, args: &Args) -> Result<Seen> {
        eprintln!("\n== {target}");
        let log = paths::build_dir().join(format!("fuzz-{target}.log"));
        let file = fs::File::create(&log).with_context(|| log.display().to_string())?;
        let mut cargo = Command::new("cargo");
        // The environment's choice of a toolchain, by which this task was started, is not the one for this.
        cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
        cargo.current_dir(&self.folder).arg("+nightly").arg("fuzz").arg("run").arg("--target-dir");
        cargo.arg(paths::build_dir().join("fuzz-nightly")).arg(target).arg("--");
        cargo.arg(format!("-max_total_time={}", args.seconds)).arg("-print_final_stats=1");
        cargo.args(["-rss_limit_mb=4096", "-timeout=25", "-max_len=262144"]);
        if args.jobs > 1 {
            cargo.arg(format!("-fork={}", args.jobs));
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let programs = self.program.parent().unwrap_or(Path::new("")).to_path_buf();
        let all = std::iter::once(programs).chain(std::env::split_paths(&path));
        cargo.env("PATH", std::env::join_paths(all)?);
        cargo.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let status = cargo.status().context("cargo cannot be started")?;
        let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let mut seen = Seen { found: !status.success(), ..Seen::default() };
        text.lines().for_each(|line| seen.take(line));
        if seen.found {
            let from = text.lines().count().saturating_sub(40);
            text.lines().skip(from).for_each(|line| eprintln!("{line}"));
            if seen.inputs == 0 && !text.contains("SUMMARY") {
                bail!("{target} does not run: {}", log.display());
            }
        }
        Ok(seen)
    }
}

/// Returns cargo-fuzz; installs it in cargo's target folder if need be.
fn cargo_fuzz() -> Result<PathBuf> {
    if let Some(program) = shell::find("cargo-fuzz") {
        return Ok(program);
    }
    let root = paths::build_dir().join("checkers/cargo-fuzz");
    let program = root.join("bin/cargo-fuzz");
    if !program.is_file() {
        eprintln!("Installing cargo-fuzz {CARGO_FUZZ}, once");
        let mut cargo = shell::cargo();
        cargo.args(["install", "--quiet", "--locked", "--version", CARGO_FUZZ, "cargo-fuzz", "--root"]);
        shell::run(cargo.arg(&root))?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::Seen;

    #[test]
    fn figures_are_what_libfuzzer_prints() {
        let mut seen = Seen::default();
        for line in [
            "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb",
            "#65536\tpulse  cov: 240 ft: 811 corp: 80/9Kb lim: 652 exec/s: 32768 rss: 60Mb",
            "stat::number_of_executed_units: 70000",
            "nothing of interest ft: 900000",
        ] {
            seen.take(line);
        }
        assert_eq!(seen, Seen { inputs: 70_000, features: 811, found: false });
    }
}
