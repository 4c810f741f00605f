//! The same names for what crates define, whatever folder they are built in.
//!
//! Cargo tells the compiler to make each crate's names from where the crate is. Inside of a workspace it takes the path from
//! the workspace's folder. The console's code and the page's engine are workspaces of their own, and the crates that they
//! share with the converter are outside of them: there it takes the whole path, and other names give another order of
//! functions. So for crates of the project this program stands between Cargo and the compiler, and gives names that depend
//! on package and version alone.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::paths;

/// Set for the compiler's place in such a build: the folder of the project.
const VARIABLE: &str = "CISOR_SAME_NAMES";

/// Puts this program between a cargo and its compiler.
pub(crate) fn set(cargo: &mut Command) -> Result<()> {
    let own = env::current_exe().context("where this program is")?;
    cargo.env("RUSTC_WRAPPER", own).env(VARIABLE, paths::root());
    Ok(())
}

/// Whether this run of the program is in the compiler's place.
pub(crate) fn is_compiler() -> bool {
    env::var_os(VARIABLE).is_some()
}

/// Runs the compiler, the first argument, with the others.
pub(crate) fn compile() -> Result<ExitCode> {
    let mut args = env::args_os().skip(1);
    let compiler = args.next().context("no compiler is named")?;
    let names = own_package().map(|package| OsString::from(format!("metadata={package}")));
    let changed = args.map(|arg| match &names {
        Some(names) if is_metadata(&arg) => names.clone(),
        _ => arg,
    });
    // A compiler that was started by this one, for a build script's checks, is none of this program's concern.
    let status = Command::new(&compiler).args(changed).env_remove(VARIABLE).status();
    let status = status.with_context(|| compiler.display().to_string())?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The package that is compiled with its version, if it is one of the project's.
fn own_package() -> Option<String> {
    let [root, folder] = [VARIABLE, "CARGO_MANIFEST_DIR"].map(env::var_os);
    let (root, folder) = (root?, folder?);
    let [name, version] = ["CARGO_PKG_NAME", "CARGO_PKG_VERSION"].map(|name| env::var(name).ok());
    Path::new(&folder).starts_with(root).then_some(format!("{}-{}", name?, version?))
}

fn is_metadata(arg: &OsStr) -> bool {
    arg.as_encoded_bytes().starts_with(b"metadata=")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::is_metadata;

    #[test]
    fn only_what_names_are_made_from_is_changed() {
        assert!(is_metadata(OsStr::new("metadata=0123456789abcdef")));
        for arg in ["extra-filename=-0123", "--emit=dep-info,metadata,link", "-C", "src/metadata.rs"] {
            assert!(!is_metadata(OsStr::new(arg)), "{arg}");
        }
    }
}
