//! Makes system calls fail while a CD dump is kept or restored, and checks that nothing is lost: the source is
//! intact, every file with a final name is the right file, and exit code 0 means that all are there.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use fault_layer::{Call, Fault, Kind, run};
use raw_sidecar::{Header, Mode};
use support::{Folder, NATIVE, SECTOR};

/// The content of a folder.
type Files = BTreeMap<String, Vec<u8>>;

/// At most this many calls of each kind go wrong.
const MOST: u32 = 4;

/// A dump of a data track with an irregular sector, and an audio track.
fn dump() -> Files {
    let sectors = support::small_disc();
    let sector = |(address, user): (u32, &[u8])| {
        let mut sector = [0; 2352];
        sector[16..16 + SECTOR].copy_from_slice(user);
        Header { mode: Mode::Mode1, address, subheader: [0; 4] }.complete(&mut sector);
        sector[2200] ^= u8::from(address == 170);
        sector
    };
    let data: Vec<u8> = (150..).zip(sectors.chunks(SECTOR)).flat_map(sector).collect();
    let sheet = "FILE \"1.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\nFILE \"2.bin\" BINARY\n  \
        TRACK 02 AUDIO\n    INDEX 01 00:00:00\n";
    let audio: Vec<u8> = (0..20).flat_map(|_| 0..1176_u16).flat_map(u16::to_le_bytes).collect();
    [("1.bin", data), ("2.bin", audio), ("GAME.cue", sheet.into())]
        .map(|(name, bytes)| (name.into(), bytes))
        .into()
}

fn files_of(folder: &Path) -> Files {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// Runs in a fresh folder; returns the outcome, the files that exist afterwards, and the errors.
fn run_in(args: &[&str], before: &Files, fault: Option<Fault>) -> (fault_layer::Outcome, Files, String) {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let work = place.join("work");
    fs::create_dir(&work).unwrap();
    before.iter().for_each(|(name, bytes)| fs::write(work.join(name), bytes).unwrap());
    let prints = ["out", "err"].map(|name| place.join(name));
    let files = [0, 1].map(|at: usize| File::create(&prints[at]).unwrap());
    let outcome = run(Path::new(NATIVE), args, &work, args[args.len() - 1], files, fault).unwrap();
    (outcome, files_of(&work), fs::read_to_string(&prints[1]).unwrap())
}

/// Checks a run with each fault against the run without one.
fn every_call_may_go_wrong(args: &[&str], before: &Files) {
    let (outcome, whole, stderr) = run_in(args, before, None);
    assert_eq!(outcome.code, Some(0), "{stderr}");
    let mut runs = 0;
    for (call, count) in outcome.calls {
        // Sources that somebody changes are for tests/faults.rs.
        for &kind in call.kinds().iter().filter(|&&kind| kind != Kind::Change) {
            for number in (1..=count).step_by(usize::try_from(count.div_ceil(MOST)).unwrap()) {
                runs += u32::from(judge(args, before, Fault { call, number, kind }, &whole));
            }
        }
    }
    assert!(runs > 25, "only {runs} faults came about");
}

/// Returns whether the fault came about.
fn judge(args: &[&str], before: &Files, fault: Fault, whole: &Files) -> bool {
    let (outcome, files, stderr) = run_in(args, before, Some(fault));
    let what = format!("{args:?}, {fault:?}: exit {:?}, {:?}\n{stderr}", outcome.code, files.keys());
    let code = outcome.code.unwrap_or_else(|| panic!("ended by a signal or hung: {what}"));
    assert!((0..=3).contains(&code), "{what}");
    for (name, bytes) in before {
        assert!(files.get(name) == Some(bytes), "{name} is another: {what}");
    }
    for (name, bytes) in &files {
        // A part file may stay if it cannot be removed.
        let may_stay = fault.call == Call::Unlink && name.ends_with(".part");
        assert!(may_stay || whole.get(name) == Some(bytes), "{name} is wrong or was left: {what}");
    }
    assert!(code != 0 || fault.call == Call::Unlink || files == *whole, "not all is done: {what}");
    assert!(code == 0 || stderr.contains("error: "), "no word about it: {what}");
    outcome.injected
}

#[test]
fn keeping_a_dump_loses_nothing() {
    every_call_may_go_wrong(&["compress", "--for", "psp", "--keep-raw", "-j", "1", "GAME.cue"], &dump());
}

#[test]
fn restoring_a_dump_loses_nothing() {
    let folder = Folder::new();
    dump().iter().for_each(|(name, bytes)| folder.write(name, bytes));
    folder.cisor(["compress", "--for", "psp", "--keep-raw", "GAME.cue"]).assert().success();
    let mut files = files_of(folder.root());
    files.retain(|name, _| name.starts_with("GAME.") && name != "GAME.cue");
    every_call_may_go_wrong(&["extract", "--raw", "-j", "1", "GAME.cso"], &files);
}
