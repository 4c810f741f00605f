//! Installs what the tests need: system packages, a toolchain for the console, the test runner.
//!
//! Each part knows what it needs, and installs that when it is run by itself. Here everything is installed
//! before any work begins.

use std::process::ExitCode;

use crate::steps::Steps;
use crate::toolchain::PspToolchain;
use crate::{arm, costs, debian, dist, tools, web, windows};

/// Installs everything. The exit code is 0 only when nothing is missing afterwards.
pub(crate) fn run() -> ExitCode {
    let mut steps = Steps::default();
    install(&mut steps);
    steps.summary()
}

/// Announces what may be installed, then installs what is missing, one step for each part.
pub(crate) fn install(steps: &mut Steps) {
    eprintln!("{}", announcement(debian::is_here()));
    steps.run("set-up: programs that the tests use", tools::ensure);
    steps.run("set-up: test runner", tools::ensure_nextest);
    steps.run("set-up: toolchain for the PSP", || PspToolchain::find().map(drop));
    steps.run("set-up: compiler for Windows, and Wine", windows::ensure);
    if arm::missing().is_none() {
        steps.run("set-up: compiler and emulators for ARM", arm::set_up);
    }
    if costs::missing().is_none() {
        steps.run("set-up: compiler and blocks for the costs of decoding", costs::ensure);
    }
    if web::missing().is_none() {
        steps.run("set-up: browsers", web::ensure);
    }
    steps.run("set-up: programs that make and try packages", dist::ensure);
}

/// Tells a user what to expect before anything is installed.
fn announcement(has_debian: bool) -> &'static str {
    if has_debian {
        "Set-up first: missing system packages are installed with apt-get, through sudo where this is not root.\n\
         Each is named before it is installed. cargo-nextest comes from crates.io if there is none."
    } else {
        "Set-up first: this system has no apt-get, so missing programs are listed for you to install.\n\
         cargo-nextest comes from crates.io if there is none, a nightly for the PSP from rustup."
    }
}

#[cfg(test)]
mod tests {
    use super::announcement;

    #[test]
    fn a_user_who_may_be_asked_for_a_password_is_told_first() {
        assert!(announcement(true).contains("sudo"));
        assert!(!announcement(false).contains("sudo"));
    }
}
