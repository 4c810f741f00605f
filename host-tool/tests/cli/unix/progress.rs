//! The progress of a run over several files.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::changing::bytes_read;
use super::signal;
use crate::support::{BIN, Folder, SECTOR, raw_sectors};

/// Bytes of raw sectors in a file, which is as large as the image beside it.
const BYTES: u64 = 2352 * 14_000;

/// The numbers in a line such as `25 %, 3 seconds left: file 1 of 2, verifying DISC.cue: 50 %`.
fn numbers(line: &str) -> Option<(u64, u64, u64)> {
    let (run, rest) = line.split_once(" %")?;
    let (_, rest) = rest.split_once("file ")?;
    let (file, _) = rest.split_once(" of ")?;
    let (_, of_file) = rest.rsplit_once(": ")?;
    Some((run.parse().ok()?, file.parse().ok()?, of_file.strip_suffix(" %")?.parse().ok()?))
}

/// Lines of a run that is stopped for a second after half of the sheet's file, so that the next line is due then.
fn lines(folder: &Folder) -> Vec<String> {
    let mut child = Command::new(BIN)
        .current_dir(folder.root())
        .args(["verify", "--progress=plain", "-j", "1", "DISC.cue", "OTHER.iso"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while bytes_read(child.id()) < BYTES / 2 && child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    if child.try_wait().unwrap().is_none() {
        signal(&child, "-STOP");
        std::thread::sleep(Duration::from_millis(1100));
        signal(&child, "-CONT");
    }
    BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap).collect()
}

#[test]
fn sheet_counts_as_much_as_the_files_that_it_names() {
    let folder = Folder::new();
    folder.write("DISC.bin", &raw_sectors(&[0; SECTOR]).repeat(14_000));
    folder.write("DISC.cue", b"FILE \"DISC.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n");
    std::fs::File::create(folder.path("OTHER.iso")).unwrap().set_len(BYTES.next_multiple_of(2048)).unwrap();
    // A line in the middle of the sheet's work, or later.
    let told = (0..5).find_map(|_| {
        let lines = lines(&folder);
        let told = lines
            .iter()
            .filter_map(|line| numbers(line))
            .find(|(_, file, of_file)| *file == 2 || *of_file > 20);
        told.map(|told| (told, lines))
    });
    let ((run, file, of_file), lines) = told.expect("a line in the middle");
    let expected = if file == 1 { of_file / 2 } else { 50 + of_file / 2 };
    assert!(run.abs_diff(expected) <= 2, "{lines:?}");
}
