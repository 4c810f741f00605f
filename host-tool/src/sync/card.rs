//! What is on the card: files that were put there, whether they are still the same, and how they are deleted.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::Entry;
use crate::failure::Failure;
use crate::human;
use crate::identity;
use crate::interrupt;
use crate::report::Reporter;
use crate::source::forget_cached;
use crate::special;

/// Bytes per read call.
const PIECE: usize = 1 << 20;

/// Returns the path of a file on the card as the manifest has it.
pub(super) fn name_of(card: &Path, file: &Path) -> String {
    let below = file.strip_prefix(card).unwrap_or(file);
    let parts = below.components().filter(|part| matches!(part, Component::Normal(_)));
    parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/")
}

/// Returns where an entry's file is.
pub(super) fn path_of(card: &Path, entry: &Entry) -> PathBuf {
    entry.path.split('/').fold(card.to_owned(), |path, part| path.join(part))
}

/// Returns whether a file is there, and has the right length. It is not read.
pub(super) fn is_there(card: &Path, entry: &Entry) -> bool {
    let found = std::fs::symlink_metadata(path_of(card, entry));
    found.is_ok_and(|found| found.is_file() && found.len() == entry.size)
}

/// Reads a file from the card, and returns it if it is still what was put there.
///
/// # Errors
///
/// [`Failure::CardChanged`], or when it cannot be read.
pub(super) fn unchanged(card: &Path, entry: &Entry, reporter: &Reporter) -> Result<File, Failure> {
    let path = path_of(card, entry);
    let changed = || Failure::CardChanged(path.clone());
    // What a link leads to was not put there.
    if !is_there(card, entry) {
        return Err(changed());
    }
    let mut file = special::open(&path)?;
    forget_cached(&path, &file);
    let monitor = interrupt::monitor();
    let _bar = reporter.next_pass().start("checking", &path, entry.size, &monitor);
    let (mut digest, mut buffer, mut at) = (Sha256::new(), vec![0; PIECE], 0);
    loop {
        if monitor.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let read = file.read(&mut buffer).map_err(|error| Failure::Read { offset: at, error })?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
        at += read as u64;
        monitor.advance(read as u64, read as u64);
    }
    let is_same = at == entry.size && human::hex(&digest.finalize()) == entry.sha256;
    if is_same { Ok(file) } else { Err(changed()) }
}

/// Deletes a file that is still what was put on the card.
///
/// # Errors
///
/// As [`unchanged`], or when it cannot be deleted.
pub(super) fn delete(card: &Path, entry: &Entry, reporter: &Reporter) -> Result<(), Failure> {
    let path = path_of(card, entry);
    let file = unchanged(card, entry, reporter)?;
    if !identity::leads_to(&path, &file) || !is_inside(card, &path) {
        return Err(Failure::CardChanged(path));
    }
    // Some systems do not delete a file that is open.
    drop(file);
    std::fs::remove_file(&path).map_err(|error| Failure::NotDeleted { path, error })
}

/// Returns whether no link leads out of the card on the way to a file.
fn is_inside(card: &Path, path: &Path) -> bool {
    let folder = path.parent().unwrap_or(card).canonicalize();
    matches!((card.canonicalize(), folder), (Ok(card), Ok(folder)) if folder.starts_with(&card))
}
