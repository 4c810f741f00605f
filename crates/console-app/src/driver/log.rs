//! Reads the driver's log: what it decided at its last start, and what it counted since.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::cause::Cause;

/// What stands in front of the reason of a driver that leaves the game to the firmware.
const ASIDE: [&str; 2] = ["stepping aside: ", "left to the firmware, "];

/// The last session in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What was decided at the start.
    pub start: String,
    /// The counters, if there are any.
    pub counters: Option<Counters>,
}

impl Session {
    /// Why the driver left the game to the firmware, if it did.
    #[must_use]
    pub fn aside(&self) -> Option<&str> {
        ASIDE.iter().find_map(|words| Some(self.start.split_once(words)?.1))
    }

    /// The kind of that reason.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.aside().map(Cause::of)
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

/// Finds the last session of a game. Lines of a start begin at the margin, those with counters with two blanks.
///
/// Some firmwares load the driver for this program too, which it leaves alone and says so. That must not hide what
/// happened to the game before, so such a start counts only where there is no other.
pub(super) fn last_session(log: &[u8]) -> Option<Session> {
    let text = String::from_utf8_lossy(log);
    let mut last: Option<Session> = None;
    let mut is_skipped = false;
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        if let Some(counters) = line.strip_prefix("  ") {
            if !is_skipped {
                last.get_or_insert_default().counters = Some(counters_of(counters));
            }
            continue;
        }
        let session = Session { start: line.trim().to_owned(), counters: None };
        let is_program = |session: &Session| session.cause() == Some(Cause::OtherProgram);
        is_skipped = is_program(&session) && last.as_ref().is_some_and(|last| !is_program(last));
        if !is_skipped {
            last = Some(session);
        }
    }
    last
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
