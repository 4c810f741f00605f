//! SIGINT and SIGTERM: the first one asks the work to stop, the second one stops at once.
//!
//! Signals come to the whole process, so this is the one place with global state: what the work in
//! progress listens to, and which part file has to go.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use image_encode::Monitor;

use crate::exit::Status;

static REQUESTED: AtomicBool = AtomicBool::new(false);
static MONITOR: Mutex<Weak<Monitor>> = Mutex::new(Weak::new());
static PART: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Begins to listen to signals.
///
/// # Errors
///
/// When the system does not allow it; signals then end the program at once, and a part file stays.
pub fn install() -> Result<(), ctrlc::Error> {
    // The handler runs in a thread of its own, not in the signal's context, so it may lock and print.
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            if let Some(part) = &*lock(&PART) {
                let _ = std::fs::remove_file(part);
            }
            std::process::exit(Status::Interrupted.code().into());
        }
        if let Some(monitor) = lock(&MONITOR).upgrade() {
            monitor.cancel();
        }
    })
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

/// A part file that a second signal removes, for as long as this lives. There is one at a time.
#[derive(Debug)]
pub(crate) struct NotedPart(());

impl NotedPart {
    pub(crate) fn new(path: &Path) -> Self {
        *lock(&PART) = Some(path.to_owned());
        Self(())
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
