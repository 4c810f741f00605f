//! Finds a Rust toolchain that can build for the console.
//!
//! `mipsel-sony-psp` does not have a prebuilt standard library, so `core` is built from source: that takes a
//! cargo that accepts `-Zbuild-std`, with the `rust-src` component where cargo looks for it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{debian, shell};

/// Compiler options beyond the profile: no traps on division by zero, which the processor is not known to
/// have; a longer search for instructions to fill delay slots; no jump tables, since each entry would need a
/// relocation.
pub(crate) const RUSTFLAGS: &str = "-A linker-messages -C llvm-args=-min-jump-table-entries=64 -C llvm-args=-mno-check-zero-division \
    -C llvm-args=-disable-mips-df-succbb-search=false -C llvm-args=-disable-mips-df-forward-search=false";

/// The console's target.
pub(crate) const PSP_TARGET: &str = "mipsel-sony-psp";

/// A processor without an operating system: building for it proves that the decoder needs none.
pub(crate) const BARE_TARGET: &str = "thumbv7em-none-eabi";

/// Overrides the search: the name of a rustup toolchain, or a folder with bin/cargo and bin/rustc.
const OVERRIDE: &str = "CISOR_PSP_TOOLCHAIN";

/// The compiler with which Debian builds its web browsers. It is newer than the distribution's own Rust.
const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// Where Debian's packages put it.
const DEBIAN_PREFIX: &str = "/usr";

/// A toolchain that builds for the console.
pub(crate) struct PspToolchain {
    /// Its name and where it was found, for people.
    pub(crate) name: String,
    cargo: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl PspToolchain {
    /// Finds a toolchain: the one named in `CISOR_PSP_TOOLCHAIN`, a rustup nightly with `rust-src`, or
    /// Debian's packages. If there is none, installs Debian's packages, or a nightly on systems other than
    /// Debian.
    pub(crate) fn find() -> Result<Self> {
        if let Some(wanted) = env::var_os(OVERRIDE) {
            return Self::named(&wanted).with_context(|| format!("{OVERRIDE}={}", wanted.display()));
        }
        if let Some(nightly) = nightly_with_source() {
            return Self::rustup(&nightly);
        }
        if debian::is_here() && debian::install(DEBIAN_PACKAGES).is_ok() {
            renew_debian()?;
            return Self::debian();
        }
        eprintln!("Installing a nightly toolchain with rust-src");
        let mut install = Command::new("rustup");
        install.args(["toolchain", "install", "nightly", "--profile", "minimal", "--component", "rust-src"]);
        shell::run(&mut install).context(
            "no toolchain can build for the PSP; needed: a rustup nightly with rust-src, or Debian's rustc-web",
        )?;
        Self::rustup("nightly")
    }

    /// Returns a cargo of this toolchain, with its environment set.
    pub(crate) fn command(&self) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo.current_dir(crate::paths::root());
        shell::without_package_variables(&mut cargo);
        // These belong to the toolchain that runs this task, and would mix its parts into the other one.
        for name in ["RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "CARGO", "RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        cargo.envs(self.env.iter().map(|(name, value)| (name, value)));
        cargo
    }

    fn named(wanted: &std::ffi::OsStr) -> Result<Self> {
        if Path::new(wanted).is_dir() {
            return Self::folder(Path::new(wanted), "folder");
        }
        Self::rustup(&wanted.to_string_lossy())
    }

    fn rustup(toolchain: &str) -> Result<Self> {
        if !has_source(&sysroot_of(toolchain)?) {
            bail!("{toolchain} has no rust-src: rustup component add rust-src --toolchain {toolchain}");
        }
        Ok(Self {
            name: format!("{toolchain} from rustup"),
            cargo: "cargo".into(),
            env: vec![("RUSTUP_TOOLCHAIN".into(), toolchain.into())],
        })
    }

    fn debian() -> Result<Self> {
        Self::folder(Path::new(DEBIAN_PREFIX), "Debian's rustc-web")
    }

    /// A toolchain that is not a nightly by name, but accepts a nightly's options when told to.
    fn folder(sysroot: &Path, kind: &str) -> Result<Self> {
        let bin = sysroot.join("bin");
        if !has_source(sysroot) {
            bail!("{} has no lib/rustlib/src/rust", sysroot.display());
        }
        let release = release_of(&bin.join("rustc"))?;
        let number = release.split('-').next().unwrap_or(&release);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(bin.clone()).chain(env::split_paths(&path)))?;
        let env = vec![
            ("PATH".into(), path),
            ("RUSTC".into(), bin.join("rustc").into()),
            ("RUSTDOC".into(), bin.join("rustdoc").into()),
            ("RUSTC_BOOTSTRAP".into(), "1".into()),
            // Lets tools that look only at the version string accept this compiler as a nightly.
            ("RUSTC_OVERRIDE_VERSION_STRING".into(), format!("{number}-nightly").into()),
            (linker_variable(PSP_TARGET), "ld.lld".into()),
            (linker_variable(BARE_TARGET), "ld.lld".into()),
        ];
        Ok(Self { name: format!("{kind} {release} in {}", sysroot.display()), cargo: bin.join("cargo"), env })
    }
}

/// Installs Debian's compiler, even if there are other toolchains.
pub(crate) fn install_debian() -> Result<()> {
    debian::install(DEBIAN_PACKAGES)?;
    renew_debian()
}

/// Upgrades Debian's compiler if it is too old: a machine's image may hold the version that the distribution
/// was published with.
fn renew_debian() -> Result<()> {
    if is_recent_enough(&Path::new(DEBIAN_PREFIX).join("bin/rustc"))? {
        return Ok(());
    }
    debian::upgrade(DEBIAN_PACKAGES)
}

/// The first rustup nightly that has the standard library's source.
fn nightly_with_source() -> Option<String> {
    let list = shell::text(Command::new("rustup").args(["toolchain", "list", "--quiet"])).ok()?;
    let mut nightlies = list.lines().map(str::trim).filter(|name| name.starts_with("nightly"));
    nightlies.find(|name| sysroot_of(name).is_ok_and(|sysroot| has_source(&sysroot))).map(str::to_owned)
}

fn sysroot_of(toolchain: &str) -> Result<PathBuf> {
    let mut rustc = Command::new("rustup");
    rustc.args(["run", toolchain, "rustc", "--print", "sysroot"]).env_remove("RUSTC").stdin(Stdio::null());
    Ok(shell::text(&mut rustc)?.into())
}

fn has_source(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/core/src/lib.rs").is_file()
}

fn release_of(rustc: &Path) -> Result<String> {
    version_field(rustc, "release: ")
}

/// Whether a compiler is at least as new as the workspace requires.
fn is_recent_enough(rustc: &Path) -> Result<bool> {
    let numbers = |version: &str| -> Vec<u32> {
        let number = version.split('-').next().unwrap_or_default();
        number.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    Ok(numbers(&release_of(rustc)?) >= numbers(env!("CARGO_PKG_RUST_VERSION")))
}

fn version_field(rustc: &Path, field: &str) -> Result<String> {
    let mut command = Command::new(rustc);
    let said = shell::text(command.arg("-vV").env_remove("LD_LIBRARY_PATH"))?;
    let value = said.lines().find_map(|line| line.strip_prefix(field));
    value.map(str::to_owned).with_context(|| format!("{} -vV has no line \"{field}\"", rustc.display()))
}

fn linker_variable(target: &str) -> OsString {
    format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_")).into()
}
