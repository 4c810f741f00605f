//! Everything that needs a PSP.

use alloc::string::String;
use alloc::vec::Vec;

use crate::code::Code;
use crate::facts::Facts;
use crate::frame::Frame;

/// An open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub i32);

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only reading.
    Read,
    /// Writing a new file; an existing one is truncated.
    Create,
    /// Writing at the end; the file is created if it does not exist.
    Append,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name without the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_folder: bool,
    /// Length in bytes.
    pub len: u64,
}

/// Whether there is a disc to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscState {
    /// The drive is empty, or missing.
    None,
    /// A disc is there.
    Present,
}

/// A button that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// D-pad.
    Up,
    /// D-pad.
    Down,
    /// D-pad.
    Left,
    /// D-pad.
    Right,
    /// Continues, confirms.
    Cross,
    /// Goes back, cancels.
    Circle,
    /// A second action.
    Square,
    /// A third action.
    Triangle,
    /// The user wants to leave the program.
    Home,
}

/// What the driver reports about itself while it serves the image that this program was started from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveDriver {
    /// Whether it serves an image.
    pub serving: bool,
    /// Format, block size in bytes, number of sectors; see docs/psp-driver.md.
    pub image: Option<[u32; 3]>,
    /// Reads, reads without the card, reads from the card, retries.
    pub counts: [u32; 4],
    /// Bytes delivered, bytes from the card.
    pub bytes: [u64; 2],
}

/// The PSP as the program sees it: its cards, its drive, its clock, its buttons and its screen.
///
/// Paths are absolute and begin with a device: `ms0:/ISO/GAME.cso`. All methods take a shared reference, so
/// that a file can be read while the screen is drawn.
pub trait Platform {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn open(&self, path: &str, mode: Mode) -> Result<Handle, Code>;

    /// Reads at most `buf.len()` bytes at the file's position; 0 means end of file.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn read(&self, file: Handle, buf: &mut [u8]) -> Result<usize, Code>;

    /// Writes at most `bytes.len()` bytes at the file's position.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn write(&self, file: Handle, bytes: &[u8]) -> Result<usize, Code>;

    /// Sets the file's position, counted from its beginning.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn seek(&self, file: Handle, position: u64) -> Result<(), Code>;

    /// Returns the length of an open file; afterwards its position is unspecified.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn file_len(&self, file: Handle) -> Result<u64, Code>;

    /// Closes a file. If this succeeds, everything written is on the card.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn close(&self, file: Handle) -> Result<(), Code>;

    /// Renames a file within its folder.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn rename(&self, from: &str, to: &str) -> Result<(), Code>;

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn remove(&self, path: &str) -> Result<(), Code>;

    /// Creates a folder in an existing one.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn make_folder(&self, path: &str) -> Result<(), Code>;

    /// Lists a folder, in the firmware's order.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, Code>;

    /// Whether a card is in the slot of a device (`ms0:`, `ef0:`).
    fn card_present(&self, device: &str) -> bool;

    /// Free space on a device, in bytes.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn free_bytes(&self, device: &str) -> Result<u64, Code>;

    /// Whether there is a disc.
    fn disc(&self) -> DiscState;

    /// Prepares the disc for reading, which takes some seconds.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn disc_start(&self) -> Result<(), Code>;

    /// Returns what the raw device reports as its end: the number of sectors, or one less.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn disc_end(&self) -> Result<u32, Code>;

    /// Reads whole sectors of the raw device; returns how many were read.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn disc_read(&self, lba: u32, buf: &mut [u8]) -> Result<u32, Code>;

    /// Microseconds since an arbitrary time.
    fn micros(&self) -> u64;

    /// Waits for a button.
    fn wait_button(&self) -> Button;

    /// Waits for a button for at most this many microseconds. `None` when none was pressed.
    fn wait_button_for(&self, micros: u64) -> Option<Button>;

    /// Whether the user wants to stop the current work: Circle is held, or the program is being closed.
    fn wants_to_stop(&self) -> bool;

    /// Puts a picture on the screen.
    fn show(&self, frame: &Frame);

    /// Returns the picture that is on the screen.
    fn screen(&self) -> Frame;

    /// Writes a line to standard output; for tests.
    fn say(&self, line: &str);

    /// Keeps the console from going to sleep and from turning off the screen for a while.
    fn stay_awake(&self);

    /// The program's folder, with its slash: `ms0:/PSP/GAME/CISOR/`.
    fn folder(&self) -> &str;

    /// What the firmware tells programs about itself and the console.
    fn facts(&self) -> Facts;

    /// What the driver reports about itself. `None` when it is not loaded.
    fn driver(&self) -> Option<LiveDriver>;
}
