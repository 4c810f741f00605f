//! What is on the discs, in the proportions of a typical PSP game.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::packages::{self, Packages};
use super::{image, textures};

/// Bytes of content on the PSP disc; the file system comes on top.
const PSP_BYTES: u64 = 210_000_000;
const PS2_BYTES: u64 = 12_000_000;

/// Percent of the disc by kind of content.
const MEDIA: u64 = 25;
const TEXTURES: u64 = 25;
const CODE: u64 = 15;
const TEXT: u64 = 15;
const LEVELS: u64 = 10;
const ZEROS: u64 = 10;

/// The available source files, by kind.
pub(super) struct Shares {
    media: Vec<PathBuf>,
    textures: Vec<PathBuf>,
    code: Vec<PathBuf>,
    text: Vec<PathBuf>,
    levels: Vec<PathBuf>,
}

impl Shares {
    /// Sorts the content of the packages into kinds and makes the textures, in `folder`.
    pub(super) fn of(packages: &Packages, folder: &Path) -> Result<Self> {
        let mut media = packages.files(packages::PICTURES, &[".ogg", ".png"])?;
        media.extend(packages.files(packages::LEVELS, &[".jpg"])?);
        media.push(packages.archive(packages::LEVELS)?);
        let mut pictures = packages.files(packages::PICTURES, &[".png"])?;
        pictures.extend(packages.files(packages::LEVELS, &[".jpg"])?);
        let mut code = Vec::new();
        for package in packages::CODE {
            // Version numbers at the end of the names differ, so: every file that is a shared library.
            code.extend(packages.files(package, &[""])?.into_iter().filter(|path| is_library(path)));
        }
        let room = PSP_BYTES * TEXTURES / 100;
        Ok(Self {
            media,
            textures: textures::make(&pictures, &folder.join("unpacked/textures"), room)?,
            code,
            text: packages.files(packages::TEXT, &[".html", ".txt"])?,
            levels: packages.files(packages::LEVELS, &[".sol"])?,
        })
    }
}

/// Lays out a PSP disc in `tree`; returns what is on it, one line per kind.
pub(super) fn fill_psp(tree: &Path, shares: &Shares) -> Result<String> {
    let data = tree.join("PSP_GAME/USRDIR");
    let said = fill(&data, shares, PSP_BYTES)?;
    fs::create_dir_all(tree.join("PSP_GAME/SYSDIR"))?;
    fs::copy(first(&shares.code)?, tree.join("PSP_GAME/SYSDIR/EBOOT.BIN"))?;
    fs::write(tree.join("PSP_GAME/PARAM.SFO"), image::param_sfo())?;
    fs::write(tree.join("UMD_DATA.BIN"), image::UMD_DATA)?;
    image::settle_times(tree)?;
    Ok(said)
}

/// Lays out a PS2 disc in `tree`; returns what is on it, one line per kind.
pub(super) fn fill_ps2(tree: &Path, shares: &Shares) -> Result<String> {
    let said = fill(&tree.join("DATA"), shares, PS2_BYTES)?;
    fs::copy(first(&shares.code)?, tree.join(image::PS2_PROGRAM))?;
    fs::write(tree.join("SYSTEM.CNF"), image::system_cnf())?;
    image::settle_times(tree)?;
    Ok(said)
}

fn fill(folder: &Path, shares: &Shares, total: u64) -> Result<String> {
    let kinds: [(&str, u64, &[PathBuf]); 5] = [
        ("MEDIA", MEDIA, &shares.media),
        ("TEXTURE", TEXTURES, &shares.textures),
        ("CODE", CODE, &shares.code),
        ("TEXT", TEXT, &shares.text),
        ("LEVEL", LEVELS, &shares.levels),
    ];
    let mut said = String::new();
    for (name, percent, files) in kinds {
        let room = total * percent / 100;
        let taken = take(files, &folder.join(name), room).with_context(|| name.to_owned())?;
        writeln!(said, "{name} {percent} %, {room} bytes in {taken} files")?;
    }
    let room = total * ZEROS / 100;
    let zeros = folder.join("DUMMY.DAT");
    fs::File::create(&zeros)?.set_len(room)?;
    writeln!(said, "ZEROS {ZEROS} %, {room} bytes")?;
    Ok(said)
}

/// Copies files under short names until `room` bytes are full; the last one is cut. Returns how many.
fn take(files: &[PathBuf], folder: &Path, room: u64) -> Result<usize> {
    fs::create_dir_all(folder)?;
    let mut left = room;
    for (number, file) in files.iter().enumerate() {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).take(3).collect();
        let target = folder.join(format!("F{number:05}.{}", ending.to_uppercase()));
        let bytes = fs::copy(file, &target).with_context(|| file.display().to_string())?;
        if bytes >= left {
            fs::OpenOptions::new().write(true).open(&target)?.set_len(left)?;
            return Ok(number + 1);
        }
        left -= bytes;
    }
    bail!("the packages have {left} of {room} bytes too little of this kind")
}

fn first(files: &[PathBuf]) -> Result<&PathBuf> {
    files.first().context("the packages hold no code")
}

fn is_library(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.contains(".so"))
}
