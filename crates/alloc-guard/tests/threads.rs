//! Several threads run out of memory at the same moment: one ends the program, the others wait for it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Set in the process that is to run out of memory.
const CHILD: &str = "ALLOC_GUARD_CHILD";
/// The exit code of that process.
const ENDED: i32 = 7;
/// Larger than anything that the system's threads or the test harness request.
const LARGE: usize = 32 << 20;

static EMPTY: AtomicBool = AtomicBool::new(false);

/// Fails large allocations once it is exhausted.
struct Limited;

// SAFETY: a null pointer is always allowed, and everything else comes from the system's allocator.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE && EMPTY.load(Ordering::Relaxed) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller upholds the contract of this same method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: alloc_guard::Guard<Limited> = alloc_guard::Guard(Limited);

/// Cleans up, slowly enough for all threads to fail meanwhile.
fn end() -> ! {
    std::thread::sleep(Duration::from_millis(300));
    std::process::exit(ENDED)
}

#[test]
fn threads_without_memory_leave_the_end_to_the_first_of_them() {
    if std::env::var_os(CHILD).is_some() {
        alloc_guard::on_failure(end);
        EMPTY.store(true, Ordering::Relaxed);
        let ask = || std::hint::black_box(vec![1_u8; LARGE]).len();
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(ask)).collect();
        threads.into_iter().for_each(|thread| drop(thread.join()));
        return;
    }
    let name = "threads_without_memory_leave_the_end_to_the_first_of_them";
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(ENDED), "{stderr}");
    assert_eq!(stderr, "");
}
