//! Steps that all run, and one summary at the end.

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
    /// Runs a step. A failure is kept for the summary, and later steps still run.
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

    /// Records that a step cannot run on this machine. With `CI` set, where nobody would notice, that is a
    /// failure.
    pub(crate) fn skip(&mut self, name: &'static str, reason: String) {
        let in_ci = env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        self.note_skipped(name, reason, in_ci);
    }

    fn note_skipped(&mut self, name: &'static str, reason: String, is_failure: bool) {
        eprintln!("\n== {name}\nSKIPPED: {reason}");
        let result = if is_failure { Outcome::Failed(reason) } else { Outcome::Skipped(reason) };
        self.done.push(Step { name, took: Duration::ZERO, result });
    }

    /// Prints one line per step. The exit code is 0 only if none failed.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(steps: &Steps, code: ExitCode) {
        assert_eq!(format!("{:?}", steps.summary()), format!("{code:?}"));
    }

    #[test]
    fn one_failure_fails_all() {
        let mut steps = Steps::default();
        assert_eq!(steps.run("first", || Ok(1)), Some(1));
        ends(&steps, ExitCode::SUCCESS);
        assert_eq!(steps.run("second", || -> Result<()> { anyhow::bail!("broken") }), None);
        assert_eq!(steps.run("third", || Ok(3)), Some(3));
        ends(&steps, ExitCode::FAILURE);
    }

    #[test]
    fn a_skipped_step_is_a_failure_only_where_nobody_looks() {
        for (in_ci, code) in [(false, ExitCode::SUCCESS), (true, ExitCode::FAILURE)] {
            let mut steps = Steps::default();
            steps.note_skipped("some step", "there is no such program".to_owned(), in_ci);
            ends(&steps, code);
        }
    }
}
