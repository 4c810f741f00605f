//! Runs a program between its system calls and the system, and lets one of them go wrong.
//!
//! The program is traced (ptrace), so it is the real one, statically linked or not, and calls that do not go
//! through the C library are seen too. Only calls that concern files of one folder count. On other
//! systems than Linux on x86-64 this crate is empty.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod call;
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
use tracee::Tracer;

/// No run on a small disc takes this long, on any machine; one that does hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What goes wrong.
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
    /// It does nothing and fails with an error of the system.
    Fail,
    /// It reads or writes half of what was asked for, and says so.
    Shorten,
    /// One bit of what is read or written is another.
    Flip,
    /// What is written reaches the file only when that is synchronised.
    Reorder,
    /// What is written never reaches the file; zeros do.
    Lose,
    /// Right before it, somebody changes the byte in the middle of the file that the run is [about](run).
    Change,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; nothing when a signal ended it, also that of a run that hung.
    pub code: Option<i32>,
    /// How often each call was made.
    pub calls: BTreeMap<Call, u32>,
    /// Whether the fault happened.
    pub injected: bool,
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

/// The bit that is changed where one is.
const BIT: u8 = 0x10;

/// Runs a program in `folder`, whose files are those that calls are counted of, to do something about the file
/// `about` in it. What it prints goes to `stdout` and `stderr`, which lie elsewhere.
///
/// # Errors
///
/// When the program cannot be started or traced.
pub fn run(
    program: &Path,
    args: &[&str],
    folder: &Path,
    about: &str,
    [stdout, stderr]: [File; 2],
    fault: Option<Fault>,
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
    // Tracing belongs to the thread that starts the program: all that follows happens in this one.
    let child = command.spawn()?;
    let id = i32::try_from(child.id()).map_err(io::Error::other)?;
    let (done, wait) = channel::<()>();
    let watch = std::thread::spawn(move || {
        if wait.recv_timeout(TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            // SAFETY: no memory is involved. The process is not waited for yet, so that the number is still its own.
            unsafe { libc::kill(id, libc::SIGKILL) };
        }
    });
    let outcome = Tracer::new(id, folder, about, fault).run();
    drop(done);
    let _ = watch.join();
    outcome
}
