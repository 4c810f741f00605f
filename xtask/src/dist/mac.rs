//! The archives for macOS: linked by zig, without Apple's SDK, since the program uses no framework. Nobody has tried
//! them on a Mac; what is checked here is their structure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::archive::tar_xz;
use super::licences::{self, Linked};
use super::{Release, add_papers, copy, linux, write};
use crate::cross::Target;
use crate::{paths, shell};

/// A kind of Mac.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    /// The processor, as the archives have it.
    pub(super) name: &'static str,
    pub(super) target: Target,
    /// The processor's number in the header of a Mach-O file (`CPU_TYPE_…` in Apple's mach/machine.h).
    cpu_type: u32,
}

/// All of them.
pub(super) const ALL: [Machine; 2] = [
    Machine {
        name: "aarch64",
        target: Target { triple: "aarch64-apple-darwin", builds_std: false },
        cpu_type: 0x0100_000C,
    },
    Machine {
        name: "x86_64",
        target: Target { triple: "x86_64-apple-darwin", builds_std: false },
        cpu_type: 0x0100_0007,
    },
];

/// A program for Macs.
pub(super) struct Built {
    pub(super) path: PathBuf,
    pub(super) machine: Machine,
}

impl Built {
    fn archive(&self, release: &Release) -> String {
        format!("cisor-{}-macos-{}", release.version, self.machine.name)
    }
}

/// Packs the archive.
pub(super) fn make(program: &Built, release: &Release, scratch: &Path, to: &Path) -> Result<PathBuf> {
    let name = program.archive(release);
    let folder = scratch.join("macos").join(&name);
    copy(&program.path, &folder.join("cisor"))?;
    add_papers(&folder)?;
    let packaging = paths::root().join("packaging/macos");
    for file in ["README.txt", "make-droplets.sh", "droplet.applescript", "document-types.plist"] {
        copy(&packaging.join(file), &folder.join(file))?;
    }
    linux::add_generated(&folder)?;
    let texts = folder.join("licences");
    let linked = Linked { workspace: "", packages: &["cisor"], target: Some(program.machine.target.triple) };
    licences::write_all(&linked, &texts)?;
    licences::write_standard_library(&texts)?;
    licences::write_zig(&texts)?;
    write(
        &folder.join("UNTRIED.txt"),
        "Nobody has tried this program on a Mac yet. Please say what happens.\n",
    )?;
    tar_xz(&folder, to.join(format!("{name}.tar.xz")), release)
}

/// Unpacks the archive and checks what can be checked without a Mac: the files that belong in it, the program's kind
/// and processor, its signature, and that it needs only what every Mac has.
pub(super) fn check(program: &Built, folder: &Path, release: &Release, scratch: &Path) -> Result<()> {
    let name = program.archive(release);
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--file").arg(folder.join(format!("{name}.tar.xz")));
    shell::output(tar.arg("--directory").arg(scratch))?;
    let unpacked = scratch.join(&name);
    for file in ["README.txt", "UNTRIED.txt", "make-droplets.sh", "man/cisor.1", "licences/README.txt"] {
        ensure!(unpacked.join(file).is_file(), "{file} is not in the archive for macOS");
    }
    let bytes = fs::read(unpacked.join("cisor"))?;
    let libraries = libraries(&bytes, program.machine).with_context(|| name.clone())?;
    for library in &libraries {
        ensure!(
            library.starts_with("/usr/lib/lib"),
            "{name}: the program needs {library}, which not every Mac has"
        );
    }
    ensure!(!libraries.is_empty(), "{name}: the program links no library, not even the system's");
    Ok(())
}

/// Reads the commands of a Mach-O file of 64 bits (Apple's mach-o/loader.h): returns the libraries that it loads.
/// Fails if it is for another processor or, on ARM, where macOS starts no such program, without a signature.
fn libraries(bytes: &[u8], machine: Machine) -> Result<Vec<String>> {
    const MAGIC_64: u32 = 0xFEED_FACF;
    const EXECUTE: u32 = 2;
    const LOAD_DYLIB: u32 = 0xC;
    const CODE_SIGNATURE: u32 = 0x1D;
    const HEADER: usize = 32;
    let word = |at: usize| -> Result<u32> {
        let four = bytes.get(at..at + 4).context("the file ends within its commands")?;
        Ok(u32::from_le_bytes(four.try_into()?))
    };
    ensure!(word(0)? == MAGIC_64, "this is not a Mach-O file of 64 bits");
    ensure!(word(4)? == machine.cpu_type, "the processor is {:#x}", word(4)?);
    ensure!(word(12)? == EXECUTE, "this is not a program");
    let mut at = HEADER;
    let (mut found, mut is_signed) = (Vec::new(), false);
    for _ in 0..word(16)? {
        let size = usize::try_from(word(at + 4)?)?;
        ensure!(size >= 8, "a command has a length of {size}");
        match word(at)? {
            LOAD_DYLIB => {
                let start = at + usize::try_from(word(at + 8)?)?;
                let name = bytes.get(start..at + size).context("a library's name is outside its command")?;
                let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                found.push(String::from_utf8_lossy(name).into_owned());
            }
            CODE_SIGNATURE => is_signed = true,
            _ => {}
        }
        at += size;
    }
    ensure!(is_signed || machine.name != "aarch64", "the program has no signature, not even an ad-hoc one");
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{ALL, libraries};

    /// A header and two commands: one library, and a signature if wanted.
    fn program(cpu_type: u32, is_signed: bool) -> Vec<u8> {
        let last = if is_signed { 0x1D } else { 0x1B };
        let words = [0xFEED_FACF, cpu_type, 0, 2, 2, 40 + 16, 0, 0, 0xC, 40, 24, 0, 0, 0];
        let mut bytes: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
        bytes.extend(b"/usr/lib/libX\0\0\0");
        bytes.extend([last, 16, 0, 0].iter().flat_map(|word: &u32| word.to_le_bytes()));
        bytes
    }

    #[test]
    fn libraries_processor_and_signature_are_read() {
        let [arm, intel] = ALL;
        assert_eq!(libraries(&program(arm.cpu_type, true), arm).unwrap(), ["/usr/lib/libX"]);
        assert!(libraries(&program(arm.cpu_type, false), arm).is_err());
        assert!(libraries(&program(intel.cpu_type, false), intel).is_ok());
        assert!(libraries(&program(arm.cpu_type, true), intel).is_err());
        for cut in 0..program(arm.cpu_type, true).len() - 8 {
            assert!(libraries(&program(arm.cpu_type, true)[..cut], arm).is_err(), "{cut}");
        }
    }
}
