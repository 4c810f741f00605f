//! Runs the tests that take too long for `cargo xtask test`.

use anyhow::Result;

use crate::toolchain::PspToolchain;
use crate::{converter, disc, paths, psp, shell};

/// Runs, in this order:
///
/// - consoles against the server of `cisor serve`, over ten thousand networks of every kind of loss, and the real program
///   over some that lose 1 % in both directions, until ten million packets were sent; every byte that they read is compared;
/// - the converter over many files, killed 200 times in each way of working;
/// - the converter, of which each system call goes wrong once;
/// - the converter over images of more than 4 GiB in every format, and over one of 16 GiB whose peak of memory is
///   measured; the judges of whole discs look at the files that they leave out in the usual tests;
/// - `verify` on files with one wrong bit, 10,000 of each format;
/// - the PSP driver on the emulated console: everything that can go wrong at each kernel call, a thousand damaged images,
///   and a game that is played for a day in each format.
pub(crate) fn run() -> Result<()> {
    test("udpfs-sim", "seeds", "ten_thousand_seeds")?;
    test("cisor", "serve", "trace::half_a_gigabyte_arrives_over_one_per_cent_loss")?;
    test("cisor", "serve", "trace::ten_million_packets_take_no_more_memory_than_the_first")?;
    test("cisor", "cli", "after_a_kill_at_any_moment")?;
    test("cisor", "faults", "every_call_may_go_wrong")?;
    test("cisor", "large_images", "images_over_4_gib")?;
    test("cisor", "bit_rot", "ten_thousand_bits")?;
    shell::run(&mut converter::build())?;
    test("cisor-tests", "memory", "image_of_16_gib_in_16_threads")?;
    test("cisor-tests", "huge_images", "of_an_image_over_4_gib")?;
    test("cisor-tests", "real_disc", "with_blocks_of")?;
    psp::plugin(&PspToolchain::find()?)?;
    test("psp-machine", "driver", "every_call::all_cases")?;
    test("psp-machine", "driver", "damage::a_thousand_damaged_images")?;
    test("psp-machine", "driver", "played::for_a_day_in_every_format")
}

fn test(package: &str, program: &str, name: &str) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "--release", "--package", package, "--test", program, "--"]);
    cargo.args(["--include-ignored", "--nocapture", name]);
    let discs = disc::ensure()?;
    cargo.env("CISOR_PSP_DISC", discs.psp).env("CISOR_PS2_DISC", discs.ps2);
    shell::run(cargo.env("CISOR_BIN", paths::cisor()).env("CISOR_KILLS", "200"))
}
