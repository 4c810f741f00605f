//! Shared by the tests: a fresh folder, the real binary running in it, and small discs.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod zip;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use disc_info::test_disc;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SECTOR: usize = 2048;

/// The files of a folder by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Reads all files of a folder that has no folders in it.
pub(crate) fn files_of(folder: &Path) -> Files {
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

/// Writes a table into docs/testing.md, between its two marks.
pub(crate) fn write_table(name: &str, table: &str) {
    let marks = [format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->\n")];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/testing.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(&marks[0]).expect("the first mark");
    let (_, after) = rest.split_once(&marks[1]).expect("the second mark");
    std::fs::write(path, format!("{before}{}{table}{}{after}", marks[0], marks[1])).unwrap();
}

/// The program that was built with the tests, for this machine.
pub(crate) const NATIVE: &str = env!("CARGO_BIN_EXE_cisor");
/// The program for this system: [`NATIVE`] or, if `CISOR_EMULATED_EXE` names one, that one in the emulator of
/// its processor, which `CISOR_EMULATOR` names.
pub(crate) const BIN: Program = Program;

/// The program for this system, as a word for commands and scripts.
#[derive(Clone, Copy)]
pub(crate) struct Program;

impl Program {
    pub(crate) fn path(self) -> &'static str {
        if is_emulated() { concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/emulated") } else { NATIVE }
    }
}

impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path())
    }
}

impl AsRef<OsStr> for Program {
    fn as_ref(&self) -> &OsStr {
        self.path().as_ref()
    }
}

/// The tested program: the one for this system or, if `CISOR_WINDOWS_EXE` names one, that one under Wine.
pub(crate) fn bin() -> &'static str {
    if under_wine() { concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/under-wine") } else { BIN.path() }
}

/// The program as a file.
pub(crate) fn executable() -> PathBuf {
    let other = std::env::var_os(WINDOWS_EXE).or_else(|| std::env::var_os(EMULATED_EXE));
    other.map_or_else(|| NATIVE.into(), PathBuf::from)
}

const EMULATED_EXE: &str = "CISOR_EMULATED_EXE";

/// Whether the tested program is for another processor.
pub(crate) fn is_emulated() -> bool {
    std::env::var_os(EMULATED_EXE).is_some()
}

const WINDOWS_EXE: &str = "CISOR_WINDOWS_EXE";

pub(crate) fn under_wine() -> bool {
    std::env::var_os(WINDOWS_EXE).is_some()
}

/// Whether the tested program is the Windows build.
pub(crate) fn is_windows() -> bool {
    cfg!(windows) || under_wine()
}

/// A run of the program. Before comparison, backslashes in the output on Windows become slashes.
pub(crate) struct Run(Command);

impl Run {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn output(mut self) -> std::process::Output {
        let mut output = self.0.output().unwrap();
        if is_windows() {
            for text in [&mut output.stdout, &mut output.stderr] {
                text.iter_mut().filter(|byte| **byte == b'\\').for_each(|byte| *byte = b'/');
            }
        }
        output
    }

    pub(crate) fn assert(self) -> Assert {
        Assert::new(self.output())
    }
}

/// A fresh folder for the binary to work in.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with the PSP disc as `GAME.iso`.
    pub(crate) fn with_game() -> Self {
        let folder = Self::new();
        folder.write("GAME.iso", &psp_disc());
        folder
    }

    /// A folder with the PSP disc as `GAME.iso` and, compressed, as `GAME.cso`.
    pub(crate) fn with_compressed_game() -> Self {
        let folder = Self::with_game();
        folder.cisor(["compress", "-q", "GAME.iso"]).assert().success();
        folder
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn remove(&self, name: impl AsRef<Path>) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    /// Every name in the folder, hidden ones too, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.root()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(crate) fn cisor<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        self.run(bin(), args)
    }

    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Run {
        Run(self.command(program, args))
    }

    /// Runs a copy of the program that is in the folder.
    pub(crate) fn run_copy<S: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = S>) -> Run {
        if under_wine() {
            return self.run("wine", [self.path(name)]).args(args);
        }
        if is_emulated() {
            return self.run(std::env::var_os("CISOR_EMULATOR").unwrap(), [self.path(name)]).args(args);
        }
        self.run(self.path(name), args)
    }

    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(program);
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        // Nothing takes this long, however busy the machine or large the image; a run that does is hanging.
        command.current_dir(self.root()).args(args).timeout(Duration::from_secs(900));
        command
    }

    /// Runs with `--json` and returns the exit code and the objects.
    pub(crate) fn json(&self, args: &[&str]) -> (i32, Vec<Value>) {
        // As it was printed: in JSON, a backslash is not a path separator.
        let output = self.cisor(args).arg("--json").0.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let objects = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code().unwrap(), objects)
    }
}

/// A PSP disc of about a megabyte with content like that of real discs: text, code-like records, noise,
/// zeros. Its number of sectors is odd, so that larger blocks end in a partial one.
pub(crate) fn psp_disc() -> Vec<u8> {
    let sfo = test_disc::sfo(&[("DISC_ID", "ULUS10041"), ("TITLE", "Zwölf Türme"), ("CATEGORY", "UG")]);
    let disc = test_disc::disc(
        "PSP GAME",
        &[
            ("UMD_DATA.BIN", b"ULUS-10041|0123456789ABCDEF|0001|G"),
            ("PSP_GAME/PARAM.SFO", &sfo),
            ("PSP_GAME/TEXT.TXT", text(200_000).as_slice()),
            ("PSP_GAME/TABLE.BIN", &table(300_000)),
            ("PSP_GAME/NOISE.BIN", &noise(300_000)),
            ("PSP_GAME/ZERO.BIN", &[0; 200_000]),
        ],
    );
    odd(disc)
}

/// A PSP disc of a few dozen sectors, all of them packable.
pub(crate) fn small_disc() -> Vec<u8> {
    let sfo = test_disc::sfo(&[("DISC_ID", "UCES00001"), ("TITLE", "Small Game")]);
    let text = text(80_000);
    let files =
        [("UMD_DATA.BIN", &b"UCES-00001|"[..]), ("PSP_GAME/PARAM.SFO", &sfo), ("PSP_GAME/TEXT", &text)];
    test_disc::disc("SMALL", &files)
}

/// A PS2 disc, smaller than the PSP disc.
pub(crate) fn ps2_disc() -> Vec<u8> {
    let system = b"BOOT2 = cdrom0:\\SLES_123.45;1\r\nVER = 1.00\r\nVMODE = PAL\r\n";
    odd(test_disc::disc(
        "PS2 GAME",
        &[("SYSTEM.CNF", system), ("SLES_123.45", &table(100_000)), ("DATA.BIN", &noise(50_000))],
    ))
}

/// A disc with a file system that does not identify the console.
pub(crate) fn unknown_disc() -> Vec<u8> {
    test_disc::disc("DATA", &[("README.TXT", &text(10_000))])
}

fn odd(mut disc: Vec<u8>) -> Vec<u8> {
    if (disc.len() / SECTOR).is_multiple_of(2) {
        disc.resize(disc.len() + SECTOR, 0x2E);
    }
    disc
}

/// Raw mode 1 sectors of a disc, without ECC, which is not checked.
pub(crate) fn raw_sectors(disc: &[u8]) -> Vec<u8> {
    let sector = |data: &[u8]| {
        let mut sector = [0; 2352];
        sector[1..11].fill(0xFF);
        sector[15] = 1;
        sector[16..16 + data.len()].copy_from_slice(data);
        let edc = image_source::edc(&sector[..2064]);
        sector[2064..2068].copy_from_slice(&edc.to_le_bytes());
        sector
    };
    disc.chunks(SECTOR).flat_map(sector).collect()
}

pub(crate) fn text(len: usize) -> Vec<u8> {
    let words = ["disc ", "block ", "sector ", "of ", "the ", "game ", "index ", "a ", "\r\n"];
    let mut random = Random(7);
    let mut text = Vec::with_capacity(len + 8);
    while text.len() < len {
        text.extend_from_slice(random.pick(&words).as_bytes());
    }
    text.truncate(len);
    text
}

/// Increasing numbers, as in tables of code and level data.
fn table(len: usize) -> Vec<u8> {
    (0..u32::try_from(len / 4).unwrap()).flat_map(|i| ((i * 3) ^ (i >> 4)).to_le_bytes()).collect()
}

pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut random = Random(0x5EED);
    let mut noise: Vec<u8> = (0..len.div_ceil(8)).flat_map(|_| random.next().to_le_bytes()).collect();
    noise.truncate(len);
    noise
}

/// xorshift64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let place = self.next() % words.len() as u64;
        words[usize::try_from(place).unwrap()]
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A parsed CSO or ZSO file, for tests that examine or damage it.
pub(crate) struct Ciso(pub(crate) Vec<u8>);

impl Ciso {
    pub(crate) fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    pub(crate) fn image_size(&self) -> u64 {
        u64::from_le_bytes(self.0[8..16].try_into().unwrap())
    }

    pub(crate) fn block_size(&self) -> u32 {
        self.u32_at(0x10)
    }

    pub(crate) fn shift(&self) -> u8 {
        self.0[0x15]
    }

    pub(crate) fn blocks(&self) -> usize {
        usize::try_from(self.image_size().div_ceil(self.block_size().into())).unwrap()
    }

    /// Where a block begins; with the number of blocks, where the data ends.
    pub(crate) fn position(&self, block: usize) -> usize {
        ((self.u32_at(0x18 + 4 * block) & 0x7FFF_FFFF) as usize) << self.shift()
    }

    pub(crate) fn is_plain(&self, block: usize) -> bool {
        self.u32_at(0x18 + 4 * block) >> 31 == 1
    }

    pub(crate) fn set_entry(&mut self, block: usize, value: u32) {
        let at = 0x18 + 4 * block;
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Gives a block's deflate stream the reserved type, which inflaters always refuse.
    pub(crate) fn damage(&mut self, block: usize) {
        assert!(!self.is_plain(block), "block {block} is plain: any bytes are right there");
        let at = self.position(block);
        self.0[at] = 0xFF;
    }

    /// The first block from `from` on that is packed.
    pub(crate) fn packed_block(&self, from: usize) -> usize {
        (from..self.blocks()).find(|&block| !self.is_plain(block)).unwrap()
    }
}

/// The command for running the program as an unprivileged user, since root ignores permissions.
#[cfg(unix)]
pub(crate) fn unprivileged<'a>(args: &[&'a str]) -> (String, Vec<&'a str>) {
    if !is_root() {
        return (BIN.path().into(), args.to_vec());
    }
    let mut all = vec!["--reuid=65534", "--regid=65534", "--clear-groups", "--", BIN.path()];
    all.extend(args);
    ("setpriv".into(), all)
}

#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    let output = std::process::Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}
