//! Checks the recipes with the tools of those who take them, where there is one here: bash for the AUR and Termux, Nix
//! for the flake, hadolint for the Dockerfile. Homebrew's checker needs Homebrew.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::{checkers, debian, shell};

/// Checks the recipes that are in the folder of results: those that name an archive that was not made are not.
pub(super) fn check(folder: &Path) -> Result<()> {
    let manifests = folder.join("manifests");
    let sums = fs::read_to_string(folder.join(super::archive::SUMS))?;
    for file in
        ["aur/PKGBUILD", "docker/Dockerfile", "homebrew/cisor.rb", "nix/flake.nix", "termux/cisor/build.sh"]
    {
        let path = manifests.join(file);
        if !path.is_file() {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        // All of them name this one.
        let archive = sums.lines().find(|line| line.ends_with("linux-x86_64.tar.xz")).unwrap_or_default();
        let (sum, name) = archive.split_once("  ").unwrap_or_default();
        ensure!(text.contains(sum) && text.contains(name), "{file} does not name {name} and its checksum");
        let mut command = match file {
            "aur/PKGBUILD" | "termux/cisor/build.sh" => {
                let mut bash = Command::new("bash");
                bash.arg("-n");
                bash
            }
            "docker/Dockerfile" => Command::new(checkers::from_pypi("hadolint", "5 MB")?.join("hadolint")),
            "nix/flake.nix" if debian::is_here() => {
                debian::install(&["nix-bin"])?;
                let mut nix = Command::new("nix-instantiate");
                nix.arg("--parse");
                nix
            }
            _ => continue,
        };
        shell::output(command.arg(&path))?;
    }
    Ok(())
}
