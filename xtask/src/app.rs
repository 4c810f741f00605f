//! Builds the console's program and packs it in the form that users start: EBOOT.PBP.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use prx_lint::Purpose;

use crate::toolchain::{PSP_TARGET, PspToolchain, RUSTFLAGS};
use crate::{paths, same_names, shell};

/// The linked program, kept for its symbols.
const PROGRAM: &str = "cisor-app.elf";
/// The bare program, which can be the EBOOT.BIN of a disc.
const MODULE: &str = "cisor-app.prx";
/// The program as users start it.
const EBOOT: &str = "EBOOT.PBP";

/// The title under which the console shows it.
const TITLE: &str = "Cisor";

/// Builds, packs and checks the program; prints how large it is.
pub(crate) fn build(toolchain: &PspToolchain) -> Result<()> {
    let build_dir = paths::build_dir().join("psp-driver");
    let mut cargo = toolchain.command();
    same_names::set(&mut cargo)?;
    cargo.current_dir(paths::root().join("psp-driver")).env("RUSTFLAGS", rustflags());
    cargo.args(["build", "--quiet", "--profile", "app", "--package", "cisor-app", "--target", PSP_TARGET]);
    cargo.arg("-Zbuild-std=core,alloc,compiler_builtins");
    shell::run(cargo.arg("--target-dir").arg(&build_dir))?;

    let path = build_dir.join(PSP_TARGET).join("app").join("cisor-app");
    let program = read(&path)?;
    let module = prx_lint::pack(&program).with_context(|| format!("cannot pack {}", path.display()))?;
    check(&module)?;
    let icon = read(&paths::root().join("psp-driver/app/assets/ICON0.PNG"))?;
    let eboot = pbp(&sfo(TITLE), &icon, &module);

    let results = paths::psp_results();
    fs::create_dir_all(&results).with_context(|| results.display().to_string())?;
    for (name, bytes) in [(PROGRAM, &program), (MODULE, &module), (EBOOT, &eboot)] {
        let path = results.join(name);
        fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    }
    println!(
        "{}: {} bytes, of these {} the program",
        results.join(EBOOT).display(),
        eboot.len(),
        module.len()
    );
    Ok(())
}

/// Panic messages name source files: paths of this machine must not end up in what people install.
fn rustflags() -> String {
    format!("{} {}", RUSTFLAGS, paths::remapped())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn check(module: &[u8]) -> Result<()> {
    let Err(findings) = prx_lint::check_for(Purpose::Program, module) else { return Ok(()) };
    for finding in &findings {
        eprintln!("{MODULE}: {finding}");
    }
    bail!("{MODULE} is not a program that the console takes ({} findings)", findings.len())
}

/// Assembles the parts of a program for the console.
///
/// | offset | size | field |
/// |---:|---:|---|
/// | 0x00 | 4 | magic `\0PBP` |
/// | 0x04 | 4 | version, 0x00010000 |
/// | 0x08 | 8 × 4 | where each part begins |
///
/// The parts are PARAM.SFO, ICON0.PNG, ICON1.PMF, PIC0.PNG, PIC1.PNG, SND0.AT3, DATA.PSP and DATA.PSAR.
fn pbp(sfo: &[u8], icon: &[u8], program: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 8] = [sfo, icon, &[], &[], &[], &[], program, &[]];
    let mut file = b"\0PBP\0\0\x01\0".to_vec();
    let mut at = int(8 + 4 * parts.len());
    for part in parts {
        file.extend(at.to_le_bytes());
        at += int(part.len());
    }
    file.extend(parts.concat());
    file
}

/// A value in PARAM.SFO.
enum Value<'v> {
    Number(u32),
    /// With the number of reserved bytes.
    Text(&'v str, usize),
}

/// Describes a program for the Memory Stick (category `MG`). The layout is documented in
/// crates/disc-info/src/sfo.rs; keys are in alphabetical order.
fn sfo(title: &str) -> Vec<u8> {
    use Value::{Number, Text};
    let entries = [
        ("BOOTABLE", Number(1)),
        ("CATEGORY", Text("MG", 4)),
        ("DISC_ID", Text("CISR00001", 16)),
        ("DISC_VERSION", Text("1.00", 8)),
        ("PARENTAL_LEVEL", Number(1)),
        ("PSP_SYSTEM_VER", Text("1.00", 8)),
        ("REGION", Number(0x8000)),
        ("TITLE", Text(title, 128)),
    ];
    const TEXT: u16 = 0x0204;
    const NUMBER: u16 = 0x0404;
    const ENTRY_LEN: usize = 16;
    let (mut table, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in entries {
        let (kind, bytes, room) = match value {
            Number(number) => (NUMBER, number.to_le_bytes().to_vec(), 4),
            Text(text, room) => (TEXT, [text.as_bytes(), b"\0"].concat(), room),
        };
        table.extend(u16::try_from(keys.len()).unwrap_or(0).to_le_bytes());
        table.extend(kind.to_le_bytes());
        for number in [bytes.len(), room, values.len()] {
            table.extend(int(number).to_le_bytes());
        }
        keys.extend_from_slice(key.as_bytes());
        keys.push(0);
        let end = values.len() + room;
        values.extend(bytes);
        values.resize(end, 0);
    }
    keys.resize(keys.len().next_multiple_of(4), 0);
    let keys_at = 20 + table.len();
    let mut file = b"\0PSF\x01\x01\0\0".to_vec();
    for number in [keys_at, keys_at + keys.len(), table.len() / ENTRY_LEN] {
        file.extend(int(number).to_le_bytes());
    }
    file.extend([table, keys, values].concat());
    file
}

/// A position in a file of a few hundred KiB.
fn int(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(file: &[u8], at: usize) -> usize {
        u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
    }

    #[test]
    fn the_parts_lie_where_the_header_says() {
        let file = pbp(b"sfo", b"icon", b"program");
        assert_eq!(&file[..8], b"\0PBP\0\0\x01\0");
        let at: Vec<usize> = (0..8).map(|part| word(&file, 8 + 4 * part)).collect();
        assert_eq!(&file[at[0]..at[1]], b"sfo");
        assert_eq!(&file[at[1]..at[2]], b"icon");
        assert!(at[2..=6].iter().all(|&part| part == at[2]), "the pictures and sounds are left out");
        assert_eq!(&file[at[6]..at[7]], b"program");
        assert_eq!(at[7], file.len());
    }

    #[test]
    fn the_console_finds_title_and_category() {
        let file = sfo("Title");
        let (keys, values, count) = (word(&file, 8), word(&file, 12), word(&file, 16));
        let text =
            |from: usize| String::from_utf8(file[from..].split(|&byte| byte == 0).next().unwrap().to_vec());
        let mut found = Vec::new();
        for entry in (0..count).map(|number| 20 + 16 * number) {
            let key = keys + (word(&file, entry) & 0xFFFF);
            let (used, room, value) =
                (word(&file, entry + 4), word(&file, entry + 8), values + word(&file, entry + 12));
            assert!(used <= room && value + room <= file.len() && value % 4 == 0);
            found.push((text(key).unwrap(), text(value).unwrap()));
        }
        assert!(
            found.contains(&("TITLE".into(), "Title".into()))
                && found.contains(&("CATEGORY".into(), "MG".into()))
        );
        assert!(found.is_sorted(), "keys are in order");
        assert_eq!(values % 4, 0);
    }
}
