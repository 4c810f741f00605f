//! A library that another program is writing to.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use predicates::str::contains;

use crate::support::{BIN, Folder, small_disc};

/// Locks a library as a run that writes to it does, until its standard input is closed.
const LOCK: &str = "import sqlite3, sys
library = sqlite3.connect('library.db', isolation_level=None)
library.execute('BEGIN ' + sys.argv[1])
print('locked', flush=True)
sys.stdin.read()
library.execute('ROLLBACK')
";

fn lock(folder: &Folder, how: &str) -> Child {
    let mut child = Command::new("python3")
        .current_dir(folder.root())
        .args(["-c", LOCK, how])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "locked\n");
    child
}

#[test]
fn locked_library_is_waited_for_and_then_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("shelf")).unwrap();
    folder.write("shelf/ONE.iso", &small_disc());
    let scan = ["library", "scan", "--db", "library.db", "shelf"];
    folder.cisor(scan).assert().success();
    let before = folder.read("library.db");
    folder.write("shelf/TWO.iso", &small_disc());

    let mut lock = lock(&folder, "IMMEDIATE");
    let begun = Instant::now();
    let run = folder.cisor(scan).assert().code(2);
    run.stderr(contains("library.db: the library is locked by another run"));
    assert!(begun.elapsed() > Duration::from_secs(2), "it did not wait");
    assert!(folder.read("library.db") == before);
    // Others may read it meanwhile.
    let list = folder.cisor(["library", "list", "--db", "library.db"]).assert().success();
    list.stdout(contains("ONE.iso"));

    // A run that waits gets its turn.
    let waiting = Command::new(BIN).current_dir(folder.root()).args(scan).stderr(Stdio::null()).spawn();
    std::thread::sleep(Duration::from_millis(300));
    drop(lock.stdin.take());
    assert!(lock.wait().unwrap().success() && waiting.unwrap().wait().unwrap().success());
    let (code, objects) = folder.json(&["library", "list", "--db", "library.db"]);
    assert_eq!((code, objects.len()), (0, 2), "{objects:?}");
}
