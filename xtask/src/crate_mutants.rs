//! Breaks the crates in every way that cargo-mutants knows, one at a time, and counts how many of the mutants a test
//! notices.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::{checkers, paths, shell};

/// The version of cargo-mutants that is installed when there is none.
const CARGO_MUTANTS: &str = "27.0.0";

/// What of the mutants must be noticed, in percent.
const LEAST: f64 = 95.0;

/// Code that is broken, and the tests that are to notice.
struct Part {
    name: &'static str,
    package: &'static str,
    /// Which files are broken; all of the package if empty.
    files: &'static [&'static str],
    /// Options of cargo: which features.
    options: &'static [&'static str],
    /// The tests that are tried first, as options of cargo: those that take least and notice most. What they miss is tried
    /// with `tests`.
    first: &'static [&'static str],
    /// All tests that are to notice; every one of the package if empty.
    tests: &'static [&'static str],
}

const PARTS: &[Part] = &[
    Part {
        name: "sector-decode, codecs",
        package: "sector-decode",
        files: &["crates/sector-decode/src/codec/**"],
        options: &["--features=fast,test-reference"],
        first: &["--lib", "--test=codecs"],
        tests: &[],
    },
    Part {
        name: "sector-decode, files",
        package: "sector-decode",
        files: &[
            "crates/sector-decode/src/*.rs",
            "crates/sector-decode/src/container/**",
            "crates/sector-decode/src/index/**",
            "crates/sector-decode/src/reader/**",
        ],
        options: &["--features=fast,test-reference"],
        first: &[
            "--lib",
            "--test=error_texts",
            "--test=hostile",
            "--test=lint",
            "--test=options",
            "--test=placement",
            "--test=quirks",
            "--test=quirks_dax_jso",
            "--test=reads",
            "--test=refusals",
            "--test=refused_entries",
            "--test=short_indexes",
            "--test=windows",
        ],
        tests: &[],
    },
    Part { name: "umd-device", package: "umd-device", files: &[], options: &[], first: &[], tests: &[] },
    Part {
        name: "image-writer",
        package: "image-writer",
        files: &[],
        options: &[],
        first: &["--lib", "--test=pipeline", "--test=rules"],
        // All but the image of more than 4 GiB, which takes a third of the time.
        tests: &[
            "--lib",
            "--test=backends",
            "--test=chd",
            "--test=faults",
            "--test=load",
            "--test=pipeline",
            "--test=round_trip",
            "--test=rules",
        ],
    },
    Part {
        name: "output, plan and scan",
        package: "cisor",
        files: &[
            "host-tool/src/output*",
            "host-tool/src/output/*.rs",
            "host-tool/src/plan*",
            "host-tool/src/plan/*.rs",
            "host-tool/src/scan.rs",
        ],
        options: &["--config=profile.dev.package.cisor.opt-level=0"],
        first: &["--lib"],
        // The other programs are about other code, and take most of the time.
        tests: &["--lib", "--test=cli", "--test=power_cut"],
    },
];

/// What is only there for people who debug, what only tests call, and what is built only for the page. And what changes
/// nothing: `|` joins numbers without a common bit wherever these crates have it, so `^` does the same. See that a new `|`
/// does too.
const EXCLUDED: &[&str] = &[
    "impl (core::)?(fmt::)?Debug",
    "sector-decode/src/reference.rs",
    "stream_in_room",
    r"replace \| with \^",
];

/// Makes and tests the mutants of each part, or every `sample`-th of them. The exit code is 0 only when 95 % of each part
/// are noticed; those that are not are listed.
pub(crate) fn run(sample: u32, words: &[String]) -> Result<ExitCode> {
    let program = checkers::from_crates_io("cargo-mutants", CARGO_MUTANTS)?;
    let mut rows = Vec::new();
    for part in
        PARTS.iter().filter(|part| words.is_empty() || words.iter().any(|word| part.name.contains(word)))
    {
        rows.push((part.name, tested(&program, part, sample)?));
    }
    ensure!(!rows.is_empty(), "no part has such a name");
    println!("\n{:<24} {:>8} {:>8} {:>8} {:>8}", "part", "mutants", "noticed", "missed", "share");
    for (name, seen) in &rows {
        println!(
            "{name:<24} {:>8} {:>8} {:>8} {:>6.1} %",
            seen.all(),
            seen.noticed,
            seen.missed.len(),
            seen.share()
        );
    }
    for (name, seen) in &rows {
        seen.missed.iter().for_each(|mutant| println!("{name}, missed: {mutant}"));
    }
    Ok(if rows.iter().all(|(_, seen)| seen.share() >= LEAST) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What became of a part's mutants. Those that cannot be compiled do not count.
struct Seen {
    /// A test failed, or the tests did not end in time.
    noticed: usize,
    missed: Vec<String>,
}

impl Seen {
    fn all(&self) -> usize {
        self.noticed + self.missed.len()
    }

    fn share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let (noticed, all) = (self.noticed as f64, self.all().max(1) as f64);
        noticed / all * 100.0
    }
}

/// Tries the mutants of a part with the tests that come first, and what these miss with all.
fn tested(program: &Path, part: &Part, sample: u32) -> Result<Seen> {
    eprintln!("\n== {}", part.name);
    let all = Try { tests: part.tests, folder: "all", mutants: &[], sample };
    if part.first.is_empty() {
        return tried(program, part, &all);
    }
    let first = tried(program, part, &Try { tests: part.first, folder: "first", ..all })?;
    if first.missed.is_empty() {
        return Ok(first);
    }
    eprintln!("\n== {}: the {} that are left, with all tests", part.name, first.missed.len());
    let then = tried(program, part, &Try { mutants: &first.missed, sample: 1, ..all })?;
    Ok(Seen { noticed: first.noticed + then.noticed, missed: then.missed })
}

/// One run of cargo-mutants.
#[derive(Clone, Copy)]
struct Try<'a> {
    tests: &'a [&'a str],
    folder: &'a str,
    /// The names of those that are tried; all of the part if empty.
    mutants: &'a [String],
    sample: u32,
}

fn tried(program: &Path, part: &Part, run: &Try<'_>) -> Result<Seen> {
    let name = part.name.replace([' ', ','], "");
    let output = paths::build_dir().join("crate-mutants").join(name).join(run.folder);
    fs::create_dir_all(&output).with_context(|| output.display().to_string())?;
    let mut cargo = Command::new(program);
    shell::without_package_variables(&mut cargo);
    cargo.env("NEXTEST_PROFILE", "mutants");
    cargo.current_dir(paths::root()).args([
        "mutants",
        "--no-shuffle",
        "--test-tool",
        "nextest",
        "--jobs",
        "2",
    ]);
    cargo
        .args(["--gitignore", "true", "--colors", "never", "--package", part.package, "--output"])
        .arg(&output);
    for file in part.files {
        cargo.args(["--file", file]);
    }
    for name in EXCLUDED {
        cargo.args(["--exclude-re", name]);
    }
    for name in run.mutants {
        cargo.arg("--re").arg(format!("^{}$", literally(name)));
    }
    for option in part.options.iter().chain(run.tests) {
        cargo.arg(format!("--cargo-arg={option}"));
    }
    if run.sample > 1 {
        cargo.args(["--sharding", "round-robin", "--shard"]).arg(format!("0/{}", run.sample));
    }
    // Its exit code is 2 when a mutant was missed, and 3 when one did not end; the lists say it better.
    let status = cargo.status().context("cargo-mutants cannot be started")?;
    ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo-mutants failed: {status}");
    let list = |name: &str| -> Result<Vec<String>> {
        let path = output.join("mutants.out").join(name);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    Ok(Seen { noticed: list("caught.txt")?.len() + list("timeout.txt")?.len(), missed: list("missed.txt")? })
}

/// A regular expression that only this text matches.
fn literally(text: &str) -> String {
    text.chars()
        .flat_map(|letter| r"\.+*?()|[]{}^$#&-~".contains(letter).then_some('\\').into_iter().chain([letter]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::literally;

    #[test]
    fn names_of_mutants_mean_themselves() {
        assert_eq!(
            literally("a.rs:1:2: replace || with && in <T>::f"),
            r"a\.rs:1:2: replace \|\| with \&\& in <T>::f"
        );
    }
}
