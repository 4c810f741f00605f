//! The order in which a file is put in place, as the system sees it. What happens when the power fails in
//! between cannot be tested, but this test shows that each step comes after the ones it relies on.

use std::fs;
use std::path::Path;
use std::process::Command;

use cisor_tests::{cisor, disc};
use tempfile::TempDir;

/// The relevant calls, by line number in strace's log.
struct Log {
    lines: Vec<String>,
}

impl Log {
    /// Runs the converter under strace.
    fn of(folder: &Path, args: &[&str]) -> Self {
        let log = folder.join("strace.log");
        let calls =
            "trace=fsync,rename,renameat,renameat2,linkat,unlink,unlinkat,write,pwrite64,read,pread64";
        let mut strace = Command::new("strace");
        // -y shows the file of each descriptor, -z leaves out calls that failed.
        strace.args(["-f", "-y", "-z", "-s", "0", "-e", calls, "-o"]).arg(&log);
        let status = strace.arg(cisor::program()).args(args).current_dir(folder).status().expect("strace");
        assert!(status.success(), "cisor {}: {status}", args.join(" "));
        let log = fs::read_to_string(log).expect("strace's log");
        Self { lines: log.lines().map(str::to_owned).collect() }
    }

    /// The lines of calls with one of these names that mention `what`.
    fn calls(&self, names: &[&str], what: &str) -> Vec<usize> {
        // After the process number: "name(arguments) = result". Results of interrupted calls are left out.
        let is_call = |line: &str| {
            let call = line.split_once(' ').map_or("", |(_, call)| call.trim_start());
            names.iter().any(|name| call.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
        };
        let mentions = |line: &str| is_call(line) && line.contains(what);
        (0..self.lines.len()).filter(|&number| mentions(&self.lines[number])).collect()
    }

    fn one(&self, names: &[&str], what: &str) -> usize {
        let found = self.calls(names, what);
        assert_eq!(found.len(), 1, "{names:?} of {what}: {:?}", self.lines);
        found[0]
    }
}

#[test]
#[ignore = "needs the test discs"]
fn source_goes_only_after_its_verified_file_is_safe() {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch folder");
    let place = folder.path().canonicalize().expect("the scratch folder");
    fs::copy(disc::ps2(), place.join("GAME.iso")).expect("room on the disk");
    let log = Log::of(&place, &["compress", "GAME.iso", "--rm", "--quiet"]);

    let part = "/.GAME.zso.part>";
    let last = |calls: Vec<usize>| *calls.last().expect("a call");
    let written = last(log.calls(&["write", "pwrite64"], part));
    let synced = log.one(&["fsync"], part);
    let read_back = log.calls(&["read", "pread64"], part);
    // A link by descriptor, or a rename of the partial file where links are not supported.
    let named = log.one(&["linkat", "rename", "renameat", "renameat2"], "GAME.zso\"");
    let folder_synced = log.one(&["fsync"], &format!("{}>", place.display()));
    let source_removed = log.one(&["unlink", "unlinkat"], "\"GAME.iso\"");

    assert!(written < synced, "everything is written before it is forced to the disk");
    assert!(synced < read_back[0], "the file is read back from where it was forced to");
    assert!(last(read_back) < named, "it gets its name after it was read back");
    assert!(named < folder_synced, "then the name is forced to the disk");
    assert!(folder_synced < source_removed, "and only then the source goes");
    assert!(!place.join("GAME.iso").exists() && place.join("GAME.zso").exists());
}
