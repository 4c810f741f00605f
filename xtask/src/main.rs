//! The project's tasks: `cargo xtask test`, `psp`, `ppsspp`, `mutants`, `miri`, `asan`, `disc`, `bench`, `windows`,
//! `dist`, `policy`. One file each.
//!
//! `test` is the one that matters: it installs what it needs, so it is also the set-up of a fresh machine.

mod app;
mod bench;
mod costs;
mod debian;
mod disc;
mod dist;
mod memory_safety;
mod mutants;
mod paths;
mod policy;
mod ppsspp;
mod psp;
mod shell;
mod steps;
mod test;
mod toolchain;
mod tools;
mod windows;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks of the Cisor project.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", help_expected = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install whatever the tests need, then run all of them.
    Test(test::Args),
    /// Build what runs on the console, and the decoder for a bare target; results go to target/psp/.
    Psp,
    /// Run only the tests on PPSSPP, or those of them whose names contain one of the words.
    Ppsspp(ppsspp::Args),
    /// Turn key lines of the driver wrong, one at a time, and see that the tests notice.
    Mutants,
    /// Run a subset of the decoder's tests under Miri.
    Miri,
    /// Run the decoder's tests under AddressSanitizer.
    Asan,
    /// Make the test discs in target/test-disc/ from packaged free content.
    Disc(disc::Args),
    /// Measure the converter on the test disc and write docs/benchmarks.md.
    Bench(bench::Args),
    /// Build the converter for Windows and run its tests under Wine.
    Windows(windows::Args),
    /// Make everything that people install, in target/dist/.
    Dist(dist::Args),
    /// Check the licences and the banned ways of reaching a dependency (the rules are in deny.toml).
    Policy,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Test(args) => test::run(&args),
        Task::Psp => psp::run().map(|()| ExitCode::SUCCESS),
        Task::Ppsspp(args) => ppsspp::run_alone(&args).map(|()| ExitCode::SUCCESS),
        Task::Mutants => mutants::run(),
        Task::Miri => memory_safety::miri().map(|()| ExitCode::SUCCESS),
        Task::Asan => memory_safety::asan().map(|()| ExitCode::SUCCESS),
        Task::Disc(args) => disc::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Bench(args) => bench::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Windows(args) => windows::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Dist(args) => dist::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Policy => policy::run().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
