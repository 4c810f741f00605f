//! Makes every system call of a verb fail once, in every possible way, and checks that nothing is lost.
//!
//! A run with a fault may succeed or fail, but three rules hold. The source is intact, or it was deleted on
//! request and its verified file exists. Every file with a final name is the right file. Exit code 0 means
//! that everything is as without the fault. One kind of run is listed separately, [`Ending::AsRead`]: in a
//! plain image, a bit that was read wrong cannot be detected. The table is in docs/testing.md;
//! `CISOR_WRITE_TABLE=1` makes the test write it there.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fault_layer::{Call, Fault, Kind, change, run};
use support::{Ciso, Files, Folder, NATIVE, SECTOR, files_of};

/// A verb at work.
struct Case {
    args: &'static [&'static str],
    /// The files that exist before the run.
    files: &'static [&'static str],
    /// The file that is written.
    target: Option<&'static str>,
}

const CASES: [Case; 13] = [
    Case { args: &["compress", "GAME.iso"], files: &["GAME.iso"], target: Some("GAME.cso") },
    Case {
        args: &["compress", "-f", "--rm", "GAME.iso"],
        files: &["GAME.iso", "GAME.cso"],
        target: Some("GAME.cso"),
    },
    Case { args: &["compress", "--rm", "GAME.iso"], files: &["GAME.iso"], target: Some("GAME.cso") },
    Case { args: &["extract", "BACK.zso"], files: &["BACK.zso"], target: Some("BACK.iso") },
    Case {
        args: &["extract", "-f", "--rm", "BACK.zso"],
        files: &["BACK.zso", "BACK.iso"],
        target: Some("BACK.iso"),
    },
    Case {
        args: &["compress", "--to", "dax", "--rm", "GAME.iso"],
        files: &["GAME.iso"],
        target: Some("GAME.dax"),
    },
    Case {
        args: &["compress", "--to", "jso", "-f", "--rm", "GAME.iso"],
        files: &["GAME.iso", "GAME.jso"],
        target: Some("GAME.jso"),
    },
    Case {
        args: &["compress", "--rm", "-j", "2", "GAME.iso"],
        files: &["GAME.iso"],
        target: Some("GAME.cso"),
    },
    Case {
        args: &["extract", "--keep-going", "DAMAGED.cso"],
        files: &["DAMAGED.cso"],
        target: Some("DAMAGED.iso"),
    },
    Case { args: &["verify", "BACK.zso"], files: &["BACK.zso"], target: None },
    Case { args: &["compare", "BACK.zso", "GAME.iso"], files: &["BACK.zso", "GAME.iso"], target: None },
    Case { args: &["info", "--blocks", "BACK.zso"], files: &["BACK.zso"], target: None },
    Case { args: &["drop", "--for", "psp", "GAME.iso"], files: &["GAME.iso"], target: Some("GAME.cso") },
];

/// A run without a fault.
#[derive(PartialEq, Eq)]
struct Whole {
    code: i32,
    files: Files,
    stdout: String,
}

/// How a run with a fault ended, if that is acceptable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The fault did not occur: the order of calls varies slightly from run to run.
    Without,
    /// The exit code and all files are as without the fault, or as if the source had been changed before
    /// the run.
    Done,
    /// The fault was noticed: a different exit code, and a message.
    Reported,
    /// One bit of the source was read wrong, and the result matches what was read. The source is intact.
    AsRead,
}

/// Number of runs with the same fault for each ending.
#[derive(Clone, Copy, Default)]
struct Row {
    done: u32,
    reported: u32,
    as_read: u32,
}

impl Row {
    fn runs(&self) -> u32 {
        self.done + self.reported + self.as_read
    }

    fn count(&mut self, ending: Ending) {
        match ending {
            Ending::Without => {}
            Ending::Done => self.done += 1,
            Ending::Reported => self.reported += 1,
            Ending::AsRead => self.as_read += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.reported += other.reported;
        self.as_read += other.as_read;
    }
}

/// All files that a case may start with. Existing targets are wrong on purpose.
fn templates() -> Files {
    let folder = Folder::new();
    folder.write("GAME.iso", &support::small_disc());
    folder.cisor(["compress", "-q", "--to", "zso", "GAME.iso", "-o", "BACK.zso"]).assert().success();
    let mut files = files_of(folder.root());
    folder.cisor(["compress", "-q", "GAME.iso", "-o", "DAMAGED.cso"]).assert().success();
    let mut damaged = Ciso(folder.read("DAMAGED.cso"));
    for block in [20, 21, 50] {
        damaged.damage(damaged.packed_block(block));
    }
    files.insert("DAMAGED.cso".into(), damaged.0);
    for name in ["GAME.cso", "GAME.jso", "BACK.iso"] {
        files.insert(name.into(), b"an older file".to_vec());
    }
    files
}

/// Runs in a fresh folder; returns the outcome, the files that exist afterwards, and the output.
fn run_in(
    case: &Case,
    templates: &Files,
    fault: Option<Fault>,
) -> (fault_layer::Outcome, Files, [String; 2]) {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let work = place.join("work");
    fs::create_dir(&work).unwrap();
    for name in case.files {
        fs::write(work.join(name), &templates[*name]).unwrap();
    }
    let prints = ["out", "err"].map(|name| place.join(name));
    let files = [0, 1].map(|at: usize| File::create(&prints[at]).unwrap());
    let args: Vec<&str> = case.args.iter().copied().chain(threads(case)).collect();
    let outcome = run(Path::new(NATIVE), &args, &work, case.files[0], files, fault).unwrap();
    let printed = prints.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
    (outcome, files_of(&work), printed)
}

/// One working thread, so that the calls come in nearly the same order.
fn threads(case: &Case) -> impl Iterator<Item = &'static str> {
    ["-j", "1"].into_iter().filter(|_| case.args[0] != "drop" && !case.args.contains(&"-j"))
}

/// The exit code without a fault.
fn good_code(case: &Case) -> i32 {
    i32::from(case.args.contains(&"--keep-going"))
}

/// Runs a case without a fault.
fn whole(case: &Case, templates: &Files) -> Whole {
    let (outcome, files, [stdout, stderr]) = run_in(case, templates, None);
    let code = outcome.code.unwrap_or_else(|| panic!("{:?}: {stderr}", case.args));
    Whole { code, files, stdout }
}

/// The same files, with a source that was changed before the run.
fn changed(case: &Case, templates: &Files) -> Files {
    let source = case.files[0];
    let folder = Folder::new();
    folder.write(source, &templates[source]);
    change(&folder.path(source)).unwrap();
    let mut files = templates.clone();
    files.insert(source.into(), folder.read(source));
    files
}

/// How many sectors differ between two images of one size.
fn differing(bytes: &[u8], others: &[u8]) -> Option<usize> {
    let sectors = bytes.chunks(SECTOR).zip(others.chunks(SECTOR));
    (bytes.len() == others.len()).then(|| sectors.filter(|(sector, other)| sector != other).count())
}

/// Whether a file is what can be recovered from a damaged image: each sector is right or zeros.
fn is_salvage(bytes: &[u8], image: &[u8]) -> bool {
    let mut sectors = bytes.chunks(SECTOR).zip(image.chunks(SECTOR));
    bytes.len() == image.len()
        && sectors.all(|(sector, right)| sector == right || sector.iter().all(|&byte| byte == 0))
}

/// The image in a file, which must be valid.
fn image_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    if name.ends_with(".iso") {
        return bytes.to_vec();
    }
    let folder = Folder::new();
    folder.write(name, bytes);
    folder.cisor(["extract", "-q", name, "-o", "image.iso"]).assert().success();
    folder.read("image.iso")
}

/// Ends a judgement with a message if a condition does not hold.
macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}

/// Judges a run with a fault by comparing it with one without.
fn judge(case: &Case, templates: &Files, fault: Fault, whole: &Whole) -> Result<Ending, String> {
    let (outcome, files, [stdout, stderr]) = run_in(case, templates, Some(fault));
    let what = format!("{:?}, {fault:?}: exit {:?}\n{stdout}{stderr}", case.args, outcome.code);
    if !outcome.injected {
        return Ok(Ending::Without);
    }
    let code = outcome.code.ok_or_else(|| format!("ended by a signal or hung: {what}"))?;
    ensure!((0..=3).contains(&code), "{what}");
    let source = case.files[0];
    match files.get(source) {
        Some(bytes) => ensure!(*bytes == templates[source], "the source is another: {what}"),
        None => ensure!(case.args.contains(&"--rm"), "the source is gone: {what}"),
    }
    let done = Whole { code, files, stdout };
    if done == *whole {
        return Ok(Ending::Done);
    }
    let Whole { files, stdout, .. } = done;
    let mut is_as_read = code == whole.code
        && (fault.call, fault.kind) == (Call::Read, Kind::Flip)
        && !case.args.contains(&"--rm");
    for (name, bytes) in files.iter().filter(|(name, _)| *name != source) {
        if case.target == Some(name) {
            let is_old = case.files.contains(&name.as_str()) && *bytes == templates[name];
            let right = whole.files.get(name);
            // Once the source is gone, only the new file may be in its place.
            let source_there = files.contains_key(source);
            // A block that cannot be read, or is read wrong, counts as one more damaged block.
            let is_salvage = case.args.contains(&"--keep-going")
                && (fault.call, code) == (Call::Read, 1)
                && is_salvage(bytes, &templates["GAME.iso"]);
            is_as_read = is_as_read
                && !is_salvage
                && right.is_some_and(|right| {
                    differing(&image_of(name, bytes), &image_of(name, right)) == Some(1)
                });
            ensure!(
                right == Some(bytes) || (is_old && source_there) || is_salvage || is_as_read,
                "{name} is not the right file: {what}"
            );
        } else if case.files.contains(&name.as_str()) {
            ensure!(*bytes == templates[name], "{name} is another: {what}");
        } else {
            return Err(format!("{name} was left: {what}"));
        }
    }
    if !files.contains_key(source) {
        ensure!(files.contains_key(case.target.unwrap_or_default()), "the source alone is gone: {what}");
    }
    if is_as_read {
        return Ok(Ending::AsRead);
    }
    ensure!(code != 0, "exit code 0, but not all is done: {what}");
    ensure!(stderr.contains("error: ") || stdout.contains("differ"), "no word about it: {what}");
    Ok(Ending::Reported)
}

/// Judges a run whose source was changed. Either the change is noticed, and nothing is put in place; or it
/// happened before the source was read, and everything is as in a run that began with the changed source.
fn judge_changed(case: &Case, templates: &Files, fault: Fault, whole: &Whole) -> Result<Ending, String> {
    let (outcome, files, [stdout, stderr]) = run_in(case, templates, Some(fault));
    if !outcome.injected {
        return Ok(Ending::Without);
    }
    let what = format!("{:?}, {fault:?}: exit {:?}\n{stdout}{stderr}", case.args, outcome.code);
    if outcome.code == Some(whole.code) && files == whole.files && stdout == whole.stdout {
        return Ok(Ending::Done);
    }
    ensure!(outcome.code == Some(2) && stderr.contains("changed while it was read"), "{what}");
    let mut before: Files = case.files.iter().map(|&name| (name.into(), templates[name].clone())).collect();
    before.extend([(case.files[0].into(), changed(case, templates)[case.files[0]].clone())]);
    ensure!(files == before, "the files are others: {what}");
    Ok(Ending::Reported)
}

/// Calls of one kind that a run makes more often than this are mostly reads of sectors, which are much alike.
const OFTEN: u32 = 20;

#[test]
fn any_call_may_go_wrong() {
    calls_go_wrong(4);
}

#[test]
#[ignore = "takes minutes: part of `cargo xtask soak`"]
fn every_call_may_go_wrong() {
    calls_go_wrong(1);
}

/// Lets each call of each verb go wrong; of calls that a run makes [`OFTEN`], one of `step`.
fn calls_go_wrong(step: u32) {
    let templates = &templates();
    let mut work = Vec::new();
    let mut wholes = Vec::new();
    for (at, case) in CASES.iter().enumerate() {
        let right = whole(case, templates);
        assert_eq!(right.code, good_code(case), "{:?}", case.args);
        wholes.push([right, whole(case, &changed(case, templates))]);
        let (outcome, ..) = run_in(case, templates, None);
        for (call, count) in outcome.calls {
            let faults = call.kinds().iter().flat_map(|&kind| (1..=count).map(move |number| (kind, number)));
            let at_step = u32::try_from(at).unwrap() % step;
            let faults = faults.filter(|(_, number)| count <= OFTEN || number % step == at_step);
            work.extend(faults.map(|(kind, number)| (at, Fault { call, number, kind })));
        }
    }
    let rows: Mutex<BTreeMap<(usize, Call, Kind), Row>> = Mutex::default();
    let wrong: Mutex<Vec<String>> = Mutex::default();
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get) * 2;
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(&(at, fault)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (case, [right, changed]) = (&CASES[at], &wholes[at]);
                    let ending = match fault.kind {
                        Kind::Change => judge_changed(case, templates, fault, changed),
                        _ => judge(case, templates, fault, right),
                    };
                    match ending {
                        Ok(ending) => rows
                            .lock()
                            .unwrap()
                            .entry((at, fault.call, fault.kind))
                            .or_default()
                            .count(ending),
                        Err(text) => wrong.lock().unwrap().push(text),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} runs ended wrong:\n{}", wrong.len(), wrong.join("\n"));
    let rows = rows.into_inner().unwrap();
    let runs: u32 = rows.values().map(Row::runs).sum();
    println!("{runs} runs");
    assert!(runs > 300, "only {runs} faults came about");
    if step == 1 && std::env::var_os("CISOR_WRITE_TABLE").is_some() {
        write_rows(&rows);
    }
}

/// Writes the table between its two markers in docs/testing.md.
fn write_rows(rows: &BTreeMap<(usize, Call, Kind), Row>) {
    let mut table = String::from(
        "| verb | call | fault | runs | went well | reported | as read |\n|---|---|---|---:|---:|---:|---:|\n",
    );
    let line = |verb: &str, call: &str, kind: &str, row: Row| {
        let Row { done, reported, as_read } = row;
        format!("| {verb} | {call} | {kind} | {} | {done} | {reported} | {as_read} |\n", row.runs())
    };
    let mut all = Row::default();
    for (&(case, call, kind), &row) in rows {
        let verb = format!("`{}`", CASES[case].args.join(" "));
        table += &line(&verb, call.name(), &format!("{kind:?}"), row);
        all.add(row);
    }
    table += &line("all", "", "", all);
    support::write_table("faults", &table);
}
