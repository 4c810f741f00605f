//! Holds the decoders to what docs/device-costs.md says that they cost on the console.

use std::path::Path;

use anyhow::Result;

use crate::{debian, shell, toolchain};

/// A source of the blocks that are decoded, and the package that has it. The others are on every Debian system.
const MIPS_LIBRARY: &str = "libc6-mipsel-cross";
/// Another source. Debian has it at this place on PCs only.
const PC_LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/libc.so.6";

/// What this cannot run without and no package brings; `None` when all is there.
pub(crate) fn missing() -> Option<String> {
    (!debian::is_here() || !Path::new(PC_LIBRARY).is_file())
        .then(|| "the blocks and the compiler are those of Debian on a PC".to_owned())
}

/// Installs the compiler and the libraries that the blocks are taken from.
pub(crate) fn ensure() -> Result<()> {
    toolchain::install_debian()?;
    debian::install(&[MIPS_LIBRARY])
}

/// Counts the instructions of each decoder and fails when one takes over 3 % more than the table says.
pub(crate) fn check() -> Result<()> {
    ensure()?;
    let mut cargo = shell::cargo();
    shell::run(cargo.args(["run", "--quiet", "--package", "device-bench", "--", "--check", "--ours"]))
}
