//! Paths in the work tree.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of the workspace's Cargo.toml.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// Where cargo builds, which `CARGO_TARGET_DIR` can move.
pub(crate) fn build_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Where everything built for the console goes. It does not depend on where cargo builds, so tests and people
/// find it.
pub(crate) fn psp_results() -> PathBuf {
    root().join("target/psp")
}

/// The test discs and what they are made of.
pub(crate) fn test_disc() -> PathBuf {
    root().join("target/test-disc")
}

/// The converter as users build it.
pub(crate) fn cisor() -> PathBuf {
    build_dir().join("release").join(format!("cisor{}", env::consts::EXE_SUFFIX))
}

/// Compiler options that keep this machine's folders out of the programs.
pub(crate) fn remapped() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let rustup = env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let rustup = rustup.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".rustup")));
    let mut options = format!("--remap-path-prefix={}=cisor", root().display());
    for (folder, name) in [(home, "cargo"), (rustup, "rustup")] {
        if let Some(folder) = folder {
            options.push_str(&format!(" --remap-path-prefix={}={name}", folder.display()));
        }
    }
    options
}
