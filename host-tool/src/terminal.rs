//! What the terminal on stderr can show.
//!
//! A bar, and lines that change, need a terminal that moves the cursor and wraps lines as control sequences
//! say. A dumb terminal does not, nor does the console of Windows 7 and 8, or one in legacy mode: the cursor
//! goes to the next line as soon as the last column is filled, so each drawing would begin a new line. Such
//! terminals get whole lines. `anstream` leaves out colours there, or sets them with calls.

use std::ffi::OsStr;

use console::Term;

/// What stderr can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stderr {
    /// It is a pipe or a file.
    Pipe,
    /// A terminal that shows whole lines, one after the other.
    Plain,
    /// A terminal on which lines can be drawn again.
    Terminal,
}

/// Returns what stderr can show.
pub(crate) fn stderr() -> Stderr {
    let is_terminal = Term::stderr().features().is_attended();
    judge(is_terminal, std::env::var_os("TERM").as_deref(), takes_control_sequences())
}

/// Judges by whether stderr is a terminal, by the variable `TERM`, and by whether its Windows console takes
/// control sequences; `None` if it has no such console.
fn judge(is_terminal: bool, term: Option<&OsStr>, console: Option<bool>) -> Stderr {
    match (term, console) {
        _ if !is_terminal => Stderr::Pipe,
        (Some(term), _) if term == "dumb" => Stderr::Plain,
        (_, Some(takes)) => {
            if takes {
                Stderr::Terminal
            } else {
                Stderr::Plain
            }
        }
        // Every other terminal has a name.
        (None, None) => Stderr::Plain,
        (Some(_), None) => Stderr::Terminal,
    }
}

#[cfg(windows)]
fn takes_control_sequences() -> Option<bool> {
    windows_host::takes_control_sequences(&std::io::stderr())
}

#[cfg(not(windows))]
const fn takes_control_sequences() -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminals_that_take_control_sequences_draw_again() {
        let judge =
            |is_terminal, term: Option<&str>, console| judge(is_terminal, term.map(OsStr::new), console);
        // A pipe, wherever it is.
        for console in [None, Some(false), Some(true)] {
            assert_eq!(judge(false, Some("xterm"), console), Stderr::Pipe);
        }
        // Linux and macOS; mintty on Windows, which is no console.
        assert_eq!(judge(true, Some("xterm-256color"), None), Stderr::Terminal);
        assert_eq!(judge(true, Some("dumb"), None), Stderr::Plain);
        assert_eq!(judge(true, None, None), Stderr::Plain);
        // Windows 10 and later; Windows 7 and 8, and later ones in legacy mode. Few have the variable.
        for term in [None, Some("xterm")] {
            assert_eq!(judge(true, term, Some(true)), Stderr::Terminal);
            assert_eq!(judge(true, term, Some(false)), Stderr::Plain);
        }
        assert_eq!(judge(true, Some("dumb"), Some(true)), Stderr::Plain);
    }
}
