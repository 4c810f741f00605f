//! The image file and the card it is on, through the kernel's file functions.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use umd_device::{Card, Host, Seek};

use crate::kernel::time;
use crate::serving;

unsafe extern "C" {
    fn sceIoOpen(path: *const u8, flags: i32, mode: i32) -> i32;
    fn sceIoClose(descriptor: i32) -> i32;
    fn sceIoRead(descriptor: i32, buffer: *mut u8, len: u32) -> i32;
    fn cisor_io_lseek_call(descriptor: i32, offset: i64, whence: i32) -> i64;
    fn cisor_io_devctl_call(
        device: *const u8,
        command: u32,
        input: *const u8,
        input_len: i32,
        output: *mut u32,
        output_len: i32,
    ) -> i32;
}

/// Longest path that a custom firmware keeps, with its NUL.
pub(crate) const PATH_LEN: usize = 256;

/// Path of a file; ends with a NUL.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    bytes: [u8; PATH_LEN],
    len: usize,
}

impl Path {
    /// Takes the text of a path. `None` when it is empty or too long.
    pub(crate) fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; PATH_LEN];
        if text.is_empty() || text.len() >= PATH_LEN {
            return None;
        }
        bytes[..text.len()].copy_from_slice(text);
        Some(Self { bytes, len: text.len() })
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The text with its NUL.
    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.bytes.as_ptr()
    }

    /// The path of another file in the same folder.
    pub(crate) fn sibling(&self, name: &[u8]) -> Option<Self> {
        let folder = self.text().iter().rposition(|&byte| byte == b'/' || byte == b':')? + 1;
        let mut path = *self;
        path.len = folder + name.len();
        path.bytes[folder..].fill(0);
        path.bytes.get_mut(folder..path.len)?.copy_from_slice(name);
        (path.len < PATH_LEN).then_some(path)
    }

    fn is_on_internal_card(&self) -> bool {
        self.text().get(..2).is_some_and(|device| device.eq_ignore_ascii_case(b"ef"))
    }
}

/// The image file.
pub(crate) struct ImageCard {
    path: Path,
}

impl ImageCard {
    pub(crate) fn new(path: Path) -> Self {
        Self { path }
    }
}

impl Card for ImageCard {
    type Descriptor = i32;

    fn open(&mut self) -> Option<i32> {
        /// Read only; the rest is what all drivers of disc images pass, a retry count.
        const FLAGS: i32 = 0x000F_0001;
        // SAFETY: The path ends with a NUL.
        let descriptor = unsafe { sceIoOpen(self.path.as_ptr(), FLAGS, 0o777) };
        (descriptor >= 0).then_some(descriptor)
    }

    fn close(&mut self, descriptor: i32) {
        // SAFETY: Takes a number.
        unsafe { sceIoClose(descriptor) };
    }

    fn seek(&mut self, descriptor: i32, to: Seek) -> Option<u64> {
        let (offset, whence) = match to {
            Seek::To(offset) => (i64::try_from(offset).ok()?, 0),
            Seek::End => (0, 2),
        };
        // SAFETY: Takes numbers.
        u64::try_from(unsafe { cisor_io_lseek_call(descriptor, offset, whence) }).ok()
    }

    fn read(&mut self, descriptor: i32, buf: &mut [u8]) -> Option<usize> {
        let len = u32::try_from(buf.len()).ok()?;
        // SAFETY: The kernel writes at most `len` bytes, which `buf` has.
        usize::try_from(unsafe { sceIoRead(descriptor, buf.as_mut_ptr(), len) }).ok()
    }
}

/// Whether the image is on the internal card of a PSP Go. Set before the first request.
static ON_INTERNAL_CARD: AtomicBool = AtomicBool::new(false);

/// The card that the image is on, and the pauses in which it is waited for.
pub(crate) struct CardSlot;

impl CardSlot {
    /// Remembers on which card the image is.
    pub(crate) fn remember(path: &Path) {
        ON_INTERNAL_CARD.store(path.is_on_internal_card(), Relaxed);
    }
}

impl Host for CardSlot {
    fn now(&self) -> u32 {
        time::now()
    }

    fn sleep(&self, micros: u32) {
        time::sleep(micros);
    }

    fn note_retry(&self) {
        serving::note_retry();
    }

    fn card_ready(&self) -> bool {
        let stick = c"mscmhc0:";
        let internal = c"mscmhcemu0:";
        // Some systems know the internal card by the other's name only, so both are asked.
        let names = if ON_INTERNAL_CARD.load(Relaxed) { [internal, stick] } else { [stick, internal] };
        // Where neither name is known nothing can be told: then the next attempt has to find out.
        names.into_iter().find_map(status).is_none_or(|status| status == READY)
    }
}

/// Status of a card that is in and can be read.
const READY: u32 = 4;

/// Asks a card's driver for its status. `None` when there is no such driver.
fn status(device: &core::ffi::CStr) -> Option<u32> {
    const GET_STATUS: u32 = 0x0202_5801;
    let mut status = 0;
    // SAFETY: The name ends with a NUL; the kernel writes at most the four bytes of `status`.
    let result = unsafe {
        cisor_io_devctl_call(device.as_ptr().cast(), GET_STATUS, core::ptr::null(), 0, &raw mut status, 4)
    };
    (result >= 0).then_some(status)
}
