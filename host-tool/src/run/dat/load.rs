//! Loads DATs from files and folders.

use std::path::{Path, PathBuf};

use dat_file::Catalogue;

use super::content::has_extension;
use crate::failure::Failure;
use crate::report::{Checked, Record, Reporter};
use crate::tree::{self, Walk};
use crate::{human, special};

/// Loads all DATs; `None` if one of them cannot be used: verdicts without it would be wrong. Other files in
/// folders are skipped.
pub(in crate::run) fn load(
    paths: &[PathBuf],
    verb: &'static str,
    reporter: &mut Reporter,
) -> Option<Catalogue> {
    let mut dats = Vec::new();
    let mut is_complete = true;
    for path in paths {
        let is_folder = path.is_dir();
        let walk = files(std::slice::from_ref(path));
        let before = dats.len();
        for (path, failure) in walk.troubles {
            is_complete = false;
            fail(&path, failure, verb, reporter);
        }
        for file in walk.images {
            match read(&file) {
                Ok(read) => dats.extend(read),
                Err(Failure::Dat(error)) if is_folder && error.is_other_file() => {
                    reporter.detail(&file, &format!("skipped: {error}"));
                }
                Err(failure) => {
                    is_complete = false;
                    fail(&file, failure, verb, reporter);
                }
            }
        }
        if is_folder && is_complete && dats.len() == before {
            is_complete = false;
            fail(path, Failure::Dat(dat_file::Error::NoDat), verb, reporter);
        }
    }
    let catalogue = is_complete.then(|| Catalogue::new(dats))?;
    if let (Some(path), 1..) = (paths.first(), catalogue.left_out()) {
        let left_out = human::count(catalogue.left_out(), "entry has", "entries have");
        reporter.note(path, &format!("{left_out} no size or no hash and cannot be compared with anything"));
    }
    Some(catalogue)
}

/// The files that may be DATs.
pub(super) fn files(paths: &[PathBuf]) -> Walk {
    tree::files(paths, |file| has_extension(file, &["dat", "xml", "zip"]))
}

fn read(path: &Path) -> Result<Vec<dat_file::Dat>, Failure> {
    dat_file::read(special::open(path)?).map_err(Failure::Dat)
}

fn fail(path: &Path, failure: Failure, verb: &'static str, reporter: &mut Reporter) {
    let mut record = Record::new(path, Checked { verb, ..Checked::default() });
    record.fail(failure);
    reporter.finish(record);
}
