//! Every call that a verb makes goes wrong once, in every way there is: nothing is lost by it.
//!
//! A run with a fault may end well or badly, but: the source is intact, or deleted because it was to be and its
//! proven file is there; no file has a final name that is not the right file; and exit code 0 means that all is as
//! without the fault. The table of it is in docs/testing.md; `CISOR_WRITE_TABLE=1` makes the test write it there.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fault_layer::{Call, Fault, Kind, run};
use support::{BIN, Ciso, Folder, SECTOR};

/// A verb at work.
struct Case {
    args: &'static [&'static str],
    /// The files that are there before.
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

/// What is in a folder.
type Files = BTreeMap<String, Vec<u8>>;

/// How runs with the same fault ended.
#[derive(Clone, Copy, Default)]
struct Row {
    runs: u32,
    /// The exit code and all files are as without the fault.
    done: u32,
    /// Other exit codes.
    failed: u32,
    /// Exit code 0 with one wrong bit of a source that is still there: a plain ISO has no checksum.
    unseen: u32,
}

fn files_of(folder: &Path) -> Files {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// All files that a case may begin with. Existing targets are wrong on purpose.
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

/// A run in a fresh folder; returns the outcome, what is there afterwards, and what was printed.
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
    let outcome = run(Path::new(BIN), &args, &work, files, fault).unwrap();
    let printed = prints.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
    (outcome, files_of(&work), printed)
}

/// One thread that works: the calls come in nearly the same order then.
fn threads(case: &Case) -> impl Iterator<Item = &'static str> {
    ["-j", "1"].into_iter().filter(|_| case.args[0] != "drop" && !case.args.contains(&"-j"))
}

/// The exit code without a fault.
fn good_code(case: &Case) -> i32 {
    i32::from(case.args.contains(&"--keep-going"))
}

/// Whether a file is what can be had of a damaged image: each sector is right or zeros.
fn is_salvage(bytes: &[u8], image: &[u8]) -> bool {
    let mut sectors = bytes.chunks(SECTOR).zip(image.chunks(SECTOR));
    bytes.len() == image.len()
        && sectors.all(|(sector, right)| sector == right || sector.iter().all(|&byte| byte == 0))
}

/// Ends a judgement with a text, unless something holds.
macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}

/// Judges a run with a fault by one without.
fn judge(case: &Case, templates: &Files, fault: Fault, whole: &Files, row: &mut Row) -> Result<(), String> {
    let (outcome, files, [stdout, stderr]) = run_in(case, templates, Some(fault));
    let what = format!("{:?}, {fault:?}: exit {:?}\n{stdout}{stderr}", case.args, outcome.code);
    if !outcome.injected {
        // The order of calls differs a little from run to run.
        return Ok(());
    }
    row.runs += 1;
    let code = outcome.code.ok_or_else(|| format!("ended by a signal or hung: {what}"))?;
    ensure!((0..=3).contains(&code), "{what}");
    let source = case.files[0];
    let is_unseen = !case.args.contains(&"--rm")
        && code == good_code(case)
        && fault.call == Call::Read
        && fault.kind == Kind::Flip
        && files.contains_key(source);
    match files.get(source) {
        Some(bytes) => ensure!(*bytes == templates[source], "the source is another: {what}"),
        None => ensure!(case.args.contains(&"--rm"), "the source is gone: {what}"),
    }
    for (name, bytes) in files.iter().filter(|(name, _)| *name != source) {
        if case.target == Some(name) {
            let is_old = case.files.contains(&name.as_str()) && *bytes == templates[name];
            let is_right = whole.get(name) == Some(bytes);
            // Nothing but the new file may have its place once the source is gone.
            let source_there = files.contains_key(source);
            // A block that cannot be read is one more that is damaged.
            let is_salvage = case.args.contains(&"--keep-going")
                && (fault.call, fault.kind, code) == (Call::Read, Kind::Fail, 1)
                && is_salvage(bytes, &templates["GAME.iso"]);
            ensure!(
                is_right || (is_old && source_there) || is_salvage || is_unseen,
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
    match code {
        _ if is_unseen => row.unseen += 1,
        0 => {
            ensure!(files == *whole, "exit code 0, but not all is done: {what}");
            row.done += 1;
        }
        code if code == good_code(case) && files == *whole => row.done += 1,
        _ => {
            ensure!(stderr.contains("error: ") || stdout.contains("differ"), "no word about it: {what}");
            row.failed += 1;
        }
    }
    Ok(())
}

#[test]
fn every_call_may_go_wrong() {
    let templates = &templates();
    let mut work = Vec::new();
    let mut wholes = Vec::new();
    for (at, case) in CASES.iter().enumerate() {
        let (outcome, whole, [_, stderr]) = run_in(case, templates, None);
        assert_eq!(outcome.code, Some(good_code(case)), "{:?}: {stderr}", case.args);
        wholes.push(whole);
        for (call, count) in outcome.calls {
            let faults = call.kinds().iter().flat_map(|&kind| (1..=count).map(move |number| (kind, number)));
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
                    let mut row = Row::default();
                    if let Err(text) = judge(&CASES[at], templates, fault, &wholes[at], &mut row) {
                        wrong.lock().unwrap().push(text);
                    }
                    let mut rows = rows.lock().unwrap();
                    let all = rows.entry((at, fault.call, fault.kind)).or_default();
                    all.runs += row.runs;
                    all.done += row.done;
                    all.failed += row.failed;
                    all.unseen += row.unseen;
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} runs ended wrong:\n{}", wrong.len(), wrong.join("\n"));
    let rows = rows.into_inner().unwrap();
    let runs: u32 = rows.values().map(|row| row.runs).sum();
    assert!(runs > 300, "only {runs} faults came about");
    if std::env::var_os("CISOR_WRITE_TABLE").is_some() {
        write_table(&rows);
    }
}

/// Puts the table between its two marks in docs/testing.md.
fn write_table(rows: &BTreeMap<(usize, Call, Kind), Row>) {
    const MARKS: [&str; 2] = ["<!-- faults: begin -->\n", "<!-- faults: end -->\n"];
    let mut table = String::from(
        "| verb | call | fault | runs | went well | reported | unseen |\n|---|---|---|---:|---:|---:|---:|\n",
    );
    let mut all = Row::default();
    for (&(case, call, kind), row) in rows {
        let Row { runs, done, failed, unseen } = *row;
        let (verb, call) = (CASES[case].args.join(" "), call.name());
        let _ = writeln!(table, "| `{verb}` | {call} | {kind:?} | {runs} | {done} | {failed} | {unseen} |");
        all.runs += runs;
        all.done += done;
        all.failed += failed;
        all.unseen += unseen;
    }
    let _ = writeln!(table, "| all | | | {} | {} | {} | {} |", all.runs, all.done, all.failed, all.unseen);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/testing.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(MARKS[0]).expect("the first mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
    fs::write(path, format!("{before}{}{table}{}{after}", MARKS[0], MARKS[1])).unwrap();
}
