//! The project's tasks: `cargo xtask setup`, `test`, `psp`, `ppsspp`, `mutants`, `soak`, `scale`,
//! `fuzz`, `coverage`, `miri`, `asan`, `endian`, `disc`, `bench`, `windows`, `arm`, `web`, `dist`, `policy`. One file each.
//!
//! `test` is the one that matters. It calls `setup` first, so it works on a fresh machine.

mod app;
mod arm;
mod bench;
mod checkers;
mod converter;
mod costs;
mod coverage;
mod crate_mutants;
mod cross;
mod debian;
mod disc;
mod dist;
mod endian;
mod fuzz;
mod layout;
mod links;
mod memory_safety;
mod mutants;
mod pages;
mod paths;
mod policy;
mod ppsspp;
mod profile;
mod psp;
mod reproduce;
mod same_names;
mod scale;
mod setup;
mod shell;
mod soak;
mod steps;
mod test;
mod toolchain;
mod tools;
mod web;
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
    /// Install the system packages and programs that the tests need.
    Setup,
    /// Run `setup`, then all tests.
    Test(test::Args),
    /// Build what runs on the console, and the decoder for a bare target; results go to target/psp/.
    Psp,
    /// Run only the tests on PPSSPP, or those of them whose names contain one of the words.
    Ppsspp(ppsspp::Args),
    /// Break key lines of the driver, or with --crates other code, and check that a test notices; words pick some by name.
    Mutants(mutants::Args),
    /// Run what takes hours: bad networks, kills, faults, wrong bits, huge images, and a day of play on the emulated console.
    Soak,
    /// Run the fuzz targets, a minute each unless told otherwise; needs a nightly toolchain.
    Fuzz(fuzz::Args),
    /// Measure how much of the decoder's code the inputs of the fuzz targets reach; needs a nightly toolchain.
    Coverage,
    /// Run one job on two workers, by GNU parallel over ssh and as a Slurm array; installs what that needs.
    Scale,
    /// Run a subset of the decoder's tests under Miri.
    Miri,
    /// Run the decoder's tests under AddressSanitizer.
    Asan,
    /// Run the decoder's, encoders' and writers' tests on a big-endian processor and on RISC-V, in QEMU.
    Endian,
    /// Make the test discs in target/test-disc/ from packaged free content.
    Disc(disc::Args),
    /// Measure the converter on the test disc and write docs/benchmarks/.
    Bench(bench::Args),
    /// Build the converter for Windows and run its tests under Wine.
    Windows(windows::Args),
    /// Build the converter for ARM and run its tests in QEMU.
    Arm(arm::Args),
    /// Build the converter as a page for browsers, target/dist/cisor.html and target/dist/cisor-page/.
    Web(web::Args),
    /// Build the packages that people install, in target/dist/.
    Dist(dist::Args),
    /// Build the packages here and in a fresh clone, and compare the bytes.
    Reproduce(reproduce::Args),
    /// Check dependencies against deny.toml, lint the workflows, and follow the links between pages.
    Policy,
}

fn main() -> ExitCode {
    let done = if same_names::is_compiler() { same_names::compile() } else { run(Cli::parse().task) };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    match task {
        Task::Setup => Ok(setup::run()),
        Task::Test(args) => test::run(&args),
        Task::Psp => psp::run().map(|()| ExitCode::SUCCESS),
        Task::Ppsspp(args) => ppsspp::run_alone(&args).map(|()| ExitCode::SUCCESS),
        Task::Mutants(args) => mutants::run(&args),
        Task::Soak => soak::run().map(|()| ExitCode::SUCCESS),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Coverage => coverage::run().map(|()| ExitCode::SUCCESS),
        Task::Scale => scale::run().map(|()| ExitCode::SUCCESS),
        Task::Miri => memory_safety::miri().map(|()| ExitCode::SUCCESS),
        Task::Asan => memory_safety::asan().map(|()| ExitCode::SUCCESS),
        Task::Endian => endian::run().map(|()| ExitCode::SUCCESS),
        Task::Disc(args) => disc::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Bench(args) => bench::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Windows(args) => windows::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Arm(args) => arm::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Web(args) => web::run(&args, dist::page_licences).map(|()| ExitCode::SUCCESS),
        Task::Dist(args) => dist::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Reproduce(args) => reproduce::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Policy => policy::run(),
    }
}
