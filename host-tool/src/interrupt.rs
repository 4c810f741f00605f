//! SIGINT, SIGTERM and SIGHUP: the first one asks the work to stop, the second one stops at once. So does the
//! first one some seconds later, when the work has not stopped by then. On Windows the same with Ctrl-C and Ctrl-Break; closing the window stops at once.
//!
//! Signals come to the whole process, so this is the one place with global state: what the work in
//! progress listens to, and which part file has to go.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use image_writer::Monitor;

use crate::exit::Status;
use crate::output::remove_if_ours;

/// How long the work may take to stop. Reading, writing or printing can wait for ever: for a drive of the network,
/// or for whoever reads what is printed.
const PATIENCE: Duration = Duration::from_secs(5);

static REQUESTED: AtomicBool = AtomicBool::new(false);
static MONITOR: Mutex<Weak<Monitor>> = Mutex::new(Weak::new());
static PART: Mutex<Option<Noted>> = Mutex::new(None);

/// Begins to listen to signals.
///
/// # Errors
///
/// When the system does not allow it; signals then end the program at once, and a part file stays.
#[cfg(unix)]
pub fn install() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};

    let mut wanted = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        wanted.push(SIGHUP);
    }
    // A file that grows over the shell's limit would end the program at once. With a handler, writing fails
    // instead, and that is dealt with like a full disk.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    // In a thread of its own, not in a signal's context, so that it may lock and print.
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for _ in signals.forever() {
            on_signal();
        }
    })?;
    Ok(())
}

/// Begins to listen to the console's events.
///
/// # Errors
///
/// When the system does not allow it; an event then ends the program at once, and a part file stays.
#[cfg(windows)]
pub fn install() -> std::io::Result<()> {
    windows_host::on_console_event(|event| match event {
        windows_host::ConsoleEvent::Interrupt => on_signal(),
        // Windows leaves a few seconds, which the work may not end in.
        windows_host::ConsoleEvent::Closing => stop_now(),
    })
}

/// Returns whether whoever started the program wants a signal ignored, as nohup does with SIGHUP. Where
/// the system does not tell, the signal is left to it.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return true };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (signal - 1) & 1 == 1)
}

fn on_signal() {
    if REQUESTED.swap(true, Ordering::Relaxed) {
        stop_now();
    }
    // Without a thread to wait in, a second signal is needed; the system has bigger worries then.
    let _ = std::thread::Builder::new().name("patience".into()).spawn(|| {
        std::thread::sleep(PATIENCE);
        stop_now();
    });
    if let Some(monitor) = lock(&MONITOR).upgrade() {
        monitor.cancel();
    }
}

/// Removes the part file and ends the program.
fn stop_now() -> ! {
    // Nothing that is put in place or deleted is so only by half: the file has its name, or it has not.
    if let Some(noted) = &*lock(&PART) {
        noted.remove();
    }
    std::process::exit(Status::Interrupted.code().into());
}

/// Removes the part file and ends the program, which has no memory left.
pub fn out_of_memory() -> ! {
    const TEXT: &[u8] = b"error: out of memory. Use fewer threads (-j), or allow the program more of it.\n";
    // Past the lock, which a thread may hold that waits for this one.
    #[cfg(unix)]
    let _ = rustix::io::write(std::io::stderr(), TEXT);
    #[cfg(not(unix))]
    let _ = std::io::Write::write_all(&mut std::io::stderr(), TEXT);
    // Not waited for: this thread may be the one that holds it.
    if let Ok(noted) = PART.try_lock()
        && let Some(noted) = &*noted
    {
        noted.remove();
    }
    std::process::exit(Status::Failed.code().into());
}

/// Returns whether a signal has come.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Makes a monitor for work that a signal is to stop; it is cancelled already when one has come.
pub fn monitor() -> Arc<Monitor> {
    let monitor = Arc::new(Monitor::new());
    *lock(&MONITOR) = Arc::downgrade(&monitor);
    if requested() {
        monitor.cancel();
    }
    monitor
}

/// The names of a part file, and the file itself.
#[derive(Debug)]
struct Noted {
    names: Vec<PathBuf>,
    file: Arc<File>,
}

impl Noted {
    /// Removes the names, but for those that another file has got meanwhile.
    fn remove(&self) {
        self.names.iter().for_each(|name| remove_if_ours(name, &self.file));
    }
}

/// A part file that a second signal removes, for as long as this lives. There is one at a time.
#[derive(Debug)]
pub(crate) struct NotedPart(());

impl NotedPart {
    pub(crate) fn new(path: &Path, file: &Arc<File>) -> Self {
        *lock(&PART) = Some(Noted { names: vec![path.to_owned()], file: Arc::clone(file) });
        Self(())
    }

    /// Adds a further name of the same file.
    #[cfg(target_os = "linux")]
    #[expect(clippy::unused_self, reason = "whoever has it has noted a file")]
    pub(crate) fn add(&self, path: &Path) {
        if let Some(noted) = &mut *lock(&PART) {
            noted.names.push(path.to_owned());
        }
    }
}

impl Drop for NotedPart {
    fn drop(&mut self) {
        *lock(&PART) = None;
    }
}

/// What is locked here are single values, which a panic cannot leave half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the process be as after a signal, for tests that have it to themselves.
#[cfg(test)]
pub(crate) fn pretend_signal() {
    REQUESTED.store(true, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_signal_removes_the_part_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let file = Arc::new(File::create(at("part")).unwrap());
        std::fs::hard_link(at("part"), at("spare")).unwrap();
        std::fs::write(at("other"), "another run's").unwrap();
        let noted = Noted { names: ["part", "spare", "other", "none"].map(at).into(), file };
        noted.remove();
        assert!(!at("part").exists() && !at("spare").exists() && at("other").exists());
    }
}
