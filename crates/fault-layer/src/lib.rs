//! Sits between a program and the system, and makes one of its system calls go wrong.
//!
//! The program is traced (ptrace), so it is the real one, statically linked or not, and calls that bypass the
//! C library are seen too. Only calls for files in one folder count. Except on Linux on x86-64, this crate is
//! empty.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod call;
mod record;
mod tracee;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

pub use call::Call;
pub use record::{FileId, Step};
use tracee::Tracer;

/// A run on a small disc never takes this long, on any machine; one that does has hung.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The fault to inject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which call.
    pub call: Call,
    /// Its number among the calls of its kind, counted from 1.
    pub number: u32,
    /// What happens to it.
    pub kind: Kind,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It does nothing and fails with a system error.
    Fail,
    /// It reads or writes half of what was requested, and reports that.
    Shorten,
    /// One bit of the data read or written is changed.
    Flip,
    /// Written data reaches the file only when the file is synchronised.
    Reorder,
    /// Written data never reaches the file; zeros do.
    Lose,
    /// Just before it, somebody changes the byte in the middle of the file that the run is [about](run).
    Change,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; `None` when a signal ended it, including a run that hung.
    pub code: Option<i32>,
    /// How often each call was made.
    pub calls: BTreeMap<Call, u32>,
    /// Whether the fault happened.
    pub injected: bool,
    /// What was done to the files of the folder, in this order; only by [`record`].
    pub steps: Vec<Step>,
}

/// Changes the byte in the middle of a file as [`Kind::Change`] does.
///
/// # Errors
///
/// When the file cannot be read or written.
pub fn change(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    let file = File::options().read(true).write(true).open(file)?;
    let middle = file.metadata()?.len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, middle)?;
    file.write_all_at(&[byte[0] ^ BIT], middle)
}

/// The bit that is changed.
const BIT: u8 = 0x10;

/// Runs a program in `folder` to do something with the file `about` in it; calls for files in that folder are
/// counted. Its output goes to `stdout` and `stderr`, which must be elsewhere.
///
/// # Errors
///
/// When the program cannot be started or traced.
pub fn run(
    program: &Path,
    args: &[&str],
    folder: &Path,
    about: &str,
    prints: [File; 2],
    fault: Option<Fault>,
) -> io::Result<Outcome> {
    trace(program, args, folder, prints, |process| Tracer::new(process, folder, about, fault))
}

/// Runs a program in `folder` as [`run`] does, without a fault, and records what it does to the files there.
///
/// # Errors
///
/// When the program cannot be started or traced.
pub fn record(program: &Path, args: &[&str], folder: &Path, prints: [File; 2]) -> io::Result<Outcome> {
    trace(program, args, folder, prints, |process| Tracer::recording(process, folder))
}

fn trace<'f>(
    program: &Path,
    args: &[&str],
    folder: &Path,
    [stdout, stderr]: [File; 2],
    tracer: impl FnOnce(i32) -> Tracer<'f>,
) -> io::Result<Outcome> {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    // SAFETY: between fork and exec the closure makes a single system call, and allocates nothing.
    unsafe {
        command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    // Tracing belongs to the thread that starts the program, so everything that follows happens in this one.
    let child = command.spawn()?;
    let id = i32::try_from(child.id()).map_err(io::Error::other)?;
    let (done, wait) = channel::<()>();
    let watch = std::thread::spawn(move || {
        if wait.recv_timeout(TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            // SAFETY: memory is not involved. The process has not been waited for yet, so the number still
            // belongs to it.
            unsafe { libc::kill(id, libc::SIGKILL) };
        }
    });
    let outcome = tracer(id).run();
    drop(done);
    let _ = watch.join();
    outcome
}
