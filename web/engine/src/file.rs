//! The files that the page has open, read through a call into the page.

use sector_decode::ReadAt;

/// Bytes that are fetched at once, so that small reads do not each cross into the page.
const WINDOW: usize = 512 << 10;

#[link(wasm_import_module = "page")]
unsafe extern "C" {
    /// Fills `len` bytes at `to` with those of a file from `offset` on; 0 when all of them were there. Files have
    /// numbers in the order in which they were opened.
    fn read_file(file: usize, offset: f64, to: *mut u8, len: usize) -> i32;
    /// Reports the text of a panic, just before the instance ends.
    fn panicked(text: *const u8, len: usize);
}

/// A file of the page. Two windows are kept: reads alternate between the index and the data.
pub(crate) struct PageFile {
    number: usize,
    len: u64,
    windows: [Window; 2],
    /// The window that was used last.
    last: usize,
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

impl PageFile {
    pub(crate) fn new(number: usize, len: u64) -> Self {
        Self { number, len, windows: Default::default(), last: 0 }
    }
}

impl ReadAt for PageFile {
    type Error = Unreadable;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Unreadable> {
        let end = offset.checked_add(buf.len() as u64).filter(|&end| end <= self.len).ok_or(Unreadable)?;
        if buf.len() >= WINDOW {
            return fetch(self.number, buf, offset);
        }
        let holds = |window: &Window| window.at <= offset && end <= window.at + window.bytes.len() as u64;
        let slot = match self.windows.iter().position(holds) {
            Some(slot) => slot,
            None => {
                let slot = 1 - self.last;
                let window = &mut self.windows[slot];
                let len = usize::try_from(self.len - offset).unwrap_or(WINDOW).min(WINDOW);
                window.bytes.resize(len, 0);
                window.at = offset;
                if let Err(error) = fetch(self.number, &mut window.bytes, offset) {
                    window.bytes.clear();
                    return Err(error);
                }
                slot
            }
        };
        self.last = slot;
        let window = &self.windows[slot];
        let start = usize::try_from(offset - window.at).map_err(|_| Unreadable)?;
        buf.copy_from_slice(&window.bytes[start..start + buf.len()]);
        Ok(())
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
