//! How a run ended, for one file and for all of them.

use serde::Serialize;

/// How the work on one file ended. The variants are in order of precedence: with several files, the
/// greatest decides the exit code. JSON objects use the names in lower case (docs/json.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Success: exit code 0.
    #[default]
    Ok,
    /// All good so far, but files are left for another run: exit code 4.
    Unfinished,
    /// Refused before any work was done: exit code 3.
    Refused,
    /// Wrong usage, or the operating system failed: exit code 2.
    Failed,
    /// Two things that should be equal differ: exit code 1.
    Mismatch,
    /// Damaged data: exit code 1.
    Damaged,
    /// Stopped by a signal: exit code 130, as shells report it for SIGINT.
    Interrupted,
}

impl Status {
    /// Returns the exit code of the program.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unfinished => 4,
            Self::Mismatch | Self::Damaged => 1,
            Self::Failed => 2,
            Self::Refused => 3,
            Self::Interrupted => 130,
        }
    }

    /// Returns the name in JSON objects.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unfinished => "unfinished",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Mismatch => "mismatch",
            Self::Damaged => "damaged",
            Self::Interrupted => "interrupted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json() {
        use Status::{Damaged, Failed, Interrupted, Mismatch, Ok, Refused, Unfinished};
        for status in [Ok, Unfinished, Refused, Failed, Mismatch, Damaged, Interrupted] {
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{}\"", status.name()));
        }
    }

    #[test]
    fn damage_beats_failure_beats_refusal() {
        let over_all = |statuses: &[Status]| statuses.iter().max().map(|status| status.code());
        assert_eq!(over_all(&[Status::Ok, Status::Refused]), Some(3));
        assert_eq!(over_all(&[Status::Ok, Status::Unfinished]), Some(4));
        assert_eq!(over_all(&[Status::Unfinished, Status::Refused]), Some(3));
        assert_eq!(over_all(&[Status::Refused, Status::Failed, Status::Ok]), Some(2));
        assert_eq!(over_all(&[Status::Failed, Status::Damaged, Status::Refused]), Some(1));
        assert_eq!(over_all(&[Status::Mismatch, Status::Failed]), Some(1));
        assert_eq!(over_all(&[Status::Damaged, Status::Interrupted]), Some(130));
    }
}
