//! Times supplied by the caller, and dates in the console's format.

use std::time::Duration;

/// Microseconds since an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// Returns the time that is `span` later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// Returns the time since `earlier`, or zero if that is in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// A date in the console's format: a byte that is 0, second, minute, hour, day, month, and a 16-bit year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Date(pub [u8; 8]);

impl Date {
    /// Converts seconds since 1970 (UTC). Dates before that are 1970-01-01.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Self {
        const DAY: u64 = 86_400;
        let (mut days, rest) = (seconds / DAY, seconds % DAY);
        let mut year = 1970;
        while days >= days_in_year(year) {
            days -= days_in_year(year);
            year += 1;
        }
        let mut month = 1;
        while days >= days_in_month(month, year) {
            days -= days_in_month(month, year);
            month += 1;
        }
        let low = |number: u64| number.to_le_bytes()[0];
        let [year_low, year_high, ..] = year.to_le_bytes();
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        Self([0, low(second), low(minute), low(hour), low(days + 1), low(month), year_low, year_high])
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn days_in_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(month: u64, year: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let date = |seconds| Date::from_unix(seconds).0;
        assert_eq!(date(0), [0, 0, 0, 0, 1, 1, 0xB2, 0x07]);
        // 2000-02-29 23:59:58, and 2026-11-28 14:29:27.
        assert_eq!(date(951_868_798), [0, 58, 59, 23, 29, 2, 0xD0, 0x07]);
        assert_eq!(date(1_795_876_167), [0, 27, 29, 14, 28, 11, 0xEA, 0x07]);
        assert_eq!(date(951_868_802), [0, 2, 0, 0, 1, 3, 0xD0, 0x07]);
    }
}
