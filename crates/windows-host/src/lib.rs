//! Windows features that the converter needs and that are not available from a library without `unsafe` code:
//! who owns the console, what it can draw, console events, which file system a folder is on, which file a name leads to, and
//! renaming an open file.
//!
//! On other systems this crate is empty. Everything here works on Windows 7 and later.
#![cfg(windows)]

mod files;

use std::ffi::OsString;
use std::io;
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{FALSE, TRUE};
use windows_sys::Win32::Storage::FileSystem::{GetVolumeInformationW, GetVolumePathNameW};
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode,
    GetConsoleProcessList, SetConsoleCtrlHandler, SetConsoleMode,
};
use windows_sys::core::BOOL;

pub use files::{OPEN_LINK_ITSELF, READ_WRITE_DELETE, file_id, file_id_of_path, link_count, rename_open};

/// An event of the console that a program runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleEvent {
    /// Ctrl-C or Ctrl-Break was pressed; the program may continue.
    Interrupt,
    /// The window is being closed, the user logs off, or the machine shuts down. The program ends when the
    /// handler returns, or some seconds later if it does not.
    Closing,
}

static HANDLER: OnceLock<fn(ConsoleEvent)> = OnceLock::new();

/// Makes Windows call `handler` for every event, in a separate thread. Only the first call counts.
///
/// # Errors
///
/// When the system does not allow it.
pub fn on_console_event(handler: fn(ConsoleEvent)) -> io::Result<()> {
    if HANDLER.set(handler).is_err() {
        return Ok(());
    }
    // SAFETY: the function has the required signature and lives as long as the program.
    match unsafe { SetConsoleCtrlHandler(Some(forward), TRUE) } {
        FALSE => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

unsafe extern "system" fn forward(event: u32) -> BOOL {
    let Some(handler) = HANDLER.get() else { return FALSE };
    handler(match event {
        CTRL_C_EVENT | CTRL_BREAK_EVENT => ConsoleEvent::Interrupt,
        _ => ConsoleEvent::Closing,
    });
    TRUE
}

/// Returns whether this program is the only one in its console. If so, it was started from the desktop, and
/// the window closes with it. A program without a console does not have a window either.
pub fn owns_console() -> bool {
    let mut processes = [0; 2];
    // SAFETY: the buffer has room for the given number of ids, and is used only during the call. If there are
    // more ids, their number is returned and nothing is written.
    unsafe { GetConsoleProcessList(processes.as_mut_ptr(), 2) == 1 }
}

/// Returns whether the console behind a stream takes control sequences (`ESC [ …`). That of Windows 7 and 8 does
/// not, nor one in legacy mode: they print them. `None` if the stream does not go to a console. The console's mode
/// stays as it is: libraries that draw set what they need.
pub fn takes_control_sequences(stream: &impl AsRawHandle) -> Option<bool> {
    let handle = stream.as_raw_handle();
    let mut mode = 0;
    // SAFETY: the stream lives through the calls, and so does its handle, which may be invalid or of another
    // kind: the first call then fails. It writes to a variable of this function.
    unsafe {
        if GetConsoleMode(handle, &mut mode) == FALSE {
            return None;
        }
        let takes = SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != FALSE;
        SetConsoleMode(handle, mode);
        Some(takes)
    }
}

/// Returns the name of the file system that a path is on, for instance `NTFS` or `FAT32`. The path itself
/// need not exist.
///
/// # Errors
///
/// When the system does not report it, which can happen for network drives.
pub fn file_system(path: &Path) -> io::Result<String> {
    let path: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    // A volume may be mounted in a folder, so its root can be as long as the path; `C:\` is longer than `C:`.
    let mut root = vec![0u16; path.len() + 260];
    let room = u32::try_from(root.len()).unwrap_or(u32::MAX);
    // SAFETY: the path ends with a zero, and the buffer has the given size; both live through the call.
    if unsafe { GetVolumePathNameW(path.as_ptr(), root.as_mut_ptr(), room) } == FALSE {
        return Err(io::Error::last_os_error());
    }
    let mut name = [0u16; 64];
    // SAFETY: the root is the zero-terminated string that the call above wrote; values that are not needed
    // may be null; the name's buffer has the given size. All of them live through the call.
    let told = unsafe {
        GetVolumeInformationW(
            root.as_ptr(),
            null_mut(),
            0,
            null_mut(),
            null_mut(),
            null_mut(),
            name.as_mut_ptr(),
            64,
        )
    };
    if told == FALSE {
        return Err(io::Error::last_os_error());
    }
    let len = name.iter().position(|&unit| unit == 0).unwrap_or(name.len());
    Ok(OsString::from_wide(&name[..len]).to_string_lossy().into_owned())
}
