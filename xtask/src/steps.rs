//! A row of steps that all run, and one summary of them at the end.

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
    result: Result<(), String>,
}

impl Steps {
    /// Runs a step. Its failure is kept for the summary, so that later steps still get their turn.
    pub(crate) fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        let took = start.elapsed();
        let (result, value) = match outcome {
            Ok(value) => (Ok(()), Some(value)),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                (Err(format!("{error:#}")), None)
            }
        };
        self.done.push(Step { name, took, result });
        value
    }

    /// Prints one line per step; the exit code is 0 only when every one passed.
    pub(crate) fn summary(&self) -> ExitCode {
        eprintln!("\n== Summary");
        let mut failed = 0;
        for step in &self.done {
            let seconds = step.took.as_secs();
            match &step.result {
                Ok(()) => eprintln!("  ok      {:<52} {seconds:>5} s", step.name),
                Err(reason) => {
                    failed += 1;
                    let first_line = reason.lines().next().unwrap_or_default();
                    eprintln!("  FAILED  {:<52} {seconds:>5} s  {first_line}", step.name);
                }
            }
        }
        if failed == 0 {
            eprintln!("All {} steps passed.", self.done.len());
            ExitCode::SUCCESS
        } else {
            eprintln!("{failed} of {} steps failed.", self.done.len());
            ExitCode::FAILURE
        }
    }
}
