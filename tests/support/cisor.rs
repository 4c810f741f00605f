//! Runs the converter as users do, and measures its memory.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::NamedTempFile;

/// The results of a run of the converter.
#[derive(Debug)]
pub struct Run {
    /// Its exit code.
    pub code: i32,
    /// The JSON objects it printed, one per file.
    pub records: Vec<Value>,
    /// Its standard error output.
    pub said: String,
    /// Peak resident memory in bytes.
    pub peak_memory: u64,
}

/// Runs `cisor ARGS --json` under GNU time.
///
/// # Panics
///
/// When the converter or GNU time is missing, or the output is not valid JSON.
pub fn run<A: AsRef<OsStr>>(args: &[A]) -> Run {
    // GNU time sits between the test and the converter, because a process started directly from here would be
    // charged with this process's memory.
    let report = NamedTempFile::new().expect("a file for the report of GNU time");
    let mut time = Command::new("/usr/bin/time");
    time.arg("-v").arg("-o").arg(report.path()).arg(program());
    let output = time.args(args).arg("--json").output().expect("/usr/bin/time (Debian package time)");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = String::from_utf8(output.stdout).expect("UTF-8 on standard output");
    let parse =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{said}"));
    Run {
        code: output.status.code().unwrap_or(-1),
        records: printed.lines().map(parse).collect(),
        peak_memory: peak_memory(report.path()),
        said,
    }
}

/// As [`run`], for work on one file that must succeed; returns the file's record and the peak memory.
///
/// # Panics
///
/// When it did not succeed.
pub fn succeed<A: AsRef<OsStr>>(args: &[A]) -> (Value, u64) {
    let shown: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
    let mut run = run(args);
    assert_eq!(run.code, 0, "cisor {}\n{}\n{:?}", shown.join(" "), run.said, run.records);
    assert_eq!(run.records.len(), 1, "cisor {}: one object per file", shown.join(" "));
    (run.records.remove(0), run.peak_memory)
}

/// Returns the converter to test.
///
/// # Panics
///
/// When `CISOR_BIN` does not name it.
pub fn program() -> PathBuf {
    std::env::var_os("CISOR_BIN")
        .expect("CISOR_BIN is not set; run `cargo xtask test`, which builds it")
        .into()
}

/// Reads the peak memory in KiB from its line in the report.
fn peak_memory(report: &Path) -> u64 {
    let report = fs::read_to_string(report).expect("the report of GNU time");
    let peak =
        report.lines().find_map(|line| line.trim().strip_prefix("Maximum resident set size (kbytes): "));
    peak.and_then(|kib| kib.parse::<u64>().ok()).expect("the peak in the report of GNU time") * 1024
}
