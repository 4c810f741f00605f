//! Installs what the tests need, then runs every test there is.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::profile::Profile;
use crate::steps::Steps;
use crate::{
    arm, converter, costs, disc, dist, memory_safety, paths, ppsspp, psp, setup, shell, web, windows,
};

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only the tests whose names contain one of these words
    #[arg(value_name = "WORD")]
    filters: Vec<String>,
}

/// Runs the tests. The exit code is 0 only when no step failed. Only the costs of decoding, the example in C, the decoder
/// with 32 bits, the page, the converter for ARM and the tests on PPSSPP can be skipped.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    // Beside the set-up, which mostly waits for the network. Without a compiler it fails here, and is tried again below.
    let early = converter::build().spawn();
    setup::install(&mut steps);
    let discs = steps.run("test discs", || {
        let discs = disc::ensure()?;
        eprint!("{}", discs.described()?);
        Ok(discs)
    });
    steps.run("converter, as users build it", || {
        early.and_then(|mut build| build.wait()).context("cargo")?;
        shell::run(&mut converter::build())
    });
    steps.run("driver for the PSP, decoder for a bare target", psp::run);
    if args.filters.is_empty() {
        steps.run("examples in the documentation", || {
            shell::run(shell::cargo().args(["test", "--quiet", "--workspace", "--doc"]))
        });
        steps.run("fuzz targets still compile", || {
            let mut cargo = shell::cargo();
            cargo.args(["check", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--target-dir"]);
            shell::run(cargo.arg(paths::build_dir().join("fuzz")))
        });
    }
    steps.run("tests", || shell::run(&mut nextest(args, discs.as_ref())));
    if args.filters.is_empty() {
        const NAME: &str = "what decoding costs on the console";
        match costs::missing() {
            None => drop(steps.run(NAME, costs::check)),
            Some(reason) => steps.skip(NAME, reason),
        }
        const C: &str = "the example in C, on the console's processor";
        match costs::missing() {
            None => drop(steps.run(C, costs::c_interface)),
            Some(reason) => steps.skip(C, reason),
        }
        const EDGES: &str = "decoder with 32 bits, at both ends of memory";
        match memory_safety::missing() {
            None => drop(steps.run(EDGES, memory_safety::at_both_edges)),
            Some(reason) => steps.skip(EDGES, reason),
        }
    }
    if args.filters.is_empty() {
        const PAGE: &str = "the page, in browsers";
        match web::missing() {
            None => drop(steps.run(PAGE, || web::test(dist::page_licences))),
            Some(reason) => steps.skip(PAGE, reason),
        }
    }
    let exe = steps.run("converter for Windows", || windows::build(Profile::Quick));
    if let Some(exe) = &exe {
        steps.run("tests of the converter for Windows", || windows::test(exe, windows::QUICK, &args.filters));
    }
    if args.filters.is_empty() {
        arm::steps(&mut steps);
    }
    if let (true, Some(exe), Some(discs)) = (args.filters.is_empty(), &exe, &discs) {
        steps.run("what people install", || dist::check(exe, &discs.ps2));
    }
    match ppsspp::missing() {
        None => drop(steps.run("tests on PPSSPP", || ppsspp::run(&args.filters))),
        Some(reason) => steps.skip("tests on PPSSPP", reason),
    }
    Ok(steps.summary())
}

/// The tests of `cargo xtask soak`, as nextest's filter. Of the sparse images over 4 GiB, the one whose file
/// is over 4 GiB stays, in `tests/huge_images.rs`, which judges it.
const SOAK: &str = "(test(/ten_thousand_seeds|ten_thousand_bits|half_a_gigabyte|ten_million|image_of_16_gib/) or \
                     binary(large_images) or test(/^(cso_v[12]|zso)_of_an_image_over_4_gib|^profile_.*_with_blocks_of/) or \
                     test(/every_call::all_cases|every_call_may_go_wrong|a_thousand_damaged_images|for_a_day_in_every_format/))";

/// Runs the whole workspace's tests. Those marked `#[ignore]` need what earlier steps have made, so here they
/// run too.
fn nextest(args: &Args, discs: Option<&disc::Discs>) -> Command {
    let mut cargo = shell::cargo();
    cargo
        .args(["nextest", "run", "--workspace", "--run-ignored", "all", "--no-fail-fast"])
        // Some need the program for Windows or ARM; those of `cargo xtask soak` take too long for here.
        .args([
            "-E",
            &format!("not binary_id(cisor::windows) and not binary_id(cisor::same_bytes) and not {SOAK}"),
        ])
        .args(&args.filters);
    cargo.env("CISOR_BIN", paths::cisor());
    if let Some(discs) = discs {
        cargo.env("CISOR_PSP_DISC", &discs.psp).env("CISOR_PS2_DISC", &discs.ps2);
    }
    cargo
}
