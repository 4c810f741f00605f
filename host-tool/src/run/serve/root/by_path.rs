//! Operations by path, for systems that cannot do better.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::{Access, Change};
use crate::special;

pub(super) fn open_for(path: &Path, access: Access) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    if let Access::Write { new, truncate } = access {
        options.write(true).truncate(truncate).create_new(new);
    }
    special::without_waiting(&mut options).open(path)
}

pub(super) fn metadata(path: &Path) -> io::Result<Metadata> {
    std::fs::metadata(path)
}

pub(super) fn entry(path: &Path) -> io::Result<Metadata> {
    std::fs::symlink_metadata(path)
}

pub(super) fn names(path: &Path, most: usize) -> io::Result<Vec<OsString>> {
    let entries = std::fs::read_dir(path)?.flatten();
    Ok(entries.map(|entry| entry.file_name()).take(most).collect())
}

pub(super) fn change(path: &Path, change: Change) -> io::Result<()> {
    match change {
        Change::MakeFolder => std::fs::create_dir(path),
        Change::RemoveFile => std::fs::remove_file(path),
        Change::RemoveFolder => std::fs::remove_dir(path),
    }
}
