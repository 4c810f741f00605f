//! Ctrl-C in the middle of runs that keep a record of what they have done.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::signal;
use crate::support::{BIN, Folder, noise, psp_disc};

/// How many discs there are: after the first one, there is enough left to do.
const DISCS: usize = 24;

/// A shelf of discs that differ, and an empty card.
fn shelf() -> Folder {
    let folder = Folder::new();
    for name in ["shelf", "card"] {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    for number in 0..DISCS {
        let disc = [psp_disc(), noise((number + 1) << 14)].concat();
        folder.write(format!("shelf/{number:02}.iso"), &disc);
    }
    folder
}

/// Starts a run, and interrupts it as soon as it has finished a file. Returns all objects but the summary.
fn interrupted(folder: &Folder, args: &[&str]) -> Vec<Value> {
    let mut child = Command::new(BIN)
        .current_dir(folder.root())
        .args(args)
        .arg("--json")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap();
    signal(&child, "-INT");
    let objects =
        std::iter::once(first).chain(lines).map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    let objects: Vec<Value> = objects.filter(|object: &Value| object["input"].is_string()).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{objects:?}");
    assert!(finished(&objects).len() < DISCS, "it was not in the middle");
    objects
}

/// The inputs of the objects that say that all is good.
fn finished(objects: &[Value]) -> BTreeSet<&str> {
    objects
        .iter()
        .filter(|object| object["exit"] == 0)
        .filter_map(|object| object["input"].as_str())
        .collect()
}

#[test]
fn scan_remembers_what_it_has_read_and_goes_on_from_there() {
    let folder = shelf();
    let scan = ["library", "scan", "--verify", "--db", "library.db", "shelf"];
    let first = interrupted(&folder, &scan);
    let done = finished(&first);
    assert!(!done.is_empty() && folder.names() == ["card", "library.db", "shelf"], "{:?}", folder.names());
    let list = |folder: &Folder| folder.json(&["library", "list", "--db", "library.db"]).1;
    let known = list(&folder);
    let name = |object: &Value| object["input"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let known_names: BTreeSet<_> = known.iter().map(name).collect();
    assert_eq!(known_names, done.iter().map(|input| input.rsplit('/').next().unwrap().to_owned()).collect());
    assert!(known.iter().all(|object| object["verified"].is_string() && object["hashes"].is_object()));

    let (code, objects) = folder.json(&scan);
    let again = finished(&objects);
    assert_eq!((code, again.len()), (0, DISCS - done.len()), "{objects:?}");
    assert!(again.is_disjoint(&done), "a file was read again");
    assert_eq!(list(&folder).len(), DISCS);
}

#[test]
fn sync_leaves_whole_files_alone_and_goes_on_from_there() {
    let folder = shelf();
    let sync = ["sync", "shelf", "card", "--for", "psp"];
    let first = interrupted(&folder, &sync);
    let done = finished(&first);
    let on_card = || -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder.path("card/ISO")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let there = on_card();
    assert!(!done.is_empty() && there.iter().all(|name| name.ends_with(".cso")), "{there:?}");
    for name in &there {
        let (disc, file) = (format!("shelf/{}", name.replace(".cso", ".iso")), format!("card/ISO/{name}"));
        folder.cisor(["compare", "-q", &disc, &file]).assert().success();
    }
    let number = |name: &String| {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(folder.path("card/ISO").join(name)).unwrap().ino()
    };
    let numbers: Vec<_> = there.iter().map(number).collect();

    let (code, objects) = folder.json(&sync);
    assert_eq!(code, 0, "{objects:?}");
    let kept = objects.iter().filter(|object| object["sync"] == "kept").count();
    assert_eq!((kept, on_card().len()), (done.len(), DISCS));
    assert_eq!(there.iter().map(number).collect::<Vec<_>>(), numbers, "a file was written again");
    folder.cisor(sync).arg("--check").assert().success();
}
