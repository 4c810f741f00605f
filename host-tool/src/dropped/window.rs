//! The window that a dropped file opens, and that would go away with the program.

use std::io::{IsTerminal, Write};

use console::Term;

/// Waits for a key when the window belongs to this program alone, as on Windows after a start from the desktop.
pub(super) fn stay_open_if_ours() {
    if is_ours() {
        stay_open();
    }
}

/// Waits for a key, if there is somebody to press one.
pub(super) fn stay_open() {
    if !std::io::stdin().is_terminal() {
        return;
    }
    let _ = write!(anstream::stderr(), "\nPress any key to close this window.");
    // Nothing can be done about a terminal that does not give a key.
    let _ = Term::stderr().read_key();
    let _ = writeln!(anstream::stderr());
}

#[cfg(windows)]
pub(super) fn is_ours() -> bool {
    windows_host::owns_console()
}

#[cfg(not(windows))]
pub(super) fn is_ours() -> bool {
    false
}
