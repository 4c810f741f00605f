//! An allocator that puts the tests' buffers at an end of the address space: inputs and outputs of decoders, images, files.
//!
//! `SECTOR_DECODE_EDGE=top` or `bottom` turns it on, in a process of 32 bits on Linux. All that is made of single bytes
//! and allocated by a test goes there as long as there is room, nearest to the end first. Long pieces would push the others
//! away from it: they and the rest go where they always go.

#![allow(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::mapped::{BOTTOMS, TOP, map};

/// How much memory there is at the end.
const LEN: usize = 4 << 20;
/// The longest allocation that goes there.
const LONGEST: usize = 160 << 10;
/// How many allocations it holds.
const MOST: usize = 1024;

#[global_allocator]
static EDGES: Edges = Edges { locked: AtomicBool::new(false), state: UnsafeCell::new(State::Unknown) };

unsafe extern "C" {
    fn getenv(name: *const c_char) -> *const c_char;
    fn getpid() -> c_int;
    fn gettid() -> c_int;
}

struct Edges {
    locked: AtomicBool,
    state: UnsafeCell<State>,
}

// SAFETY: the state is used under the lock only.
unsafe impl Sync for Edges {}

enum State {
    Unknown,
    Off,
    On(Arena),
}

/// The allocations that live, the one nearest to the end first, each with how far from it it begins and ends.
struct Arena {
    start: usize,
    at_top: bool,
    live: [(usize, usize); MOST],
    count: usize,
}

impl Arena {
    /// Maps the memory that the environment asks for.
    fn set_up() -> Option<Self> {
        // SAFETY: tests do not change their environment.
        let wanted = unsafe {
            let value = getenv(c"SECTOR_DECODE_EDGE".as_ptr());
            if value.is_null() { None } else { Some(CStr::from_ptr(value)) }
        }?;
        let at_top = wanted == c"top";
        let starts: &[usize] = if at_top { &[TOP - LEN] } else { &BOTTOMS };
        match starts.iter().copied().find(|&start| map(start, LEN)) {
            Some(start) => Some(Self { start, at_top, live: [(0, 0); MOST], count: 0 }),
            // A panic would allocate.
            None => std::process::abort(),
        }
    }

    /// Finds the place nearest to the end.
    fn take(&mut self, len: usize) -> Option<*mut u8> {
        if self.count == MOST || len > LONGEST {
            return None;
        }
        let mut from = 0;
        let mut index = 0;
        while let Some(&(begin, end)) = self.live[..self.count].get(index) {
            if begin - from >= len {
                break;
            }
            from = end;
            index += 1;
        }
        if LEN - from < len {
            return None;
        }
        self.live.copy_within(index..self.count, index + 1);
        self.live[index] = (from, from + len);
        self.count += 1;
        let at = if self.at_top { self.start + LEN - from - len } else { self.start + from };
        Some(ptr::with_exposed_provenance_mut(at))
    }

    /// Frees an allocation. Returns whether it is one of these.
    fn free(&mut self, at: usize, len: usize) -> bool {
        if !(self.start..self.start + LEN).contains(&at) {
            return false;
        }
        let from = if self.at_top { self.start + LEN - at - len } else { at - self.start };
        if let Ok(index) = self.live[..self.count].binary_search(&(from, from + len)) {
            self.live.copy_within(index + 1..self.count, index);
            self.count -= 1;
        }
        true
    }
}

impl Edges {
    fn with<R>(&self, work: impl FnOnce(&mut Arena) -> R) -> Option<R> {
        while self.locked.swap(true, Ordering::Acquire) {
            std::hint::spin_loop();
        }
        // SAFETY: under the lock, and `work` does not come back here.
        let state = unsafe { &mut *self.state.get() };
        if matches!(state, State::Unknown) {
            *state = Arena::set_up().map_or(State::Off, State::On);
        }
        let result = match state {
            State::On(arena) => Some(work(arena)),
            _ => None,
        };
        self.locked.store(false, Ordering::Release);
        result
    }
}

// SAFETY: what the arena hands out is its own, and nobody else's until it is freed; the rest is the system's.
unsafe impl GlobalAlloc for Edges {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // The first thread belongs to the test runner, whose strings would take the best places for good.
        // SAFETY: these take and change nothing.
        let wanted = layout.align() == 1 && unsafe { getpid() != gettid() };
        let here = if wanted { self.with(|arena| arena.take(layout.size())).flatten() } else { None };
        // SAFETY: as the caller promises.
        here.unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let here =
            layout.align() == 1 && self.with(|arena| arena.free(at.addr(), layout.size())) == Some(true);
        if !here {
            // SAFETY: as the caller promises; it came from there.
            unsafe { System.dealloc(at, layout) }
        }
    }
}

/// Tests that run at the same time may have taken all the room there. They give it back when they end.
#[test]
fn buffers_lie_at_the_edge() {
    let Some(wanted) = std::env::var_os("SECTOR_DECODE_EDGE") else { return };
    let start = Instant::now();
    loop {
        let buffer = vec![1_u8; 70_000];
        let range = buffer.as_ptr_range();
        let distance = if wanted == "top" { TOP - range.end.addr() } else { range.start.addr() };
        if distance < LEN {
            break;
        }
        let waited = start.elapsed();
        assert!(waited < Duration::from_secs(60), "{range:?} is not at the {}", wanted.display());
        std::thread::sleep(Duration::from_millis(1));
    }
}
