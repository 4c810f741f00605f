//! Builds what runs on the console, and proves that the decoder needs nothing but `core`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::toolchain::{BARE_TARGET, PSP_TARGET, PspToolchain};
use crate::{paths, shell};

/// The file that the plugin's build leaves behind, before and after unused functions are left out.
const ARCHIVE: &str = "libcisor_plugin.a";
const LINKED: &str = "cisor_plugin.elf";

/// The function that the plugin exports; what it does not reach is not counted.
const ENTRY: &str = "cisor_decode_block";

/// Builds everything for the console.
pub(crate) fn run() -> Result<()> {
    let toolchain = PspToolchain::find()?;
    eprintln!("PSP toolchain: {}", toolchain.name);
    bare_decoder(&toolchain)?;
    plugin(&toolchain)
}

/// Builds the decoder alone, as a library, for a target without an operating system. The build fails when
/// anything in it asks for more than `core`.
fn bare_decoder(toolchain: &PspToolchain) -> Result<()> {
    let mut cargo = toolchain.command();
    cargo.args(["build", "--quiet", "--release", "--package", "sector-decode", "-Zbuild-std=core"]);
    cargo.args(["--target", BARE_TARGET]).arg("--target-dir").arg(paths::build_dir().join("bare"));
    shell::run(&mut cargo)
}

/// Builds the plugin, and with it the decoder for the console's processor; prints how large its code is.
fn plugin(toolchain: &PspToolchain) -> Result<()> {
    let build_dir = paths::build_dir().join("psp-driver");
    let mut cargo = toolchain.command();
    cargo.current_dir(paths::root().join("psp-driver"));
    cargo.args(["build", "--quiet", "--release", "--target", PSP_TARGET, "-Zbuild-std=core"]);
    // memcpy and its like: on a PC they come from the C library.
    cargo.arg("-Zbuild-std-features=compiler-builtins-mem");
    shell::run(cargo.arg("--target-dir").arg(&build_dir))?;

    let results = paths::psp_results();
    fs::create_dir_all(&results).with_context(|| results.display().to_string())?;
    let archive = results.join(ARCHIVE);
    let built = build_dir.join(PSP_TARGET).join("release").join(ARCHIVE);
    fs::copy(&built, &archive).with_context(|| built.display().to_string())?;

    let linked = results.join(LINKED);
    let [linker, flavor @ ..] = toolchain.linker.as_slice() else { bail!("the toolchain has no linker") };
    let mut link = Command::new(linker);
    link.args(flavor).args(["-m", "elf32ltsmip", "--gc-sections", "--entry", ENTRY, "--undefined", ENTRY]);
    shell::run(link.arg("-o").arg(&linked).arg(&archive))?;
    let Sizes { code, data, zeroed } = Sizes::of(&linked)?;
    println!(
        "Decoder for the console: {code} bytes of code, {data} of constants and data, {zeroed} zeroed at start"
    );
    println!("Results: {}", results.display());
    Ok(())
}

/// Bytes that a linked program takes in memory, by kind.
#[derive(Default)]
struct Sizes {
    code: u32,
    data: u32,
    zeroed: u32,
}

impl Sizes {
    /// Adds up the section headers of a 32-bit little-endian ELF file (System V ABI, chapter 4).
    fn of(path: &Path) -> Result<Self> {
        let file = fs::read(path).with_context(|| path.display().to_string())?;
        Self::parse(&file).with_context(|| format!("{} is not a whole 32-bit ELF file", path.display()))
    }

    fn parse(file: &[u8]) -> Option<Self> {
        const ALLOCATED: u32 = 2;
        const EXECUTABLE: u32 = 4;
        const NO_BITS: u32 = 8;
        let word = |at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?));
        let half = |at: usize| Some(usize::from(u16::from_le_bytes(file.get(at..at + 2)?.try_into().ok()?)));
        if file.get(..6)? != b"\x7FELF\x01\x01" {
            return None;
        }
        let (table, entry_size, entries) = (word(0x20)? as usize, half(0x2E)?, half(0x30)?);
        let mut sizes = Self::default();
        for number in 0..entries {
            let header = table + number * entry_size;
            let (kind, flags, size) = (word(header + 4)?, word(header + 8)?, word(header + 20)?);
            match flags {
                _ if flags & ALLOCATED == 0 => {}
                _ if flags & EXECUTABLE != 0 => sizes.code += size,
                _ if kind == NO_BITS => sizes.zeroed += size,
                _ => sizes.data += size,
            }
        }
        Some(sizes)
    }
}
