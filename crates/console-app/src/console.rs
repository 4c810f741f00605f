//! What only a console can do.

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
    /// Writing a new, empty file; one of that name is emptied.
    Create,
    /// Writing behind the end; the file is made when there is none.
    Append,
}

/// Something in a folder.
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
    /// The drive is empty, or there is no drive.
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
    /// Goes on, confirms.
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

/// What the driver says of itself while it serves the image that this program was started from.
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

/// A console: its cards, its drive, its clock, its buttons and its screen.
///
/// Paths are absolute and begin with a device: `ms0:/ISO/GAME.cso`. Everything takes a shared reference, so that a
/// file can be read while the screen is drawn.
pub trait Console {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn open(&self, path: &str, mode: Mode) -> Result<Handle, Code>;

    /// Reads at most `buf.len()` bytes from the file's position on; 0 is its end.
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

    /// Returns the length of an open file; its position is then anywhere.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn file_len(&self, file: Handle) -> Result<u64, Code>;

    /// Closes a file. What was written is on the card when this succeeds.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn close(&self, file: Handle) -> Result<(), Code>;

    /// Gives a file another name in the same folder.
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

    /// Makes a folder in one that exists.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn make_folder(&self, path: &str) -> Result<(), Code>;

    /// Lists a folder, in the order in which the firmware has it.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, Code>;

    /// Whether a card is in the slot of a device (`ms0:`, `ef0:`).
    fn card_present(&self, device: &str) -> bool;

    /// Bytes that are free on a device.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn free_bytes(&self, device: &str) -> Result<u64, Code>;

    /// Whether there is a disc.
    fn disc(&self) -> DiscState;

    /// Makes the disc ready to be read, which takes some seconds.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn disc_start(&self) -> Result<(), Code>;

    /// Returns what the raw device gives for its end: the number of sectors, or one less.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn disc_end(&self) -> Result<u32, Code>;

    /// Reads whole sectors of the raw device; returns how many it got.
    ///
    /// # Errors
    ///
    /// The firmware's code.
    fn disc_read(&self, lba: u32, buf: &mut [u8]) -> Result<u32, Code>;

    /// Microseconds since some moment.
    fn micros(&self) -> u64;

    /// Waits for a button.
    fn wait_button(&self) -> Button;

    /// Waits for a button for so many microseconds. `None` when there was none.
    fn wait_button_for(&self, micros: u64) -> Option<Button>;

    /// Whether the user wants to stop what is going on: Circle is down, or the program is being left.
    fn wants_to_stop(&self) -> bool;

    /// Puts a picture on the screen.
    fn show(&self, frame: &Frame);

    /// Gives the picture that is on the screen.
    fn screen(&self) -> Frame;

    /// Writes a line to where programs write theirs; for tests.
    fn say(&self, line: &str);

    /// Keeps the console from going to sleep and from switching the screen off for a while.
    fn stay_awake(&self);

    /// The program's folder, with its slash: `ms0:/PSP/GAME/CISOR/`.
    fn folder(&self) -> &str;

    /// What the firmware tells programs of itself and of the console.
    fn facts(&self) -> Facts;

    /// What the driver says of itself. `None` when it is not loaded.
    fn driver(&self) -> Option<LiveDriver>;
}
