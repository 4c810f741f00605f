//! Builds what runs on the console: the plugin, packed as a kernel module and checked, and the program. Also
//! builds the decoder for a target without an operating system, which proves that it needs nothing except
//! `core`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::toolchain::{BARE_TARGET, PSP_TARGET, PspToolchain, RUSTFLAGS};
use crate::{app, paths, same_names, shell};

/// The linked plugin, kept for its symbols.
const PROGRAM: &str = "cisor.elf";
/// The plugin as people install it.
const MODULE: &str = "cisor.prx";

/// Builds everything for the console.
pub(crate) fn run() -> Result<()> {
    let toolchain = PspToolchain::find()?;
    eprintln!("PSP toolchain: {}", toolchain.name);
    bare_decoder(&toolchain)?;
    plugin(&toolchain)?;
    app::build(&toolchain)
}

/// Builds the decoder alone, as a library, for a target without an operating system. The build fails if
/// anything in it needs more than `core`.
fn bare_decoder(toolchain: &PspToolchain) -> Result<()> {
    let mut cargo = toolchain.command();
    cargo.args(["build", "--quiet", "--release", "--package", "sector-decode", "-Zbuild-std=core"]);
    cargo.args(["--target", BARE_TARGET]).arg("--target-dir").arg(paths::build_dir().join("bare"));
    shell::run(&mut cargo)
}

/// Compiler options for the plugin alone, to make it small: simplify as much as possible before LLVM, which
/// then inlines for size. Levels 0 to 4 and other inlining limits were tried: the result was 300 bytes
/// larger, or worse.
const PLUGIN_RUSTFLAGS: &str = "-Zmir-opt-level=3";

/// Builds, packs and checks the plugin, and prints its size.
pub(crate) fn plugin(toolchain: &PspToolchain) -> Result<()> {
    let build_dir = paths::build_dir().join("psp-driver");
    let built = build(toolchain, &paths::root(), &build_dir)?;
    let results = paths::psp_results();
    fs::create_dir_all(&results).with_context(|| results.display().to_string())?;
    fs::copy(&built.program, results.join(PROGRAM)).with_context(|| built.program.display().to_string())?;
    let path = results.join(MODULE);
    fs::write(&path, &built.module).with_context(|| path.display().to_string())?;
    check(&path, &built.module)
}

/// The plugin, linked and packed.
pub(crate) struct Built {
    pub(crate) program: PathBuf,
    pub(crate) module: Vec<u8>,
}

/// Builds the plugin of a work tree and packs it.
pub(crate) fn build(toolchain: &PspToolchain, root: &Path, build_dir: &Path) -> Result<Built> {
    let mut cargo = toolchain.command();
    same_names::set(&mut cargo)?;
    cargo.current_dir(root.join("psp-driver")).env("RUSTFLAGS", format!("{RUSTFLAGS} {PLUGIN_RUSTFLAGS}"));
    cargo.args(["build", "--quiet", "--release", "--package", "cisor-plugin", "--target", PSP_TARGET]);
    cargo.arg("-Zbuild-std=core,compiler_builtins");
    shell::run(cargo.arg("--target-dir").arg(build_dir))?;

    let path = build_dir.join(PSP_TARGET).join("release").join("cisor");
    let program = fs::read(&path).with_context(|| path.display().to_string())?;
    let module = prx_lint::pack(&program).with_context(|| format!("cannot pack {}", path.display()))?;
    Ok(Built { program: path, module })
}

/// Checks the module against everything that is known about the console's loader.
fn check(path: &Path, module: &[u8]) -> Result<()> {
    match prx_lint::check(module) {
        Ok(facts) => {
            println!(
                "{}: {} bytes; in memory {} bytes, of these {} code, {} zeroed at start",
                path.display(),
                facts.file_len,
                facts.memory_len,
                facts.code_len,
                facts.zeroed_len
            );
            Ok(())
        }
        Err(findings) => {
            for finding in &findings {
                eprintln!("{}: {finding}", path.display());
            }
            bail!("{} is not a module that the console accepts ({} findings)", path.display(), findings.len())
        }
    }
}
