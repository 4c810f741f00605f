//! Runs the tests that take too long for `cargo xtask test`.

use anyhow::Result;

use crate::shell;

/// Runs consoles against the server of `cisor serve` over ten thousand networks of every kind of loss, and compares every
/// byte that they read.
pub(crate) fn run() -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "--release", "--package", "udpfs-sim", "--test", "seeds", "--"]);
    cargo.args(["--ignored", "--nocapture", "ten_thousand_seeds"]);
    shell::run(&mut cargo)
}
