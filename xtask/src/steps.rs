//! A row of steps that all run, and one summary of them at the end.

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

/// The steps that have run so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    result: Outcome,
}

enum Outcome {
    Passed,
    Skipped(String),
    Failed(String),
}

impl Steps {
    /// Runs a step. Its failure is kept for the summary, so that later steps still get their turn.
    pub(crate) fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        let took = start.elapsed();
        let (result, value) = match outcome {
            Ok(value) => (Outcome::Passed, Some(value)),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                (Outcome::Failed(format!("{error:#}")), None)
            }
        };
        self.done.push(Step { name, took, result });
        value
    }

    /// Notes that a step cannot run on this machine. Where a skipped step would go unnoticed, which is when `CI` is
    /// set, that is a failure.
    pub(crate) fn skip(&mut self, name: &'static str, reason: String) {
        eprintln!("\n== {name}\nSKIPPED: {reason}");
        let in_ci = env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        let result = if in_ci { Outcome::Failed(reason) } else { Outcome::Skipped(reason) };
        self.done.push(Step { name, took: Duration::ZERO, result });
    }

    /// Prints one line per step; the exit code is 0 only when every one passed.
    pub(crate) fn summary(&self) -> ExitCode {
        eprintln!("\n== Summary");
        let (mut failed, mut skipped) = (0, 0);
        for step in &self.done {
            let (word, reason) = match &step.result {
                Outcome::Passed => ("ok", ""),
                Outcome::Skipped(reason) => {
                    skipped += 1;
                    ("SKIPPED", reason.as_str())
                }
                Outcome::Failed(reason) => {
                    failed += 1;
                    ("FAILED", reason.as_str())
                }
            };
            let first_line = reason.lines().next().unwrap_or_default();
            let line = format!("  {word:<7} {:<52} {:>5} s  {first_line}", step.name, step.took.as_secs());
            eprintln!("{}", line.trim_end());
        }
        let count = self.done.len();
        match (failed, skipped) {
            (0, 0) => eprintln!("All {count} steps passed."),
            (0, _) => eprintln!("{} of {count} steps passed; {skipped} SKIPPED: see above.", count - skipped),
            _ => eprintln!("{failed} of {count} steps failed."),
        }
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
