//! The files that make a disc a PSP or a PS2 disc, and the ISO9660 image itself.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::shell;

/// Options for xorriso that differ between the consoles.
pub(super) type Flavour = &'static [&'static str];

/// PSP firmware and emulators look for the system's name in the volume descriptor, and the firmware finds
/// `UMD_DATA.BIN` only when names carry no ";1" (`-omit-version-number`).
pub(super) const PSP: Flavour = &[
    "-iso-level",
    "3",
    "-omit-version-number",
    "-relaxed-filenames",
    "-allow-lowercase",
    "-sysid",
    "PSP GAME",
    "-volid",
    "CISOR_TEST",
    "-appid",
    "PSP GAME",
];

/// PS2 names keep their ";1", which SYSTEM.CNF spells out.
pub(super) const PS2: Flavour =
    &["-iso-level", "2", "-sysid", "PLAYSTATION", "-volid", "CISOR_TEST", "-appid", "PLAYSTATION"];

/// Disc id, a random-looking number, a region and a type: 48 bytes, as on a UMD.
pub(super) const UMD_DATA: &[u8; 48] = b"UCSR-00001|0123456789ABCDEF|0001|G              ";

/// The program that SYSTEM.CNF starts; its name is the disc id.
pub(super) const PS2_PROGRAM: &str = "SCSR_000.01";

/// A fixed date for everything on the disc (2004-12-12), so that the image does not depend on today's.
const DATE: u64 = 1_102_809_600;

/// Returns a SYSTEM.CNF.
pub(super) fn system_cnf() -> String {
    format!("BOOT2 = cdrom0:\\{PS2_PROGRAM};1\r\nVER = 1.00\r\nVMODE = NTSC\r\n")
}

/// Returns a PARAM.SFO with what identifies a game on a UMD.
///
/// Layout: a header of 20 bytes, an entry of 16 bytes per key, the keys with NUL at their ends, the values.
pub(super) fn param_sfo() -> Vec<u8> {
    let text = |value: &str| (0x0204_u16, [value.as_bytes(), b"\0"].concat());
    let number = |value: u32| (0x0404_u16, value.to_le_bytes().to_vec());
    // Readers search the keys in order, so they are sorted.
    let entries = [
        ("BOOTABLE", number(1)),
        ("CATEGORY", text("UG")),
        ("DISC_ID", text("UCSR00001")),
        ("DISC_NUMBER", number(1)),
        ("DISC_TOTAL", number(1)),
        ("DISC_VERSION", text("1.00")),
        ("PARENTAL_LEVEL", number(1)),
        ("PSP_SYSTEM_VER", text("6.60")),
        ("REGION", number(0x8000)),
        ("TITLE", text("Cisor Test Disc")),
    ];
    let (mut index, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (key, (kind, value)) in &entries {
        let room = value.len().next_multiple_of(4);
        index.extend_from_slice(&half(keys.len()));
        index.extend_from_slice(&kind.to_le_bytes());
        index.extend_from_slice(&word(value.len()));
        index.extend_from_slice(&word(room));
        index.extend_from_slice(&word(values.len()));
        keys.extend_from_slice(key.as_bytes());
        keys.push(0);
        values.extend_from_slice(value);
        values.resize(values.len().next_multiple_of(4), 0);
    }
    keys.resize(keys.len().next_multiple_of(4), 0);
    let keys_at = 20 + index.len();
    let header =
        [*b"\0PSF", 0x0101_u32.to_le_bytes(), word(keys_at), word(keys_at + keys.len()), word(entries.len())];
    [header.concat(), index, keys, values].concat()
}

/// Gives every file and folder the same date.
pub(super) fn settle_times(tree: &Path) -> Result<()> {
    for entry in fs::read_dir(tree)? {
        let path = entry?.path();
        if path.is_dir() {
            settle_times(&path)?;
        } else {
            settle(&path)?;
        }
    }
    settle(tree)
}

/// Makes an ISO9660 image of a folder.
pub(super) fn make(tree: &Path, image: &Path, flavour: Flavour) -> Result<()> {
    let mut xorriso = Command::new("xorriso");
    xorriso.args(["-as", "mkisofs", "-quiet"]).args(flavour).arg("-o").arg(image).arg(tree);
    xorriso.env("SOURCE_DATE_EPOCH", DATE.to_string());
    shell::output(&mut xorriso).map(drop)
}

fn settle(path: &Path) -> Result<()> {
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(DATE);
    let set = || File::open(path)?.set_modified(date);
    set().with_context(|| path.display().to_string())
}

fn word(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

fn half(value: usize) -> [u8; 2] {
    u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes()
}
