//! CUE sheets in folders, and the files that they name.

use std::path::{Path, PathBuf};

use image_source::Cue;

use crate::identity::is_same;
use crate::output::folder_of;

/// No sheet is larger, in bytes.
const MOST: u64 = 1 << 20;

/// Returns the files that a sheet names, whether they exist or not, and whether the sheet can be used or not. None if `path`
/// is no sheet: neither by its name nor by its content.
pub(crate) fn files(path: &Path) -> Vec<PathBuf> {
    let is_small = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= MOST);
    let text = if is_small { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    if !is_named_like_one(path) && !Cue::is_one(&text) {
        return Vec::new();
    }
    Cue::named_files(&text).into_iter().map(|name| path.with_file_name(name)).collect()
}

fn is_named_like_one(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("cue"))
}

/// Returns a sheet beside `file` that names it.
pub(crate) fn naming(file: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder_of(file)).ok()?.filter_map(Result::ok);
    let mut sheets: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| is_named_like_one(path)).collect();
    sheets.sort();
    sheets.into_iter().find(|sheet| files(sheet).iter().any(|named| is_same(named, file)))
}
