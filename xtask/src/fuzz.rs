//! Runs the fuzz targets, and prints how many inputs each has seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{checkers, debian, paths, shell};

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
    let fuzzer = Fuzzer::new()?;
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
        let Some(numbered) = line.strip_prefix('#') else { return };
        if let Some(features) = after(" ft:") {
            self.features = self.features.max(features);
        }
        // Several processes print no final figures: only such a line counts the inputs of all.
        if let Some((inputs, _)) = numbered.split_once(": cov:") {
            self.inputs = inputs.parse().unwrap_or(self.inputs);
        }
    }
}

/// cargo-fuzz, and the folder with the targets.
pub(crate) struct Fuzzer {
    program: PathBuf,
    folder: PathBuf,
}

impl Fuzzer {
    /// Installs what the targets need.
    pub(crate) fn new() -> Result<Self> {
        if debian::is_here() {
            debian::install(PACKAGES)?;
        }
        Ok(Self {
            program: checkers::from_crates_io("cargo-fuzz", CARGO_FUZZ)?,
            folder: paths::root().join("fuzz"),
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command of cargo-fuzz.
    pub(crate) fn cargo(&self, verb: &str) -> Command {
        let mut cargo = Command::new("cargo");
        // The environment's choice of a toolchain, by which this task was started, is not the one for this.
        cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let programs = self.program.parent().unwrap_or(Path::new("")).to_path_buf();
        let all = std::iter::once(programs).chain(std::env::split_paths(&path));
        if let Ok(all) = std::env::join_paths(all) {
            cargo.env("PATH", all);
        }
        cargo.current_dir(&self.folder).args(["+nightly", "fuzz", verb]);
        cargo
    }

    /// Writes the first inputs of each target.
    pub(crate) fn write_seeds(&self) -> Result<()> {
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
        let mut cargo = self.cargo("run");
        cargo.arg("--target-dir").arg(paths::build_dir().join("fuzz-nightly")).arg(target).arg("--");
        cargo.arg(format!("-max_total_time={}", args.seconds)).arg("-print_final_stats=1");
        cargo.args(["-rss_limit_mb=4096", "-timeout=25", "-max_len=262144"]);
        if args.jobs > 1 {
            cargo.arg(format!("-fork={}", args.jobs));
        }
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

    #[test]
    fn several_processes_count_together() {
        let mut seen = Seen::default();
        for line in [
            "#28282: cov: 1631 ft: 9849 corp: 533 exec/s: 47 oom/timeout/crash: 0/0/0 time: 286s job: 31 dft_time: 0",
            "#29694: cov: 1633 ft: 9901 corp: 541 exec/s: 42 oom/timeout/crash: 0/0/0 time: 301s job: 32 dft_time: 0",
            "INFO: exiting: 0 time: 301s",
        ] {
            seen.take(line);
        }
        assert_eq!(seen, Seen { inputs: 29_694, features: 9_901, found: false });
    }
}
