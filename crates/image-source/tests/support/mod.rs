//! Test files: golden CHDs, and the discs that they were made from.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use image_source::{Error, Source};
use sector_decode::ReadAt;
use tempfile::TempDir;

/// A golden file.
pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A folder with the output of `make.py`: image.iso, game.bin, game.cue, mode1.bin, mode1.cue.
pub(crate) fn discs() -> &'static Path {
    static DISCS: LazyLock<TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("python3").arg(golden("make.py")).current_dir(&folder).status();
        assert!(made.expect("python3, which cargo xtask setup installs").success());
        folder
    });
    DISCS.path()
}

pub(crate) fn disc(name: &str) -> Vec<u8> {
    std::fs::read(discs().join(name)).unwrap()
}

/// Opens a file that must exist.
pub(crate) fn open(path: &Path) -> Result<Option<Source>, Error> {
    Source::open(path, &File::open(path).unwrap())
}

/// Opens bytes as a file with a unique name.
pub(crate) fn open_bytes(bytes: &[u8]) -> Result<Option<Source>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    open(&path)
}

/// Reads all sectors of a source, in pieces of arbitrary size.
pub(crate) fn read(source: &Source) -> std::io::Result<Vec<u8>> {
    let mut data = source.data();
    let mut all = vec![0; usize::try_from(data.len()).unwrap()];
    let mut at = 0;
    for piece in all.chunks_mut(5000) {
        data.read_exact_at(piece, at)?;
        at += piece.len() as u64;
    }
    Ok(all)
}

/// Reads everything; panics on an error.
pub(crate) fn content(path: &Path) -> Vec<u8> {
    read(&open(path).unwrap().expect("a source")).unwrap()
}
