//! Reads the driver's log: what it decided at its last start, and what it counted since.

use alloc::borrow::ToOwned;
use alloc::string::String;

/// The last session in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What was decided at the start.
    pub start: String,
    /// The counters, if there are any.
    pub counters: Option<Counters>,
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

/// Finds the last session. Lines of a start begin at the margin, those with counters with two blanks.
pub(super) fn last_session(log: &[u8]) -> Option<Session> {
    let text = String::from_utf8_lossy(log);
    let mut session = None;
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        if let Some(counters) = line.strip_prefix("  ") {
            let session: &mut Session = session.get_or_insert_default();
            session.counters = Some(counters_of(counters));
        } else {
            session = Some(Session { start: line.trim().to_owned(), counters: None });
        }
    }
    session
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
