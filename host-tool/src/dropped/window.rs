//! The window that opens for a dropped file and would close with the program.

use std::io::{IsTerminal, Write};

use console::Term;

/// Waits for a key if the window belongs to this program alone, as on Windows after a start from the
/// desktop.
pub(super) fn stay_open_if_ours() {
    if is_ours() {
        stay_open();
    }
}

/// Waits for a key if the program runs on a terminal.
pub(super) fn stay_open() {
    if !std::io::stdin().is_terminal() {
        return;
    }
    let _ = write!(anstream::stderr(), "\nPress any key to close this window.");
    // A terminal that cannot deliver a key is ignored.
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
