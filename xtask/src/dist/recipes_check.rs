//! Checks the recipes with the tools of those who take them, where there is one here: makepkg for the AUR, bash for
//! Termux, Nix for the flake, hadolint for the Dockerfile, Ruby for Homebrew, whose own checker needs Homebrew.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::{env, process};

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
            "aur/PKGBUILD" if debian::is_here() => {
                aur(&path)?;
                continue;
            }
            "homebrew/cisor.rb" if debian::is_here() => {
                debian::install(&["ruby"])?;
                let mut ruby = Command::new("ruby");
                ruby.arg("-c");
                ruby
            }
            "termux/cisor/build.sh" => {
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

/// Has makepkg check the recipe for the AUR, and compares what it says of it with the file `.SRCINFO` beside it.
fn aur(recipe: &Path) -> Result<()> {
    debian::install(&["makepkg"])?;
    // It refuses to work for root, so it needs a folder where nobody in particular may write.
    let folder = env::temp_dir().join(format!("cisor-aur-{}", process::id()));
    super::fresh(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))?;
    fs::copy(recipe, folder.join("PKGBUILD"))?;
    let is_root = shell::text(Command::new("id").arg("--user"))? == "0";
    let mut makepkg = Command::new(if is_root { "setpriv" } else { "makepkg" });
    if is_root {
        makepkg.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "makepkg"]);
    }
    // It looks for pacman, which it does not call for this.
    makepkg.arg("--printsrcinfo").env("PACMAN", "true").current_dir(&folder);
    let said = shell::text(&mut makepkg);
    fs::remove_dir_all(&folder)?;
    let said = said?;
    let written = fs::read_to_string(recipe.with_file_name(".SRCINFO"))?;
    ensure!(said == written.trim_end(), ".SRCINFO does not say what PKGBUILD does, which is\n{said}");
    Ok(())
}
