//! Holds the decoders to the costs on the console that docs/device-costs.md lists.

use std::path::Path;

use anyhow::Result;

use crate::{debian, shell, toolchain};

/// The package with one source of the blocks to decode. The other sources are on every Debian system.
const MIPS_LIBRARY: &str = "libc6-mipsel-cross";
/// Another source. Debian has it at this place on PCs only.
const PC_LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/libc.so.6";

/// A C compiler for programs of the console without a system.
const C_COMPILER: &str = "gcc-mipsel-linux-gnu";

/// Returns why the costs cannot be counted on this machine; `None` if they can.
pub(crate) fn missing() -> Option<String> {
    (!debian::is_here() || !Path::new(PC_LIBRARY).is_file())
        .then(|| "the blocks and the compiler are those of Debian on a PC".to_owned())
}

/// Installs the compilers and the libraries that the blocks are taken from.
pub(crate) fn ensure() -> Result<()> {
    toolchain::install_debian()?;
    debian::install(&[MIPS_LIBRARY, C_COMPILER])
}

/// Counts the instructions of each decoder, and fails if one takes over 3 % more than in the table.
pub(crate) fn check() -> Result<()> {
    ensure()?;
    device_bench(&["--check", "--ours"])
}

/// Builds the C interface for the console with its example in C, and has the emulated processor run it.
pub(crate) fn c_interface() -> Result<()> {
    ensure()?;
    device_bench(&["--c-interface"])
}

fn device_bench(options: &[&str]) -> Result<()> {
    let mut cargo = shell::cargo();
    shell::run(cargo.args(["run", "--quiet", "--package", "device-bench", "--"]).args(options))
}
