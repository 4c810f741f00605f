//! The files that the page has open, read through a call into the page.

use std::cell::Cell;
use std::ops::Range;

use sector_decode::ReadAt;

/// Bytes that are fetched at once, so that small reads do not each cross into the page.
const WINDOW: usize = 1 << 20;
/// The most that is fetched at once because [`expect`] was told so.
const MOST_EXPECTED: u64 = 16 << 20;

thread_local! {
    static EXPECTED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Says which bytes of the first file will be read next, so that they are fetched at once if they are few enough. Browsers
/// need a millisecond or more to answer, however little is asked for.
pub(crate) fn expect(bytes: Range<u64>) {
    let is_little = bytes.end.saturating_sub(bytes.start) <= MOST_EXPECTED;
    EXPECTED.set(if is_little { (bytes.start, bytes.end) } else { (0, 0) });
}

#[link(wasm_import_module = "page")]
unsafe extern "C" {
    /// Fills `len` bytes at `to` with those of a file from `offset` on; 0 when all of them were there. Files have
    /// numbers in the order in which they were opened.
    fn read_file(file: usize, offset: f64, to: *mut u8, len: usize) -> i32;
    /// Reports the text of a panic, just before the instance ends.
    fn panicked(text: *const u8, len: usize);
}

/// A file of the page. Two windows are kept: reads alternate between the index and the data. What was expected has one of
/// its own.
pub(crate) struct PageFile {
    number: usize,
    len: u64,
    windows: [Window; 2],
    /// The window that was used last.
    last: usize,
    expected: Window,
}

#[derive(Default)]
struct Window {
    at: u64,
    bytes: Vec<u8>,
}

/// The browser did not hand over what was asked for: the file is gone, shorter, or was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the browser cannot read the file any more: it was changed, moved or removed")
    }
}

impl Window {
    /// Copies bytes of the file from `offset` on; `false` if the window does not have all of them.
    fn copy(&self, buf: &mut [u8], offset: u64) -> bool {
        let start = offset.checked_sub(self.at).and_then(|start| usize::try_from(start).ok());
        let held = start.and_then(|start| self.bytes.get(start..)?.get(..buf.len()));
        held.is_some_and(|held| {
            buf.copy_from_slice(held);
            true
        })
    }

    fn fill(&mut self, file: usize, at: u64, len: u64) -> Result<(), Unreadable> {
        self.at = at;
        self.bytes.resize(usize::try_from(len).map_err(|_| Unreadable)?, 0);
        fetch(file, &mut self.bytes, at).inspect_err(|_| self.bytes.clear())
    }
}

impl PageFile {
    pub(crate) fn new(number: usize, len: u64) -> Self {
        Self { number, len, windows: Default::default(), last: 0, expected: Window::default() }
    }
}

impl ReadAt for PageFile {
    type Error = Unreadable;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Unreadable> {
        let end = offset.checked_add(buf.len() as u64).filter(|&end| end <= self.len).ok_or(Unreadable)?;
        if self.expected.copy(buf, offset) {
            return Ok(());
        }
        if let Some(slot) = self.windows.iter().position(|window| window.copy(buf, offset)) {
            self.last = slot;
            return Ok(());
        }
        let (from, to) = EXPECTED.get();
        let window = if self.number == 0 && from <= offset && end <= to.min(self.len) {
            self.expected.fill(0, offset, to.min(self.len) - offset)?;
            &self.expected
        } else if buf.len() >= WINDOW {
            return fetch(self.number, buf, offset);
        } else {
            self.last = 1 - self.last;
            let window = &mut self.windows[self.last];
            window.fill(self.number, offset, (self.len - offset).min(WINDOW as u64))?;
            &*window
        };
        if window.copy(buf, offset) { Ok(()) } else { Err(Unreadable) }
    }

    fn byte_len(&mut self) -> Result<u64, Unreadable> {
        Ok(self.len)
    }
}

#[expect(clippy::cast_precision_loss, reason = "files are shorter than 2^53 bytes")]
fn fetch(file: usize, buf: &mut [u8], offset: u64) -> Result<(), Unreadable> {
    // SAFETY: the page writes `len` bytes at most, into memory that is borrowed for as long.
    let result = unsafe { read_file(file, offset as f64, buf.as_mut_ptr(), buf.len()) };
    if result == 0 { Ok(()) } else { Err(Unreadable) }
}

/// Makes a panic say what it is before it becomes a trap.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        // SAFETY: the page only reads, and only during the call.
        unsafe { panicked(text.as_ptr(), text.len()) };
    }));
}
