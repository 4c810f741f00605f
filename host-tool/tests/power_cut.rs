//! Cuts the power after each step of a run, and checks that nothing is lost.
//!
//! A run is recorded: which bytes it writes, which names it gives and removes, and when it waits for the disk. What it has
//! waited for is on the disk afterwards. Of the rest anything may be: [`Kept`] and [`named`] say what is tried. Each
//! state is put into a fresh folder and judged, and the same command is run there once more.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use fault_layer::{FileId, Step, record};
use support::{Files, Folder, NATIVE, SECTOR, files_of, noise};

/// A verb at work.
struct Case {
    args: &'static [&'static str],
    /// The files that exist before the run, the source first.
    files: &'static [&'static str],
    /// The files that are written.
    targets: &'static [&'static str],
}

const CASES: [Case; 8] = [
    Case { args: &["compress", "GAME.iso"], files: &["GAME.iso"], targets: &["GAME.cso"] },
    Case { args: &["compress", "--rm", "GAME.iso"], files: &["GAME.iso"], targets: &["GAME.cso"] },
    Case {
        args: &["compress", "-f", "--rm", "GAME.iso"],
        files: &["GAME.iso", "GAME.cso"],
        targets: &["GAME.cso"],
    },
    Case {
        args: &["compress", "--to", "jso", "-f", "--rm", "GAME.iso"],
        files: &["GAME.iso", "GAME.jso"],
        targets: &["GAME.jso"],
    },
    Case {
        args: &["compress", "--to", "chd", "--rm", "GAME.iso"],
        files: &["GAME.iso"],
        targets: &["GAME.chd"],
    },
    Case { args: &["extract", "--rm", "BACK.zso"], files: &["BACK.zso"], targets: &["BACK.iso"] },
    Case {
        args: &["extract", "-f", "--rm", "BACK.zso"],
        files: &["BACK.zso", "BACK.iso"],
        targets: &["BACK.iso"],
    },
    Case {
        args: &["compress", "--for", "ppsspp", "-b", "4K", "--in-place", "BACK.cso"],
        files: &["BACK.cso"],
        targets: &["BACK.cso"],
    },
];

fn fill(folder: &Path, files: &Files) {
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// All files that a case may start with. Existing targets are wrong on purpose.
fn templates() -> Files {
    let folder = Folder::new();
    // Large enough to be written in several pieces.
    folder.write("GAME.iso", &[support::small_disc(), noise(150 * SECTOR)].concat());
    for (format, name) in [("zso", "BACK.zso"), ("cso", "BACK.cso")] {
        folder.cisor(["compress", "-q", "--to", format, "GAME.iso", "-o", name]).assert().success();
    }
    let mut files = files_of(folder.root());
    for name in ["GAME.cso", "GAME.jso", "BACK.iso"] {
        files.insert(name.into(), b"an older file".to_vec());
    }
    files
}

/// Which of the bytes that nobody waited for are on the disk.
#[derive(Clone, Copy, Debug)]
enum Kept {
    All,
    None,
    /// All but one piece, counted from the last.
    Without(usize),
    /// Of the last piece the first half.
    TornLast,
    /// The length, but zeros in place of the bytes.
    Zeros,
}

const KEPT: [Kept; 7] = [
    Kept::All,
    Kept::None,
    Kept::Without(0),
    Kept::Without(1),
    Kept::Without(2),
    Kept::TornLast,
    Kept::Zeros,
];

/// A file: what is on the disk for certain, and what has been done since.
#[derive(Clone, Default)]
struct Content {
    certain: Vec<u8>,
    since: Vec<Step>,
}

impl Content {
    fn bytes(&self, kept: Kept) -> Vec<u8> {
        let mut bytes = self.certain.clone();
        let count = self.since.len();
        for (number, step) in self.since.iter().enumerate() {
            let from_last = count - 1 - number;
            let whole = match kept {
                Kept::All | Kept::TornLast | Kept::Zeros => true,
                Kept::None => false,
                Kept::Without(piece) => piece != from_last,
            };
            match step {
                Step::Write { at, bytes: written, .. } if whole => {
                    let at = usize::try_from(*at).unwrap();
                    let is_torn = matches!(kept, Kept::TornLast) && from_last == 0;
                    let len = if is_torn { written.len() / 2 } else { written.len() };
                    if bytes.len() < at + len {
                        bytes.resize(at + len, 0);
                    }
                    if matches!(kept, Kept::Zeros) {
                        bytes[at..at + len].fill(0);
                    } else {
                        bytes[at..at + len].copy_from_slice(&written[..len]);
                    }
                }
                Step::Truncate { len, .. } if whole => bytes.resize(usize::try_from(*len).unwrap(), 0),
                _ => {}
            }
        }
        bytes
    }
}

/// Something that happened to a name.
#[derive(Clone)]
enum Naming {
    Given(String, Id),
    Moved { from: String, to: String, exchanged: bool },
    Removed(String),
}

/// A file. The file system uses its own numbers again when a file is gone.
type Id = usize;

type Names = BTreeMap<String, Id>;

/// What is in a folder: which file each name leads to, and its content.
type State = BTreeMap<String, (Id, Vec<u8>)>;

/// The states that a power cut may leave, and whether the changes of names in them are the first ones, none left out.
/// File systems with a journal keep that order.
type States = BTreeMap<State, bool>;

/// Puts a state into an empty folder. A file with several names is one file there, too.
fn put(folder: &Path, state: &State) {
    let mut first: BTreeMap<Id, &str> = BTreeMap::new();
    for (name, (file, bytes)) in state {
        match first.get(file) {
            Some(other) => fs::hard_link(folder.join(other), folder.join(name)).unwrap(),
            None => fs::write(folder.join(name), bytes).unwrap(),
        }
        first.entry(*file).or_insert(name);
    }
}

impl Naming {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Given(name, file) => {
                names.insert(name.clone(), *file);
            }
            Self::Moved { from, to, exchanged } => {
                let Some(file) = names.remove(from) else { return };
                let other = names.insert(to.clone(), file);
                if let (true, Some(other)) = (*exchanged, other) {
                    names.insert(from.clone(), other);
                }
            }
            Self::Removed(name) => {
                names.remove(name);
            }
        }
    }
}

/// The disk while a run goes on.
#[derive(Default)]
struct Disk {
    files: Vec<Content>,
    /// The file that has a number now.
    numbers: BTreeMap<FileId, Id>,
    certain: Names,
    since: Vec<Naming>,
    /// As the run sees them.
    now: Names,
}

/// At most so many changes of names are tried in every combination; of more, those from the first on.
const COMBINED: usize = 6;

/// Every set of names that a power cut may leave: any of the changes that nobody waited for may be lost. Also whether
/// the changes that are left are the first ones.
fn named(disk: &Disk) -> Vec<(Names, bool)> {
    let count = disk.since.len().min(COMBINED);
    let (first, last) = disk.since.split_at(disk.since.len() - count);
    (0..1u32 << count)
        .map(|kept| {
            let mut names = disk.certain.clone();
            first.iter().for_each(|naming| naming.apply(&mut names));
            let is_in_order = (kept + 1).is_power_of_two();
            let kept = last.iter().enumerate().filter(|(number, _)| kept >> number & 1 == 1);
            kept.for_each(|(_, naming)| naming.apply(&mut names));
            (names, is_in_order)
        })
        .collect()
}

impl Disk {
    fn add(&mut self, number: FileId, content: Content) -> Id {
        self.files.push(content);
        self.numbers.insert(number, self.files.len() - 1);
        self.files.len() - 1
    }

    fn file(&mut self, number: FileId) -> &mut Content {
        &mut self.files[self.numbers[&number]]
    }

    fn take(&mut self, step: &Step) {
        let naming = match step {
            Step::Open { name, file, truncated } => {
                if self.now.contains_key(name) {
                    if *truncated {
                        self.file(*file).since.push(Step::Truncate { file: *file, len: 0 });
                    }
                    return;
                }
                Naming::Given(name.clone(), self.add(*file, Content::default()))
            }
            Step::Write { file, .. } | Step::Truncate { file, .. } => {
                self.file(*file).since.push(step.clone());
                return;
            }
            Step::Sync { file } => {
                let content = self.file(*file);
                content.certain = content.bytes(Kept::All);
                content.since.clear();
                return;
            }
            Step::SyncFolder { folder } => {
                assert_eq!(folder, "", "there is one folder");
                self.since.clear();
                self.certain = self.now.clone();
                return;
            }
            Step::Rename { from, to, exchanged } => {
                Naming::Moved { from: from.clone(), to: to.clone(), exchanged: *exchanged }
            }
            Step::Link { file, to } => Naming::Given(to.clone(), self.numbers[file]),
            Step::Unlink { name } => Naming::Removed(name.clone()),
        };
        naming.apply(&mut self.now);
        self.since.push(naming);
    }

    /// What may be in the folder after a power cut at this moment.
    fn states(&self, all: &mut States) {
        for (names, is_in_order) in named(self) {
            for kept in KEPT {
                let bytes = |file: Id| (file, self.files[file].bytes(kept));
                *all.entry(names.iter().map(|(name, &file)| (name.clone(), bytes(file))).collect())
                    .or_default() |= is_in_order;
            }
        }
    }
}

/// Records a run, and returns each state that a power cut can leave, the files after the whole run, and the number of its
/// steps. Those for which `happens` is false are left out.
fn states(case: &Case, templates: &Files, happens: fn(&Step) -> bool) -> (States, Files, usize) {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let work = place.join("work");
    fs::create_dir(&work).unwrap();
    fill(&work, &before(case, templates));
    let mut disk = Disk::default();
    for name in case.files {
        let file = FileId(fs::metadata(work.join(name)).unwrap().ino());
        let id = disk.add(file, Content { certain: templates[*name].clone(), since: Vec::new() });
        disk.certain.insert((*name).into(), id);
    }
    disk.now = disk.certain.clone();
    let prints = ["out", "err"].map(|name| File::create(place.join(name)).unwrap());
    let outcome = record(Path::new(NATIVE), case.args, &work, prints).unwrap();
    let printed = fs::read_to_string(place.join("err")).unwrap();
    assert_eq!(outcome.code, Some(0), "{:?}: {printed}", case.args);
    let mut all = States::new();
    disk.states(&mut all);
    for step in outcome.steps.iter().filter(|step| happens(step)) {
        disk.take(step);
        disk.states(&mut all);
    }
    let whole = files_of(&work);
    // Otherwise something was done that was not recorded.
    let replayed = disk.now.iter().map(|(name, file)| (name.clone(), disk.files[*file].bytes(Kept::All)));
    let replayed: Files = replayed.collect();
    let sizes =
        |files: &Files| -> Vec<_> { files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect() };
    assert!(replayed == whole, "{:?}: {:?} instead of {:?}", case.args, sizes(&replayed), sizes(&whole));
    (all, whole, outcome.steps.len())
}

fn before(case: &Case, templates: &Files) -> Files {
    case.files.iter().map(|&name| (name.into(), templates[name].clone())).collect()
}

fn is_part(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".part")
}

/// What is wrong with a state, if anything is.
fn wrong(case: &Case, before: &Files, whole: &Files, state: &Files) -> Option<String> {
    for (name, bytes) in state {
        let right = [before.get(name), whole.get(name)].into_iter().flatten().any(|right| right == bytes);
        if !right && !is_part(name) {
            return Some(format!("{name} is no file that may have this name"));
        }
    }
    let is_done = case.targets.iter().all(|&name| state.get(name) == whole.get(name));
    let source = case.files[0];
    if !is_done && state.get(source) != before.get(source) {
        return Some(format!("{source} is gone, and not everything that takes its place is there"));
    }
    for name in &case.files[1..] {
        if !state.contains_key(*name) {
            return Some(format!("{name} is gone"));
        }
    }
    None
}

fn plain(state: &State) -> Files {
    state.iter().map(|(name, (_, bytes))| (name.clone(), bytes.clone())).collect()
}

#[test]
fn a_run_that_does_not_wait_would_be_noticed() {
    let templates = templates();
    let no_files: fn(&Step) -> bool = |step| !matches!(step, Step::Sync { .. });
    let no_folders: fn(&Step) -> bool = |step| !matches!(step, Step::SyncFolder { .. });
    for (case, happens) in [(&CASES[0], no_files), (&CASES[1], no_folders)] {
        let (states, whole, _) = states(case, &templates, happens);
        let before = before(case, &templates);
        let is_wrong = states.keys().any(|state| wrong(case, &before, &whole, &plain(state)).is_some());
        assert!(is_wrong, "{:?}", case.args);
    }
}

#[test]
fn power_may_go_at_any_moment() {
    let templates = templates();
    let mut total = 0;
    for case in &CASES {
        let before = before(case, &templates);
        let (states, whole, steps) = states(case, &templates, |_| true);
        for (state, &is_in_order) in &states {
            let shown: Vec<_> = state.iter().map(|(name, (_, bytes))| (name, bytes.len())).collect();
            if let Some(wrong) = wrong(case, &before, &whole, &plain(state)) {
                panic!("{:?}: {wrong}: {shown:?}", case.args);
            }
            // The next run ends what this one began, or finds it done.
            let folder = Folder::new();
            put(folder.root(), state);
            let output = folder.cisor(case.args).output();
            let printed = String::from_utf8_lossy(&output.stderr);
            let after = files_of(folder.root());
            let is_done = case.targets.iter().all(|&name| after.get(name) == whole.get(name));
            // A run that cannot find its source does not look what else is there, and nobody looks for the spare name
            // of a file whose usual one is lost.
            let is_tidy =
                output.status.code() != Some(0) || !is_in_order || !after.keys().any(|name| is_part(name));
            assert!(is_done && is_tidy, "{:?} after {shown:?}: {:?} {printed}", case.args, after.keys());
        }
        println!("{:?}: {steps} steps, {} states", case.args, states.len());
        assert!(states.len() > 5, "{:?}: nothing was recorded", case.args);
        total += states.len();
    }
    println!("{total} states");
}
