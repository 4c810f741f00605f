//! SIGINT, SIGTERM and SIGHUP: the first one asks the work to stop, and the second one stops the program at
//! once. The program also stops if the work is still running some seconds after the first one. On Windows,
//! Ctrl-C and Ctrl-Break do the same; closing the window stops the program at once.
//!
//! Signals go to the whole process, so this is the one place with global state: the flag that the work
//! checks, and the part files that have to be removed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use image_writer::Monitor;

use crate::exit::Status;
use crate::identity::remove_if_ours;

/// How long the work may take to stop. Reading, writing or printing can block for ever: on a network drive,
/// or on the reader of a pipe.
const PATIENCE: Duration = Duration::from_secs(5);

static REQUESTED: AtomicBool = AtomicBool::new(false);
static MONITOR: Mutex<Weak<Monitor>> = Mutex::new(Weak::new());
static PARTS: Mutex<Vec<Noted>> = Mutex::new(Vec::new());

/// Starts listening for signals.
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
    // A file that grows beyond the shell's limit would end the program at once. With a handler, the write
    // fails instead and is treated like a full disk.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    // In its own thread, not in a signal handler, so that it may lock and print.
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for _ in signals.forever() {
            on_signal();
        }
    })?;
    Ok(())
}

/// Starts listening for console events.
///
/// # Errors
///
/// When the system does not allow it; an event then ends the program at once, and a part file stays.
#[cfg(windows)]
pub fn install() -> std::io::Result<()> {
    windows_host::on_console_event(|event| match event {
        windows_host::ConsoleEvent::Interrupt => on_signal(),
        // Windows only allows a few seconds, which may be too short for the work to stop.
        windows_host::ConsoleEvent::Closing => stop_now(),
    })
}

/// Returns whether the parent process had a signal ignored, as nohup does with SIGHUP. If that cannot be
/// determined, the signal is left to the system.
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
    // If a thread cannot be started for the wait, a second signal is needed; the system has worse problems
    // then.
    let _ = std::thread::Builder::new().name("patience".into()).spawn(|| {
        std::thread::sleep(PATIENCE);
        stop_now();
    });
    if let Some(monitor) = lock(&MONITOR).upgrade() {
        monitor.cancel();
    }
}

/// Removes the part files and ends the program.
fn stop_now() -> ! {
    // Renaming and deleting are atomic: either the file has its name, or it does not.
    lock(&PARTS).iter().for_each(Noted::remove);
    std::process::exit(Status::Interrupted.code().into());
}

/// Removes the part files and ends the program, which has run out of memory.
pub fn out_of_memory() -> ! {
    const TEXT: &[u8] = b"error: out of memory. Use fewer threads (-j), or allow the program more of it.\n";
    // Bypasses the lock, which may be held by a thread that is waiting for this one.
    #[cfg(unix)]
    let _ = rustix::io::write(std::io::stderr(), TEXT);
    #[cfg(not(unix))]
    let _ = std::io::Write::write_all(&mut std::io::stderr(), TEXT);
    // Does not wait: this thread may be the one that holds the lock.
    if let Ok(parts) = PARTS.try_lock() {
        parts.iter().for_each(Noted::remove);
    }
    std::process::exit(Status::Failed.code().into());
}

/// Returns whether a signal has arrived.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Creates a monitor for work that a signal should stop; it is already cancelled if one has arrived.
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
    /// Removes the names, except those that now belong to another file.
    fn remove(&self) {
        self.names.iter().for_each(|name| remove_if_ours(name, &self.file));
    }
}

/// Registers a part file for removal by a second signal, for as long as this lives.
#[derive(Debug)]
pub(crate) struct NotedPart(Arc<File>);

impl NotedPart {
    pub(crate) fn new(path: &Path, file: &Arc<File>) -> Self {
        lock(&PARTS).push(Noted { names: vec![path.to_owned()], file: Arc::clone(file) });
        Self(Arc::clone(file))
    }

    /// Adds another name of the same file.
    #[cfg(target_os = "linux")]
    pub(crate) fn add(&self, path: &Path) {
        if let Some(noted) = lock(&PARTS).iter_mut().find(|noted| Arc::ptr_eq(&noted.file, &self.0)) {
            noted.names.push(path.to_owned());
        }
    }
}

impl Drop for NotedPart {
    fn drop(&mut self) {
        lock(&PARTS).retain(|noted| !Arc::ptr_eq(&noted.file, &self.0));
    }
}

/// The locks guard single values, which a panic cannot leave half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts the process in the state after a signal, for tests that run in a process of their own.
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
