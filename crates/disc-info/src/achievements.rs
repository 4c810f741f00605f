//! The hash by which RetroAchievements identifies a game: an MD5 over the files that distinguish it.
//!
//! The rules are those of rcheevos (`src/rhash/hash_disc.c`), whose hashes are in the site's database.

use alloc::vec;
use alloc::vec::Vec;

use md5::{Digest, Md5};
use sector_decode::ReadAt;

use crate::iso9660::{FilePlace, Volume};

/// The contents of a file past this are not hashed.
const MAX_FILE: u32 = 64 << 20;
/// Bytes of `SYSTEM.CNF` that are examined.
const MAX_SYSTEM: u32 = 2047;
/// Bytes per read.
const PIECE: usize = 64 << 10;

/// Returns the hash of a PSP or PS2 game. Only the blocks of the hashed files are decoded. `None` when the
/// image does not contain the files of a game.
///
/// # Errors
///
/// Those of the image: if some bytes cannot be read, there cannot be a hash.
pub fn achievements_hash<R: ReadAt>(image: &mut R) -> Result<Option<[u8; 16]>, R::Error> {
    let Some(volume) = Volume::open(image)? else { return Ok(None) };
    let mut digest = Md5::new();
    if let Some(param) = volume.find_file(image, &["PSP_GAME", "PARAM.SFO"])? {
        let Some(program) = volume.find_file(image, &["PSP_GAME", "SYSDIR", "EBOOT.BIN"])? else {
            return Ok(None);
        };
        let all = add(&mut digest, image, param)? && add(&mut digest, image, program)?;
        return Ok(all.then(|| digest.finalize().into()));
    }
    let system = volume.read_file(image, &["SYSTEM.CNF"], MAX_SYSTEM);
    let Some(name) = system.bytes().and_then(ps2_program) else { return Ok(None) };
    let Ok(path) = core::str::from_utf8(name) else { return Ok(None) };
    let path: Vec<&str> = path.split('\\').collect();
    let Some(program) = volume.find_file(image, &path)? else { return Ok(None) };
    digest.update(name);
    let all = add(&mut digest, image, program)?;
    Ok(all.then(|| digest.finalize().into()))
}

/// Returns the program's name from the line `BOOT2`: without the drive, the backslashes after it and the
/// version.
fn ps2_program(system: &[u8]) -> Option<&[u8]> {
    let line = system.split(|&byte| byte == b'\n').find_map(|line| {
        let value = line.strip_prefix(b"BOOT2")?.trim_ascii_start().strip_prefix(b"=")?;
        Some(value.trim_ascii_start())
    })?;
    let path = line.strip_prefix(b"cdrom0:").unwrap_or(line);
    let start = path.iter().position(|&byte| byte != b'\\')?;
    let name = path[start..].split(|&byte| byte == b';' || byte.is_ascii_whitespace()).next()?;
    (!name.is_empty()).then_some(name)
}

/// Adds a file's contents; returns whether all of it is in the image.
fn add<R: ReadAt>(digest: &mut Md5, image: &mut R, file: FilePlace) -> Result<bool, R::Error> {
    let len = file.len.min(MAX_FILE);
    let end = file.start + u64::from(len);
    if end > image.byte_len()? {
        return Ok(false);
    }
    let mut buffer = vec![0; PIECE];
    let mut at = file.start;
    while at < end {
        let count = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
        image.read_exact_at(&mut buffer[..count], at)?;
        digest.update(&buffer[..count]);
        at += count as u64;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;
    use crate::test_disc;

    fn hash(files: &[(&str, &[u8])]) -> Option<String> {
        let disc = test_disc::disc("GAME", files);
        let hash = achievements_hash(&mut disc.as_slice()).unwrap()?;
        Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Bytes that the script below generates too.
    fn counter(len: usize, step: usize) -> Vec<u8> {
        (0..len).map(|n| ((n * step) >> 3).to_le_bytes()[0]).collect()
    }

    // The expected values come from tests/achievements.py, which is independent of ISO9660 and of this crate.

    #[test]
    fn psp_game_is_known_by_its_two_files() {
        let (param, program) = (counter(1500, 7), counter(200_003, 11));
        let files: [(&str, &[u8]); 2] =
            [("PSP_GAME/PARAM.SFO", &param), ("PSP_GAME/SYSDIR/EBOOT.BIN", &program)];
        assert_eq!(hash(&files).as_deref(), Some("199a1f7b1f33097aa830f471dd5d7143"));
        assert_eq!(hash(&files[..1]), None, "without its program it is no game");
    }

    #[test]
    fn ps2_game_is_known_by_its_programs_name_and_content() {
        let program = counter(100_001, 13);
        for system in [
            "BOOT2 = cdrom0:\\SLES_123.45;1\r\nVER = 1.00\r\nVMODE = PAL\r\n",
            "VER = 1.00\nBOOT2=cdrom0:\\\\SLES_123.45;1\n",
            "BOOT2 \t= SLES_123.45\n",
        ] {
            let files: [(&str, &[u8]); 2] = [("SYSTEM.CNF", system.as_bytes()), ("SLES_123.45", &program)];
            assert_eq!(hash(&files).as_deref(), Some("fd7f164579e996dac98eb97fcf66bd38"), "{system}");
        }
        let ps1: [(&str, &[u8]); 2] =
            [("SYSTEM.CNF", b"BOOT = cdrom:\\SLES_123.45;1"), ("SLES_123.45", &program)];
        assert_eq!(hash(&ps1), None);
    }

    #[test]
    fn no_hash_of_what_is_not_whole() {
        let program = counter(100_001, 13);
        let system: &[u8] = b"BOOT2 = cdrom0:\\SLES_123.45;1\r\n";
        let disc = test_disc::disc("GAME", &[("SYSTEM.CNF", system), ("SLES_123.45", &program)]);
        assert!(achievements_hash(&mut disc.as_slice()).unwrap().is_some());
        for sectors in [0, 10, 17, 20, 30] {
            let _ = achievements_hash(&mut &disc[..sectors * 2048]).unwrap();
        }
        assert_eq!(hash(&[("README.TXT", b"no game")]), None);
    }
}
