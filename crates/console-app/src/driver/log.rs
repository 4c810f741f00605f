//! Reads the driver's log: what it decided at its last start, and what it has counted since.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::cause::Cause;

/// Starts the line with the reason why the driver leaves the game to the firmware.
const ASIDE: &str = "stepping aside: ";
/// Precedes the reason in the logs of version 0.1.0, in the line of the start.
const LEFT: &str = "left to the firmware, ";

/// The last session in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What was started, and the decision.
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

    /// Begins with an unindented line.
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

/// Finds the last session of a game. The lines of a start are not indented, nor is the reason that follows
/// one; lines with counters begin with two spaces.
///
/// Some firmwares load the driver for this program too; the driver then leaves it alone and logs that. Such a
/// start must not hide what happened to the previous game, so it counts only if there are no others.
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

/// Numbers by their names; unknown and missing ones are ignored.
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
