//! The converter for this machine, as users build it.

use std::process::Command;

use crate::shell;

/// Returns the command that builds it; [`crate::paths::cisor`] is where it will be.
pub(crate) fn build() -> Command {
    let mut cargo = shell::cargo();
    cargo.args(["build", "--quiet", "--release", "--package", "cisor"]);
    cargo
}
