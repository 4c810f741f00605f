//! The log file: what was decided at the start, and the latest counters.
//!
//! It is off unless the settings say otherwise. Requests never wait for it: a low-priority thread writes
//! the counters when the game pauses reading, always at the same place in the file, so that a session takes
//! a few lines however long it is.

use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicU32};

use umd_device::{Counters, Line};

use crate::kernel::card::Path;
use crate::kernel::file::{File, Mode};
use crate::kernel::{thread, time};
use crate::serving;

/// A log is truncated once it has grown to this length.
const MAX_LOG_LEN: u32 = 16 * 1024;

/// How often the thread checks the counters.
const LOOK_MICROS: u32 = 500_000;
/// Counters are written after this many checks at most, even if the game never stops reading.
const MOST_LOOKS: u32 = 40;

/// Length of the line with the counters, fixed so that a later line fully overwrites an earlier one.
const COUNTERS_LEN: usize = 192;

unsafe extern "C" {
    /// `run`, as the kernel calls it.
    fn cisor_log_thread(len: u32, argument: *const u8) -> i32;
}

/// Where the counters of this session go.
struct Place {
    path: &'static Path,
    offset: u32,
}

struct Session(UnsafeCell<Option<Place>>);

// SAFETY: Written by `follow` before the thread starts, and only read by the thread.
unsafe impl Sync for Session {}

static SESSION: Session = Session(UnsafeCell::new(None));
static STOPPING: AtomicBool = AtomicBool::new(false);
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Number of starts of the module after its first.
static FURTHER_STARTS: AtomicU32 = AtomicU32::new(0);

/// Appends a line to the log; returns where the next one goes.
pub(crate) fn write(path: &Path, line: Line<'_>) -> Option<u32> {
    let file = File::open(path, Mode::Write)?;
    let mut end = file.seek_to_end()?;
    let file = if end > MAX_LOG_LEN {
        end = 0;
        drop(file);
        File::open(path, Mode::Rewrite)?
    } else {
        file
    };
    let bytes = line.end();
    file.write(bytes);
    Some(end + u32::try_from(bytes.len()).unwrap_or(0))
}

/// Starts the thread that keeps the counters in the log up to date, from `offset` on.
///
/// # Safety
///
/// Must be called once, by `module_start`.
pub(crate) unsafe fn follow(path: &'static Path, offset: u32) {
    // SAFETY: By this function's contract, the thread does not exist yet.
    unsafe { *SESSION.0.get() = Some(Place { path, offset }) };
    RUNNING.store(true, Relaxed);
    if !thread::start(c"CisorLog", cisor_log_thread) {
        RUNNING.store(false, Relaxed);
    }
}

/// Counts a start of the module after its first.
pub(crate) fn note_start() {
    // The kernel starts a module on one thread at a time.
    FURTHER_STARTS.store(FURTHER_STARTS.load(Relaxed).wrapping_add(1), Relaxed);
}

/// Asks the thread to end and waits until it has. Returns whether it has.
pub(crate) fn stop() -> bool {
    STOPPING.store(true, Relaxed);
    for _ in 0..20 {
        if !RUNNING.load(Relaxed) {
            // The thread still has a few last instructions to run.
            time::sleep(20_000);
            return true;
        }
        time::sleep(LOOK_MICROS / 4);
    }
    STOPPING.store(false, Relaxed);
    false
}

/// The thread.
pub(crate) unsafe extern "C" fn run(_len: u32, _argument: *const u8) -> i32 {
    // SAFETY: No longer written once this thread runs.
    if let Some(place) = unsafe { &*SESSION.0.get() } {
        let (mut seen, mut written, mut looks) = (0, 0, 0);
        while !STOPPING.load(Relaxed) {
            time::sleep(LOOK_MICROS);
            let Some(now) = serving::counters() else { break };
            let sum = sum(&now);
            looks += 1;
            if sum != written && (sum == seen || looks >= MOST_LOOKS) {
                place.write(&now);
                written = sum;
                looks = 0;
            }
            seen = sum;
        }
        if let Some(now) = serving::counters() {
            place.write(&now);
        }
    }
    RUNNING.store(false, Relaxed);
    thread::exit();
    0
}

/// A number that changes whenever a counter does: bytes are only counted together with a read.
fn sum(counters: &Counters) -> u32 {
    let Counters { requests, card_reads, retries, .. } = counters;
    requests.wrapping_add(*card_reads).wrapping_add(*retries).wrapping_add(FURTHER_STARTS.load(Relaxed))
}

impl Place {
    #[inline(never)]
    fn write(&self, counters: &Counters) {
        let mut memory = [0; COUNTERS_LEN];
        let mut line = Line::new(&mut memory);
        let Counters { requests, hits, card_reads, retries, bytes, card_bytes } = *counters;
        line.form(
            b"  reads: #; KiB: #; reads from the card: #; KiB from the card: #; reads without the card: #; \
            retries: #; further starts: #",
            &[requests, kib(bytes), card_reads, kib(card_bytes), hits, retries, FURTHER_STARTS.load(Relaxed)],
        );
        if let Some(file) = File::open(self.path, Mode::Write)
            && file.seek(self.offset) == Some(self.offset)
        {
            file.write(line.fill());
        }
    }
}

fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes / 1024).unwrap_or(u32::MAX)
}
