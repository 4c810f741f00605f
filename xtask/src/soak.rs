//! Runs the tests that take too long for `cargo xtask test`.

use anyhow::Result;

use crate::shell;

/// Runs consoles against the server of `cisor serve` over ten thousand networks of every kind of loss, and the real
/// program over one that loses 1 % in both directions, and compares every byte that they read.
pub(crate) fn run() -> Result<()> {
    test("udpfs-sim", "seeds", "ten_thousand_seeds")?;
    test("cisor", "serve", "trace::half_a_gigabyte_arrives_over_one_per_cent_loss")
}

fn test(package: &str, program: &str, name: &str) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "--release", "--package", package, "--test", program, "--"]);
    cargo.args(["--ignored", "--nocapture", name]);
    shell::run(&mut cargo)
}
