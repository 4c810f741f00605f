//! Reads the driver's log: what it decided at its last start, and what it counted since.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::cause::Cause;

/// Begins the line with the reason of a driver that leaves the game to the firmware.
const ASIDE: &str = "stepping aside: ";
/// Stands in front of the reason in the logs of version 0.1.0, in the line of the start.
const LEFT: &str = "left to the firmware, ";

/// The last session in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What was started, and what was decided.
    pub start: String,
    /// Why the driver left the game to the firmware, if it did.
    pub aside: Option<String>,
    /// The counters, if there are any.
    pub counters: Option<Counters>,
}

impl Session {
    /// The kind of reason for which the driver left the game to the firmware.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.aside.as_deref().map(Cause::of)
    }

    /// Begins with a line at the margin.
    fn new(line: &str) -> Self {
        let aside = line.strip_prefix(ASIDE).or_else(|| Some(line.split_once(LEFT)?.1));
        Self { start: line.to_owned(), aside: aside.map(ToOwned::to_owned), counters: None }
    }

    fn is_program(&self) -> bool {
        self.cause() == Some(Cause::OtherProgram)
    }
}

/// What the driver counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reads that were answered.
    pub reads: u32,
    /// KiB that were delivered.
    pub kib: u32,
    /// Reads from the card.
    pub card_reads: u32,
    /// KiB from the card.
    pub card_kib: u32,
    /// Reads that needed nothing from the card.
    pub hits: u32,
    /// Reads that were tried again.
    pub retries: u32,
}

/// Finds the last session of a game. Lines of a start begin at the margin, and so does the reason that follows one; lines with
/// counters begin with two blanks.
///
/// Some firmwares load the driver for this program too, which it leaves alone and says so. That must not hide what
/// happened to the game before, so such a start counts only where there is no other.
pub(super) fn last_session(log: &[u8]) -> Option<Session> {
    let text = String::from_utf8_lossy(log);
    let mut sessions: Vec<Session> = Vec::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        match (line.strip_prefix("  "), line.strip_prefix(ASIDE), sessions.last_mut()) {
            (Some(counters), _, Some(last)) => last.counters = Some(counters_of(counters)),
            (Some(counters), _, None) => {
                sessions.push(Session { counters: Some(counters_of(counters)), ..Session::default() });
            }
            (None, Some(reason), Some(last)) if last.aside.is_none() && last.counters.is_none() => {
                last.aside = Some(reason.to_owned());
            }
            _ => sessions.push(Session::new(line)),
        }
    }
    let of_a_game = sessions.iter().rposition(|session| !session.is_program());
    let last = of_a_game.or(sessions.len().checked_sub(1))?;
    Some(sessions.swap_remove(last))
}

/// Numbers by their names; what is unknown or missing does not count.
fn counters_of(line: &str) -> Counters {
    let mut counters = Counters::default();
    for part in line.split(';') {
        let Some((name, number)) = part.split_once(':') else { continue };
        let Ok(number) = number.trim().parse() else { continue };
        match name.trim() {
            "reads" => counters.reads = number,
            "KiB" => counters.kib = number,
            "reads from the card" => counters.card_reads = number,
            "KiB from the card" => counters.card_kib = number,
            "reads without the card" => counters.hits = number,
            "retries" => counters.retries = number,
            _ => {}
        }
    }
    counters
}
