//! The files that a run reads and will write, and the checks that refuse a wrong target.
//!
//! # When two targets are one
//!
//! Targets are compared before they exist. Their folders are compared by file id ([`FileId`]), so `./a`, an
//! absolute path and a linked folder are recognised as the same folder. Within a folder, names are compared
//! as its file system compares them. An existing file shows whether that ignores case: if its name with
//! upper and lower case swapped leads to the same file, it does. If there is no file to try this with, case
//! is assumed not to matter: refusing a target that could have been written is a nuisance, but writing two
//! discs to one file loses one of them.
//!
//! File systems also equate other names, each in its own way: composed and decomposed accents, trailing
//! dots. That only shows once the first of the files exists: see [`Outputs`](crate::output::Outputs), which
//! never replaces a file of its own run.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::identity::{FileId, is_same};
use crate::output::{Existing, Standing, folder_of, part_path};
use crate::{file_names, sheets, special};

/// How many files of a folder are tried to find out whether it is case-sensitive.
const TRIES: usize = 64;

/// The files that a run reads, and those that it will write. None of them may be a target again.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    inputs: HashSet<FileId>,
    taken: HashMap<Name, PathBuf>,
    /// The files that existing targets lead to.
    replaced: HashMap<FileId, PathBuf>,
    folds_case: HashMap<FileId, bool>,
    /// The folder below which missing folders will be made.
    base: Option<PathBuf>,
}

/// A name that need not exist, in a form in which all names of one file are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name {
    folder: FileId,
    name: Vec<u8>,
}

impl Claims {
    /// Starts with all inputs of a run. The files that a CUE sheet among them names are inputs, too.
    pub fn new(inputs: &[PathBuf]) -> Self {
        // Missing inputs are reported later, when the run comes to them.
        let parts: Vec<PathBuf> = inputs.iter().flat_map(|input| sheets::files(input)).collect();
        let mut claims = Self::default();
        claims.add(inputs);
        claims.add(&parts);
        claims
    }

    /// Adds files that must not be a target either.
    pub(crate) fn add(&mut self, files: &[PathBuf]) {
        self.inputs.extend(files.iter().filter_map(|file| FileId::at(file).ok()));
    }

    /// Returns whether a path leads to a file that the run reads.
    pub(crate) fn is_input(&self, path: &Path) -> bool {
        FileId::at(path).is_ok_and(|file| self.inputs.contains(&file))
    }

    /// From now on, folders below `base` may be missing: they will be made.
    #[must_use]
    pub fn making_folders_below(self, base: Option<PathBuf>) -> Self {
        Self { base, ..self }
    }

    /// As [`Claims::making_folders_below`], for the next targets.
    pub fn make_folders_below(&mut self, base: &Path) {
        self.base = Some(base.to_owned());
    }

    /// Claims an input as its own target.
    ///
    /// # Errors
    ///
    /// When something prevents that the file is replaced.
    pub fn claim_in_place(&mut self, input: &Path) -> Result<Standing, Failure> {
        check_place(input, None)?;
        // A new file would take the place of the link, not of the file.
        if std::fs::symlink_metadata(input).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(Failure::InPlaceLink);
        }
        let there = FileId::at(input).map_err(Failure::Open)?;
        if let Some(other) = self.replaced.insert(there, input.to_owned()) {
            return Err(Failure::TargetTaken { target: input.to_owned(), other });
        }
        Ok(Standing::at(input, Existing::Replace))
    }

    /// Claims a target for one of the inputs, or refuses one that cannot or must not be written; returns
    /// what exists there. The time does not depend on the number of inputs or targets.
    ///
    /// # Errors
    ///
    /// What is wrong with the target.
    pub fn claim(&mut self, target: &Path, input: &Path, existing: Existing) -> Result<Standing, Failure> {
        check_place(target, self.base.as_deref())?;
        let standing = Standing::at(target, existing);
        let there = FileId::at(target).ok();
        if there.is_some() && is_same(target, input) {
            return Err(Failure::TargetIsInput(target.to_owned()));
        }
        let is_read = there.is_some_and(|there| self.inputs.contains(&there));
        // A sheet tells how the files that it names are read, also those that were named without it.
        if is_read || sheets::files(target).iter().any(|file| self.is_input(file)) {
            return Err(Failure::TargetIsOtherInput(target.to_owned()));
        }
        let part = part_path(target);
        if self.is_input(&part) {
            return Err(Failure::PartBlocked(part));
        }
        let name = self.name(target)?;
        let other = self.taken.get(&name).or_else(|| self.replaced.get(&there?));
        if let Some(other) = other {
            return Err(Failure::TargetTaken { target: target.to_owned(), other: other.clone() });
        }
        // A rename would replace a dangling link, too.
        if existing == Existing::Keep && std::fs::symlink_metadata(target).is_ok() {
            return Err(Failure::TargetExists(target.to_owned()));
        }
        self.taken.insert(name, target.to_owned());
        if let Some(there) = there {
            self.replaced.insert(there, target.to_owned());
        }
        Ok(standing)
    }

    /// Claims a target that no input becomes, such as a report.
    ///
    /// # Errors
    ///
    /// As [`Claims::claim`].
    pub(crate) fn claim_report(&mut self, target: &Path, existing: Existing) -> Result<Standing, Failure> {
        self.claim(target, Path::new(""), existing).map_err(|failure| match failure {
            Failure::TargetIsOtherInput(target) => Failure::TargetIsInput(target),
            other => other,
        })
    }

    /// Refuses a place for another file beside a target, if it cannot be created there.
    ///
    /// # Errors
    ///
    /// What is wrong with the place.
    pub(crate) fn check_beside(&self, file: &Path) -> Result<(), Failure> {
        check_place(file, self.base.as_deref())
    }

    fn name(&mut self, target: &Path) -> Result<Name, Failure> {
        let path = folder_of(target);
        let path = existing_part(&path, self.base.as_deref()).to_owned();
        let folder = FileId::at(here_if_empty(&path)).map_err(|_| Failure::NoFolder(path.clone()))?;
        let folds = *self.folds_case.entry(folder).or_insert_with(|| may_fold_case(here_if_empty(&path)));
        // With the names of folders that will be made.
        let name =
            target.strip_prefix(&path).map_or_else(|_| target.file_name(), |rest| Some(rest.as_os_str()));
        let name = name.unwrap_or_default();
        Ok(Name { folder, name: if folds { folded(name) } else { name.as_encoded_bytes().to_vec() } })
    }
}

/// Refuses a target where a file cannot be created.
fn check_place(target: &Path, base: Option<&Path>) -> Result<(), Failure> {
    let folder = folder_of(target);
    let folder = here_if_empty(existing_part(&folder, base));
    if ends_with_separator(target) && !target.is_dir() {
        return Err(Failure::NoFolder(target.to_owned()));
    }
    match std::fs::metadata(folder) {
        Err(_) => return Err(Failure::NoFolder(folder.to_owned())),
        Ok(metadata) if !metadata.is_dir() => return Err(Failure::NotAFolder(folder.to_owned())),
        Ok(_) => {}
    }
    if target.is_dir() {
        return Err(Failure::TargetIsFolder(target.to_owned()));
    }
    special::check_target(target)?;
    // The names of folders that will be made have to be possible as well.
    let mut missing = target.strip_prefix(folder).ok().into_iter().flat_map(Path::components);
    missing.try_for_each(|name| file_names::check(&folder.join(name)))?;
    file_names::check(target)
}

/// The part of a folder's path that exists, if the rest will be made, as that below `base` is.
fn existing_part<'f>(folder: &'f Path, base: Option<&Path>) -> &'f Path {
    let Some(base) = base.filter(|base| folder.starts_with(base)) else { return folder };
    let is_missing = |folder: &Path| {
        std::fs::symlink_metadata(folder).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    let may_be_made = |folder: &&Path| *folder != base && is_missing(folder);
    folder.ancestors().find(|folder| !may_be_made(folder)).unwrap_or(folder)
}

/// The current folder has an empty path, which the system does not know.
fn here_if_empty(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// Returns whether this folder may be case-insensitive. Only a file that is not found by its name in
/// swapped case proves that it is not.
fn may_fold_case(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return true };
    for entry in entries.flatten().take(TRIES) {
        let name = entry.file_name();
        let Some(swapped) = name.to_str().and_then(swapped_case) else { continue };
        let (named, swapped) = (FileId::named(&entry.path()), FileId::named(&folder.join(swapped)));
        match (named, swapped) {
            (Ok(named), Ok(swapped)) if named == swapped => return true,
            (Ok(_), Err(error)) if error.kind() == std::io::ErrorKind::NotFound => return false,
            // These look like two files, but a network file system may give one file two numbers.
            _ => {}
        }
    }
    true
}

/// The name with upper and lower case swapped; `None` if that changes nothing. Letters outside ASCII are
/// left alone, as not all file systems fold them.
fn swapped_case(name: &str) -> Option<String> {
    let swap = |letter: char| {
        if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    };
    let swapped: String = name.chars().map(swap).collect();
    (swapped != name).then_some(swapped)
}

/// The same bytes for names that differ only in case.
fn folded(name: &OsStr) -> Vec<u8> {
    match name.to_str() {
        // Upper case first: some letters only share that, such as the two lower-case sigmas.
        Some(name) => name.to_uppercase().to_lowercase().into_bytes(),
        None => name.as_encoded_bytes().to_ascii_lowercase(),
    }
}

fn ends_with_separator(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|&byte| std::path::is_separator(char::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::LOOKS;

    #[test]
    fn mistakes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let input = at("a.iso");
        let inputs = [input.clone(), at("b.iso"), at(".from-part.cso.part")];
        inputs.iter().for_each(|path| std::fs::write(path, "").unwrap());
        std::fs::write(at("there.cso"), "").unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        std::fs::hard_link(&input, at("same.cso")).unwrap();
        let mut claims = Claims::new(&inputs);
        claims.claim(&at("taken.cso"), &input, Existing::Keep).unwrap();
        let check = |target: &str, existing| claims.clone().claim(&at(target), &input, existing);

        assert!(check("a.cso", Existing::Keep).is_ok());
        for existing in [Existing::Keep, Existing::Replace] {
            assert!(matches!(check("none/a.cso", existing), Err(Failure::NoFolder(_))));
            assert!(matches!(check("none/", existing), Err(Failure::NoFolder(_))));
            assert!(matches!(check("there.cso/a.cso", existing), Err(Failure::NotAFolder(_))));
            assert!(matches!(check("folder", existing), Err(Failure::TargetIsFolder(_))));
            assert!(matches!(check("a.iso", existing), Err(Failure::TargetIsInput(_))));
            assert!(matches!(check("same.cso", existing), Err(Failure::TargetIsInput(_))));
            assert!(matches!(check("b.iso", existing), Err(Failure::TargetIsOtherInput(_))));
            assert!(matches!(check("from-part.cso", existing), Err(Failure::PartBlocked(_))));
            assert!(matches!(check("taken.cso", existing), Err(Failure::TargetTaken { .. })));
        }
        assert!(matches!(check("there.cso", Existing::Keep), Err(Failure::TargetExists(_))));
        assert!(check("there.cso", Existing::Replace).is_ok());
    }

    /// Whether a folder accepts two targets, the first of them named relative to it.
    fn takes_both(folder: &Path, a: &Path, b: &Path) -> bool {
        let mut claims = Claims::new(&[]);
        let input = folder.join("input");
        claims.claim(a, &input, Existing::Replace).unwrap();
        match claims.claim(b, &input, Existing::Replace) {
            Ok(_) => true,
            Err(Failure::TargetTaken { target, other }) => {
                assert_eq!((target.as_path(), other.as_path()), (b, a));
                false
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn one_target_by_several_paths_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("a/deep")).unwrap();
        std::fs::create_dir(at("b")).unwrap();
        let target = at("a/GAME.zso");
        for other in ["./a/GAME.zso", "a/../a/GAME.zso", "a/deep/../GAME.zso", "b/../a/./GAME.zso"] {
            assert!(!takes_both(folder.path(), &target, &at(other)), "{other}");
        }
        assert!(takes_both(folder.path(), &target, &at("b/GAME.zso")));
        assert!(takes_both(folder.path(), &target, &at("a/GAME2.zso")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("a", at("link")).unwrap();
            assert!(!takes_both(folder.path(), &target, &at("link/GAME.zso")));
            std::fs::write(at("a/GAME.zso"), "").unwrap();
            std::fs::hard_link(at("a/GAME.zso"), at("b/OTHER.zso")).unwrap();
            assert!(!takes_both(folder.path(), &target, &at("b/OTHER.zso")), "one file by two names");
        }
    }

    #[test]
    fn folders_below_the_base_may_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("out")).unwrap();
        std::fs::write(at("out/file"), "").unwrap();
        let input = at("input");
        let mut claims = Claims::new(&[]).making_folders_below(Some(at("out")));
        let mut claim = |name: &str| claims.claim(&at(name), &input, Existing::Keep);
        assert!(claim("out/a/b/GAME.cso").is_ok() && claim("out/a/GAME.cso").is_ok());
        assert!(matches!(claim("out/a/b/GAME.cso"), Err(Failure::TargetTaken { .. })));
        assert!(matches!(claim("out/file/GAME.cso"), Err(Failure::NotAFolder(_))));
        assert!(matches!(claim("elsewhere/GAME.cso"), Err(Failure::NoFolder(_))));
        let mut claims = Claims::new(&[]).making_folders_below(Some(at("none")));
        let claim = claims.claim(&at("none/a/GAME.cso"), &input, Existing::Keep);
        assert!(matches!(claim, Err(Failure::NoFolder(none)) if none == at("none")));
    }

    #[test]
    fn case_counts_only_where_a_file_shows_that_it_does() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let both = || takes_both(folder.path(), &at("Game.cso"), &at("GAME.CSO"));
        assert!(!both(), "nothing tells");
        std::fs::write(at("123"), "").unwrap();
        assert!(!both(), "a name without letters tells nothing");
        std::fs::write(at("a"), "").unwrap();
        let tells_apart = !at("A").exists();
        assert_eq!(both(), tells_apart);
        if tells_apart {
            // Both names exist, as they would on a case-insensitive disk.
            std::fs::hard_link(at("a"), at("A")).unwrap();
            std::fs::remove_file(at("123")).unwrap();
            assert!(!both());
        }
    }

    #[test]
    fn names_are_folded_as_far_as_they_can_be_read() {
        let same = |a: &str, b: &str| folded(OsStr::new(a)) == folded(OsStr::new(b));
        assert!(same("Zwölf.CSO", "ZWÖLF.cso") && same("ΛΌΓΟΣ", "λόγος") && same("λόγοσ", "λόγος"));
        assert!(!same("a.cso", "b.cso"));
        assert_eq!(swapped_case("aB1ö").as_deref(), Some("Ab1ö"));
        assert_eq!(swapped_case("123"), None);
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let raw = |bytes: &[u8]| folded(OsStr::from_bytes(bytes));
            assert_eq!(raw(b"G\xE4me"), raw(b"G\xE4ME"));
            assert_ne!(raw(b"G\xE4me"), raw(b"G\xE5me"));
        }
    }

    #[test]
    fn work_grows_with_the_number_of_targets_and_not_with_its_square() {
        let folder = tempfile::tempdir().unwrap();
        let looks = |count: usize| {
            let paths = |extension: &str| -> Vec<PathBuf> {
                (0..count).map(|number| folder.path().join(format!("{number}.{extension}"))).collect()
            };
            let (inputs, targets) = (paths("iso"), paths("cso"));
            inputs.iter().chain(&targets).for_each(|path| std::fs::write(path, "").unwrap());
            LOOKS.with(|looks| looks.set(0));
            let mut claims = Claims::new(&inputs);
            for (input, target) in inputs.iter().zip(&targets) {
                claims.claim(target, input, Existing::Replace).unwrap();
            }
            LOOKS.with(std::cell::Cell::get)
        };
        let (few, many) = (looks(20), looks(200));
        assert!(many <= 10 * few, "{few} looks for 20 files, {many} for 200");
    }
}
