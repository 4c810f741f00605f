//! The image file and the card it is on, through the kernel's file functions.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use psp_module::sys::{cisor_io_devctl_call, cisor_io_lseek_call, sceIoClose, sceIoOpen, sceIoRead};
use umd_device::{Card, Host, Patience, START_PATIENCE_MICROS, Seek};

use crate::kernel::count::Count;
use crate::kernel::time;

/// Maximum length of a path that a custom firmware keeps, with its NUL.
pub(crate) const PATH_LEN: usize = 256;

/// Minimum length of an image's path, with its NUL: paths are compared 8 bytes at a time.
const SHORTEST: usize = 8;

/// Path of a file, ending with a NUL. Too large to be copied. Aligned to a word.
#[repr(C, align(4))]
pub(crate) struct Path {
    bytes: [u8; PATH_LEN],
    len: usize,
}

impl Path {
    /// No path yet.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; PATH_LEN], len: 0 }
    }

    /// Appends a byte. Returns whether there was room for it.
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        // The last one is for the NUL.
        match self.bytes[..PATH_LEN - 1].get_mut(self.len) {
            Some(place) => *place = byte,
            None => return false,
        }
        self.len += 1;
        true
    }

    /// The length with the NUL. `None` if that is less than for any image.
    pub(crate) fn len_to_compare(&self) -> Option<usize> {
        (self.len >= SHORTEST - 1).then_some(self.len + 1)
    }

    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The text with its NUL.
    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.bytes.as_ptr()
    }

    /// Changes to the path of another file in the same folder. Returns whether that is possible.
    pub(crate) fn rename(&mut self, name: &[u8]) -> bool {
        while let Some(last) = self.len.checked_sub(1).and_then(|last| self.bytes.get_mut(last)) {
            if *last == b'/' || *last == b':' {
                return self.extend(name);
            }
            *last = 0;
            self.len -= 1;
        }
        false
    }

    /// Changes to the path of a file in the same folder as another. Returns whether that is possible.
    pub(crate) fn set_beside(&mut self, other: &[u8], name: &[u8]) -> bool {
        *self = Self::new();
        self.extend(other) && self.rename(name)
    }

    /// Appends a text up to its end or its NUL. Returns whether there was room for it.
    #[inline(never)]
    fn extend(&mut self, text: &[u8]) -> bool {
        text.iter().take_while(|&&byte| byte != 0).all(|&byte| self.push(byte))
    }

    fn is_on_internal_card(&self) -> bool {
        self.text().get(..2).is_some_and(|device| device.eq_ignore_ascii_case(b"ef"))
    }
}

/// The image file.
pub(crate) struct ImageCard {
    path: &'static Path,
    /// For failures while the driver starts. After a failed request, its caller waits without the lock.
    patience: Patience,
}

impl ImageCard {
    pub(crate) fn new(path: &'static Path) -> Self {
        Self { path, patience: Patience::new(START_PATIENCE_MICROS) }
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
        sceIoClose(descriptor);
    }

    fn seek(&mut self, descriptor: i32, to: Seek) -> Option<u64> {
        let (offset, whence) = match to {
            Seek::To(offset) => (i64::try_from(offset).ok()?, 0),
            Seek::End => (0, 2),
        };
        u64::try_from(cisor_io_lseek_call(descriptor, offset, whence)).ok()
    }

    fn read(&mut self, descriptor: i32, buf: &mut [u8]) -> Option<usize> {
        let len = u32::try_from(buf.len()).ok()?;
        // SAFETY: The kernel writes at most `len` bytes, which `buf` has.
        usize::try_from(unsafe { sceIoRead(descriptor, buf.as_mut_ptr(), len) }).ok()
    }

    fn again(&mut self) -> bool {
        STARTING.load(Relaxed) && self.patience.again(&CardSlot)
    }
}

/// Whether the driver is starting: nothing else waits for the lock then.
static STARTING: AtomicBool = AtomicBool::new(false);

/// Whether the image is on the internal card of a PSP Go. Set before the first request.
static ON_INTERNAL_CARD: AtomicBool = AtomicBool::new(false);

/// Number of retries of requests.
pub(crate) static RETRIES: Count = Count::new();

/// The card that the image is on, and the pauses between retries.
pub(crate) struct CardSlot;

impl CardSlot {
    /// Remembers which card the image is on, and runs `start`, during which failures of the card are waited
    /// out at once.
    pub(crate) fn start<R>(path: &Path, start: impl FnOnce() -> R) -> R {
        ON_INTERNAL_CARD.store(path.is_on_internal_card(), Relaxed);
        STARTING.store(true, Relaxed);
        let result = start();
        STARTING.store(false, Relaxed);
        result
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
        RETRIES.add(1);
    }

    fn card_ready(&self) -> bool {
        let stick = c"mscmhc0:";
        let internal = c"mscmhcemu0:";
        // Some systems only know the internal card under the other's name, so both are queried.
        let names = if ON_INTERNAL_CARD.load(Relaxed) { [internal, stick] } else { [stick, internal] };
        // If neither name is known, the state is unknown: the next attempt has to find out.
        names.into_iter().find_map(status).is_none_or(|status| status == READY)
    }
}

/// Status of an inserted, readable card.
const READY: u32 = 4;

/// Queries a card's driver for its status. `None` if that driver does not exist.
fn status(device: &core::ffi::CStr) -> Option<u32> {
    const GET_STATUS: u32 = 0x0202_5801;
    let mut status = 0;
    // SAFETY: The name ends with a NUL; the kernel writes at most the four bytes of `status`.
    let result = unsafe {
        cisor_io_devctl_call(device.as_ptr().cast(), GET_STATUS, core::ptr::null(), 0, &raw mut status, 4)
    };
    (result >= 0).then_some(status)
}
