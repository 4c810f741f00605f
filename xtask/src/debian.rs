//! Debian's package manager: quiet, never asks, and is tried twice.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell;

/// Whether this machine has Debian's package manager.
pub(crate) fn is_here() -> bool {
    shell::find("apt-get").is_some() && shell::find("dpkg-query").is_some()
}

/// Whether a package is completely installed.
pub(crate) fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]).stderr(Stdio::null());
    query.output().is_ok_and(|output| output.stdout == b"installed")
}

/// Returns the version that would be installed now. Updates the package lists if they lack the package.
pub(crate) fn candidate(package: &str) -> Result<String> {
    if let Some(version) = known_candidate(package)? {
        return Ok(version);
    }
    update()?;
    known_candidate(package)?.with_context(|| format!("this Debian release has no package {package}"))
}

/// Installs missing packages. Says which before it begins.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("Installing Debian packages: {}", missing.join(", "));
    for package in &missing {
        candidate(package)?;
    }
    let install = || {
        let mut apt = as_root(apt_get())?;
        apt.args(["install", "--yes", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]).args(&missing);
        shell::output(&mut apt).map(drop)
    };
    // Lists that were complete may still be old, and name versions that the archive no longer has.
    install().or_else(|_| {
        update()?;
        install()
    })
}

/// Updates the package lists, then upgrades installed packages.
pub(crate) fn upgrade(packages: &[&str]) -> Result<()> {
    update()?;
    eprintln!("Upgrading Debian packages: {}", packages.join(", "));
    let mut apt = as_root(apt_get())?;
    apt.args(["install", "--yes", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]).args(packages);
    shell::output(&mut apt).map(drop)
}

/// Downloads a package's archive into `folder` without installing it.
pub(crate) fn download(package: &str, folder: &std::path::Path) -> Result<()> {
    candidate(package)?;
    let download = || {
        let mut apt = apt_get();
        // The download helper runs as a separate user, who often cannot write to other people's folders.
        apt.args(["-o", "APT::Sandbox::User=root", "download", package]).current_dir(folder);
        shell::output(&mut apt).map(drop)
    };
    download().or_else(|_| {
        update()?;
        download()
    })
}

fn known_candidate(package: &str) -> Result<Option<String>> {
    let policy = shell::text(Command::new("apt-cache").args(["policy", package]).env("LC_ALL", "C"))?;
    let version = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
    Ok(version.filter(|version| *version != "(none)").map(str::to_owned))
}

fn update() -> Result<()> {
    eprintln!("Updating Debian's package lists");
    let update = || {
        let mut apt = as_root(apt_get())?;
        shell::output(apt.arg("update")).map(drop)
    };
    update().or_else(|_| update())
}

fn apt_get() -> Command {
    let mut apt = Command::new("apt-get");
    // Somebody else may be installing: a few minutes are waited for that.
    apt.args(["-qq", "-o", "DPkg::Lock::Timeout=300"]);
    apt.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C").stdin(Stdio::null());
    apt
}

/// Returns the command with root's rights: unchanged for root, through sudo for others.
fn as_root(command: Command) -> Result<Command> {
    if shell::text(Command::new("id").arg("--user"))? == "0" {
        return Ok(command);
    }
    if shell::find("sudo").is_none() {
        bail!(
            "installing packages needs root, and there is no sudo here: run `cargo xtask setup` once as root"
        );
    }
    let mut sudo = Command::new("sudo");
    // sudo does not hand on the environment, so the variables become arguments of env.
    sudo.args(["--", "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]);
    sudo.arg(command.get_program()).args(command.get_args());
    Ok(sudo)
}
